import type { Preprocessing } from '../../shared/plan.ts';
import { float, GraphBuilder, tensorNumbers } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { NodeProto } from 'onnx-buf';

/** Operators that leave values what they are. */
const MOVERS = new Set([
  'Identity',
  'Cast',
  'Transpose',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Gather',
  'Slice',
  'Split',
  'Concat',
]);
/** Of the bounds' size: what rounding may take a value beyond them by. */
const SLACK = 1e-6;

/**
 * A network may bound its input to what pictures hold anyway. That changes no value, but its derivative at a bound counts as 0, and so
 * black and white pixels would have no gradient at all: here such a Clip is left out.
 * @returns the graph, or one without those
 */
export function withoutIdleClips(graph: Graph, input: string, preprocessing: Pick<Preprocessing, 'scale' | 'mean' | 'std'>): Graph {
  const ends = rangeOf(preprocessing);
  const carried = new Set([input]);
  const idle = new Set<NodeProto>();
  for (const node of graph.nodes) {
    if (!carried.has(node.input[0] ?? '')) continue;
    if (node.opType === 'Clip' && isIdle(graph, node, ends)) idle.add(node);
    else if (!MOVERS.has(node.opType) || !node.input.every((name) => name === '' || carried.has(name) || graph.initializers.has(name)))
      continue;
    for (const output of node.output) carried.add(output);
  }
  if (idle.size === 0) return graph;
  const builder = new GraphBuilder({ ...graph, nodes: [], initializers: new Map(graph.initializers) });
  builder.reserveOutputs(graph.nodes);
  for (const node of graph.nodes)
    if (idle.has(node)) builder.node('Identity', [node.input[0]!], {}, { outputs: node.output });
    else builder.append(node);
  return builder.graph;
}

/** Least and greatest number that pixels of [0,1] become. */
function rangeOf({ scale, mean, std }: Pick<Preprocessing, 'scale' | 'mean' | 'std'>): [low: number, high: number] {
  const channels = Math.max(mean.length, std.length);
  const values = Array.from({ length: channels }, (_, c) =>
    [0, scale].map((value) => (value - (mean[c] ?? mean[0]!)) / (std[c] ?? std[0]!)),
  ).flat();
  return [Math.min(...values), Math.max(...values)];
}

function isIdle(graph: Graph, node: NodeProto, [low, high]: readonly [number, number]): boolean {
  const slack = SLACK * Math.max(Math.abs(low), Math.abs(high));
  const bound = (at: number, name: string, none: number): number => {
    if (node.attribute.some((attribute) => attribute.name === name)) return float(node, name, none);
    const given = node.input[at] ?? '';
    if (given === '') return none;
    const tensor = graph.initializers.get(given);
    return tensor ? (tensorNumbers(tensor, graph)[0] ?? NaN) : NaN;
  };
  return bound(1, 'min', -Infinity) <= low + slack && bound(2, 'max', Infinity) >= high - slack;
}
