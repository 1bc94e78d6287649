import type { NodeOutcome } from './check.ts';

const WORDS: Record<NodeOutcome['result'], string> = {
  passes: 'passes',
  flat: 'passes, but nothing moves',
  surrogate: 'by surrogate',
  differs: '**differs**',
  random: 'random',
  refused: 'refused',
  'not run': 'onnxruntime does not run it',
  unfinished: 'not finished',
  'no float': 'nothing in floats',
};

/** Outcomes that need no line. */
const WELL = ['passes', 'flat', 'no float'];
/** Tests of a line that are named. */
const NAMED = 2;

type Row = [string, NodeOutcome];

const cell = (value: string) => value.replaceAll('|', '\\|').replaceAll('\n', ' ');
const figure = (rows: readonly Row[], of: 'forward' | 'error') => {
  const known = rows.flatMap(([, o]) => (o[of] === undefined ? [] : [o[of]]));
  return known.length === 0 ? '' : Math.max(...known).toExponential(1);
};

/** Operator a test is of: what a test that is written out in others is named after. */
function operatorOf(name: string, outcomes: ReadonlyMap<string, NodeOutcome>): string {
  const own = outcomes.get(name)!.operator;
  const [base, expanded] = name.split('_expanded');
  if (expanded === undefined) return own ?? 'several';
  const of = outcomes.get(base!)?.operator ?? own;
  return of === undefined ? 'several, written out' : `${of}, written out`;
}

/** A reason without the names of a test's own nodes and numbers. */
const kindOf = (detail = '') => detail.replace(/ at node \S+?(?=[:, ]|$)/g, '').replace(/'[^']*'|\d+(\.\d+)?(e-?\d+)?/g, '');

/** Those alike together, in the order of the first. */
function grouped<T>(list: readonly T[], key: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of list) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return [...groups.values()];
}

function named(rows: readonly Row[]): string {
  const some = rows.slice(0, NAMED).map(([name]) => name.replace(/^test_/, ''));
  return [some.join(', '), rows.length > NAMED ? `and ${rows.length - NAMED} more` : ''].filter(Boolean).join(' ');
}

/**
 * docs/onnx-nodes.md.
 * @param source the release that the tests are of
 * @param outcomes what came of each test, by its name
 */
export function nodesPage(source: string, outcomes: ReadonlyMap<string, NodeOutcome>): string {
  const rows = [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1));
  const counts = Object.entries(WORDS).flatMap(([result, words]) => {
    const some = rows.filter(([, o]) => o.result === result);
    return some.length > 0
      ? [`| ${words.replaceAll('*', '')} | ${some.length} | ${figure(some, 'forward')} | ${figure(some, 'error')} |`]
      : [];
  });
  const bad = rows.filter(([, o]) => !WELL.includes(o.result));
  const order = Object.keys(WORDS);
  const groups = grouped(bad, ([name, o]) => [o.result, operatorOf(name, outcomes), kindOf(o.detail)].join('\n')).toSorted(
    (a, b) => order.indexOf(a[0]![1].result) - order.indexOf(b[0]![1].result),
  );
  const lines = groups.map((group) => {
    const [name, o] = group[0]!;
    return `| ${operatorOf(name, outcomes)} | ${group.length} | ${WORDS[o.result]} | ${figure(group, 'forward')} | ${figure(group, 'error')} | ${cell(o.detail ?? '')} | ${named(group)} |`;
  });
  const held = grouped(
    rows.flatMap(([name, o]) =>
      Object.entries(o.held ?? {}).map(([input, reason]) => ({ name, operator: operatorOf(name, outcomes), input, reason })),
    ),
    ({ operator, reason }) => `${operator}\n${kindOf(reason)}`,
  ).map(
    (group) =>
      `| ${group[0]!.operator} | ${group.length} | ${[...new Set(group.map((g) => g.input))].slice(0, 4).join(', ')} | ${cell(group[0]!.reason)} |`,
  );
  return `# ONNX's own node tests

Written by \`npm run bench -- onnx-nodes\`; do not edit. ${rows.length} tests of ${source}: models of mostly one operator, with their inputs.

Every float input of a test in turn is the picture, and all others hold the test's values. *forward* is the greatest difference of the derived
graph from onnxruntime on the file itself at the test's inputs, of each output relative to its greatest value (1e-4 is asked for, 3e-2 of 16 bits). *gradient* is the
greatest error of J'u, for a random u over all float outputs, along three directions: the difference quotient over an interval against the mean of the derivative over it,
as in docs/models.md (1e-3, and 3e-2 of 16 bits). Where a test's values stand on a kink, a point beside them is held. Where the gradient goes by a
surrogate, only the forward pass is compared.

| outcome | tests | forward | gradient |
|---|---:|---:|---:|
${counts.join('\n')}

## What does not pass

| operator | tests | outcome | forward | gradient | reason | such as |
|---|---:|---|---:|---:|---|---|
${lines.join('\n')}

## Inputs that may not depend on the picture

Of tests that pass by another of their inputs.

| operator | tests | inputs | reason |
|---|---:|---|---|
${held.join('\n')}
`;
}
