import type { NodeProto } from 'onnx-buf';
import { isFloat, operatorName, readsOf } from '../graph/index.ts';
import type { ValueFacts } from '../graph/index.ts';
import { QUANTISING } from './rules/quantised.ts';

/** Operators that only move elements about: a quantised value stays one behind them. */
const MOVERS = new Set([
  'Concat',
  'DepthToSpace',
  'Expand',
  'Flatten',
  'Gather',
  'Identity',
  'MaxPool',
  'Pad',
  'Reshape',
  'Resize',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Unsqueeze',
]);

/** Floats that stay the same until they jump, as whole numbers do: a one among zeros. */
const STEPS = new Set(['Hardmax']);

/** Whether a gradient can flow back through output i of a node: floats, and integers that stand for quantised floats. */
export function carries(node: NodeProto, i: number, facts: ReadonlyMap<string, ValueFacts>, reached: ReadonlySet<string>): boolean {
  const op = operatorName(node);
  const type = (name: string) => facts.get(name)?.type ?? 0;
  // Behind a quantiser with computed scales those count as constants (see `quantised`).
  if (QUANTISING.has(op)) return i === 0;
  if (STEPS.has(op)) return false;
  if (isFloat(type(node.output[i]!))) return true;
  return (i === 0 || op === 'Split') && MOVERS.has(op) && node.input.some((name) => reached.has(name) && !isFloat(type(name)));
}

/** Values that depend on `wrt` and that some `of` depends on, and the nodes between that read them. */
export function path(nodes: readonly NodeProto[], facts: ReadonlyMap<string, ValueFacts>, wrt: string, of: readonly string[]) {
  const reached = new Set([wrt]);
  for (const node of nodes)
    if (readsOf(node).some((i) => reached.has(i)))
      node.output.forEach((output, i) => carries(node, i, facts, reached) && reached.add(output));
  const active = new Set(of.filter((value) => reached.has(value)));
  const consumers = new Map<string, NodeProto[]>();
  for (let k = nodes.length - 1; k >= 0; k--) {
    const node = nodes[k]!;
    if (!node.output.some((o) => active.has(o))) continue;
    for (const input of readsOf(node)) {
      if (!reached.has(input)) continue;
      active.add(input);
      const known = consumers.get(input);
      if (known) known.push(node);
      else consumers.set(input, [node]);
    }
  }
  return { active, consumers };
}
