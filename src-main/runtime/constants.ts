import type { NodeProto } from 'onnx-buf';
import { readsOf } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';

/** Operators whose output's dimensions follow from what some inputs hold, and the first of those inputs. */
const SIZED_BY: Record<string, number> = {
  ...{ Reshape: 1, Expand: 1, Tile: 1, Slice: 1, Pad: 1, Resize: 1, Upsample: 1, TopK: 1, Squeeze: 1, Unsqueeze: 1, Split: 1, OneHot: 1 },
  ...{
    CenterCropPad: 1,
    AffineGrid: 1,
    MaxUnpool: 2,
    DFT: 1,
    STFT: 1,
    HannWindow: 0,
    HammingWindow: 0,
    BlackmanWindow: 0,
    MelWeightMatrix: 0,
  },
  ...{ ConstantOfShape: 0, Range: 0, NonZero: 0, Compress: 0, Unique: 0, NonMaxSuppression: 0, If: 0, Loop: 0, Scan: 0 },
};

/**
 * Names of the values that no pixel reaches. A value's dimensions are constant even where its content is not, unless
 * they follow from content themselves (the pixels that are not zero, say).
 */
export function constantValues(graph: Graph): Set<string> {
  const inputs = new Set(graph.inputs.map((i) => i.name));
  const constant = new Set(['', ...[...graph.initializers.keys()].filter((name) => !inputs.has(name))]);
  const resized = new Set<string>();
  for (const node of graph.nodes) {
    const { opType, domain, input, output } = node;
    if (readsOf(node).some((i) => resized.has(i)) || !isSizedBy(node, constant)) for (const name of output) resized.add(name);
    const asksSize = (opType === 'Shape' || opType === 'Size') && domain === '' && !resized.has(input[0]!);
    const random = /^(Random|Multinomial|Bernoulli)/.test(opType);
    if (asksSize || (!random && !hasBody(node) && input.every((i) => constant.has(i)))) for (const name of output) constant.add(name);
  }
  constant.delete('');
  return constant;
}

/** Whether what sizes a node's output, beside the dimensions of its inputs, is in these values. */
function isSizedBy({ opType, input }: NodeProto, constant: ReadonlySet<string>): boolean {
  return SIZED_BY[opType] === undefined || input.slice(SIZED_BY[opType]).every((i) => i === '' || constant.has(i));
}

const hasBody = ({ attribute }: NodeProto): boolean => attribute.some((a) => a.g || a.graphs.length > 0);

/** Whether the dimensions of a node's output follow from those of its inputs, and from constants. */
export function sizeFollows(node: NodeProto, constant: ReadonlySet<string>): boolean {
  return !hasBody(node) && isSizedBy(node, constant);
}
