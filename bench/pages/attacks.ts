import type { AttackCard } from '../../shared/contract.ts';
import { attackCards } from '../../src-main/attacks/registry.ts';
import { FAMILIES } from './words.ts';
import type { Family, Words } from './words.ts';

interface Option {
  type?: string;
  enum?: unknown[];
  anyOf?: Option[];
  items?: Option;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
  default?: unknown;
  description?: string;
}

/** docs/attacks/*.md by file name: the registry's entries with what is written by hand. @throws Error when an attack is on no page, or on two */
export function attackPages(): Record<string, string> {
  const cards = attackCards();
  const named = FAMILIES.flatMap(({ attacks }) => Object.keys(attacks));
  for (const { id } of cards)
    if (named.filter((name) => name === id).length !== 1)
      throw new Error(
        `The attack ${id} is on ${named.filter((name) => name === id).length} pages: describe it once in bench/pages/words.ts.`,
      );
  const pages = FAMILIES.map((family) => [`${family.file}.md`, page(family, cards)]);
  return Object.fromEntries([...pages, ['README.md', contents(cards)]]) as Record<string, string>;
}

const HEAD = 'Written by `npm run bench -- pages` from the registry of attacks; do not edit. A test checks that it is current.';

function contents(cards: readonly AttackCard[]): string {
  const rows = FAMILIES.flatMap(({ file, attacks }) =>
    Object.keys(attacks).map((id) => [cards.find((card) => card.id === id)!, file] as const),
  );
  return `# Attacks

${HEAD}

| attack | norms | kind | |
|---|---|---|---|
${rows.map(([{ id, title, norms, kind, summary }, file]) => `| [${title}](${file}.md#${anchor(title)}) (\`${id}\`) | ${norms.join(', ')} | ${kind} | ${cell(summary)} |`).join('\n')}

Every attack goes through one counted problem: it clamps to the box [0,1], keeps each image's best point over every query, and is
followed by a search for the 8-bit picture, at most 40 passes, that alone counts. Costs are passes for one image; one forward or one backward
pass is one.
`;
}

function page({ title, intro, attacks, more }: Family, cards: readonly AttackCard[]): string {
  const parts = Object.entries(attacks).map(([id, words]) =>
    section(
      cards.find((card) => card.id === id)!,
      words,
    ),
  );
  return [`# ${title}`, HEAD, intro, ...parts, ...(more ? [more] : [])].join('\n\n') + '\n';
}

function section(
  { id, title, norms, kind, targeted, needsOutput, summary, source, options, stages }: AttackCard,
  { equation, cost, when }: Words,
): string {
  const goals = needsOutput ? 'deviation of an output' : targeted ? 'untargeted, targeted, and goals on an output' : 'untargeted';
  const rows = Object.entries(options['properties'] as Record<string, Option>).map(
    ([name, option]) =>
      `| \`${name}\` | ${cell(range(option))} | ${cell(JSON.stringify(option.default))} | ${cell(option.description ?? '')} |`,
  );
  return [
    `## ${title}`,
    `\`${id}\`: ${kind}; ${norms.join(', ')}; goals: ${goals}.`,
    summary,
    `    ${equation}`,
    `**When to use it.** ${when}`,
    `**Cost.** ${cost}.`,
    `**Source.** ${source}.`,
    stages
      ? [
          '| norm | attacks, in their order |',
          '|---|---|',
          ...Object.entries(stages).map(([norm, list]) => `| ${norm} | ${list.join(', ')} |`),
        ].join('\n')
      : ['| option | range | default | |', '|---|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

/** What an option takes, in words. */
export function range(option: Option): string {
  if (option.anyOf) return option.anyOf.map(range).join(', or ');
  if (option.enum) return option.enum.map(String).join(', ');
  if (option.type === 'null') return 'null';
  if (option.type === 'boolean') return 'true, false';
  if (option.type === 'array') return `list of ${range(option.items!)}`;
  const kind = option.type === 'integer' ? 'whole number' : 'number';
  const low =
    option.minimum !== undefined
      ? `from ${option.minimum}`
      : option.exclusiveMinimum !== undefined
        ? `above ${option.exclusiveMinimum}`
        : '';
  const high =
    option.exclusiveMaximum !== undefined
      ? `below ${option.exclusiveMaximum}`
      : option.maximum !== undefined && option.maximum < Number.MAX_SAFE_INTEGER
        ? `to ${option.maximum}`
        : '';
  return [kind, low, high].filter(Boolean).join(' ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
}
