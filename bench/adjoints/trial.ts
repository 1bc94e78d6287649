import { DType, elementCount, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import type { OrtTensor } from '../../src-main/runtime/ort.ts';
import { profile } from '../gradient/profile.ts';
import type { NodeCost } from '../gradient/profile.ts';
import { Stream } from '../zoo/weights.ts';

/** Emits one way to compute the case's result; `x` names the inputs, already where a convolution would have left them. */
export type Variant = (pen: Pen, x: Record<string, string>) => string;

/** One adjoint, and ways to write it as ONNX nodes. The first variant is the yardstick that the others are checked against. */
export interface Case {
  name: string;
  inputs: Record<string, number[]>;
  output: number[];
  /** planes: inputs and result lie between convolutions, in onnxruntime's blocked layout. rows: plain. */
  layout: 'planes' | 'rows';
  variants: Record<string, Variant>;
}

/** A builder with short forms, and the fences that stand for the neighbouring convolutions. */
export class Pen {
  readonly b = new GraphBuilder();
  private readonly random = new Stream(3);

  weights(dims: readonly number[], deviation = 0.1): string {
    return this.b.constant(this.random.fill(elementCount(dims), deviation), dims);
  }
  /** A depthwise 1x1 convolution by ones: its output is in the blocked layout, and nothing can be fused into it unseen. */
  fence(value: string, channels: number): string {
    const ones = this.b.constant(new Array<number>(channels).fill(1), [channels, 1, 1, 1]);
    return this.b.node('Conv', [value, ones], { group: channels, kernel_shape: [1, 1] }, { hint: FENCE });
  }
  hardSigmoid(value: string, alpha: number, beta: number): string {
    return this.b.node('HardSigmoid', [value], { alpha: { float: alpha }, beta: { float: beta } });
  }
  mul = (a: string, b: string): string => this.b.node('Mul', [a, b]);
  add = (a: string, b: string): string => this.b.node('Add', [a, b]);
  sub = (a: string, b: string): string => this.b.node('Sub', [a, b]);
}

const FENCE = 'fence';

/**
 * s² equal planes into one s times as wide and high: pixel (s y + a, s x + b) comes from plane a s + b. Columns by a Concat on a new
 * last axis, rows by a Concat of whole rows: DepthToSpace and Transpose take two to five times as long.
 */
export function interleaved(
  pen: Pen,
  planes: readonly string[],
  s: number,
  [n, c, h, w]: readonly [number, number, number, number],
): string {
  const rows = Array.from({ length: s }, (_, a) => {
    const parts = planes.slice(a * s, (a + 1) * s).map((plane) => pen.b.node('Reshape', [plane, pen.b.ints([n, c, h, w, 1])]));
    return pen.b.node('Reshape', [pen.b.node('Concat', parts, { axis: 4 }), pen.b.ints([n, c, h, 1, w * s])]);
  });
  return pen.b.node('Reshape', [pen.b.node('Concat', rows, { axis: 3 }), pen.b.ints([n, c, h * s, w * s])]);
}

export interface Outcome {
  /** Sum of each node's least milliseconds, without the fences and the reorders at the graph's own ends. */
  ms: number;
  /** Largest difference from the first variant, as a share of its largest value. */
  difference: number;
}

/** Every variant of a case, by name. */
export async function trial(test: Case, threads: number, rounds: number): Promise<Record<string, Outcome>> {
  const random = new Stream(7);
  const feeds: Record<string, OrtTensor> = {};
  for (const [name, dims] of Object.entries(test.inputs)) feeds[name] = new Tensor('float32', random.fill(elementCount(dims), 1), dims);
  const graphs = Object.entries(test.variants).map(([name, variant]) => [name, graphOf(test, variant)] as const);
  const outcomes: Record<string, Outcome> = {};
  let first: Float32Array | null = null;
  for (let round = 0; round < rounds; round++)
    for (const [name, graph] of graphs) {
      const ms = cost(test, (await profile(graph, feeds, threads)).nodes);
      const known = outcomes[name];
      if (known) known.ms = Math.min(known.ms, ms);
      else {
        const result = await run(graph, feeds);
        first ??= result;
        outcomes[name] = { ms, difference: difference(first, result) };
      }
    }
  return outcomes;
}

async function run(graph: Graph, feeds: Record<string, OrtTensor>): Promise<Float32Array> {
  const session = await openSession(saveGraph(graph));
  const out = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!])));
  await session.release();
  return out['out']!.data as Float32Array;
}

function graphOf(test: Case, variant: Variant): Graph {
  const pen = new Pen();
  const planes = test.layout === 'planes';
  const x = Object.fromEntries(
    Object.entries(test.inputs).map(([name, dims]) => {
      const value = pen.b.input(name, DType.float32, dims);
      return [name, planes ? pen.fence(value, dims[1]!) : value];
    }),
  );
  const result = variant(pen, x);
  pen.b.node('Identity', [planes ? pen.fence(result, test.output[1]!) : result], {}, { outputs: ['out'] });
  pen.b.output('out', DType.float32, test.output);
  return pen.b.graph;
}

/** In a network the neighbours' layout is there already: one reorder of each input and one of the result do not count. */
function cost(test: Case, nodes: readonly NodeCost[]): number {
  let ms = nodes.filter((node) => !node.name.includes(`_${FENCE}_`)).reduce((sum, node) => sum + node.ms, 0);
  if (test.layout === 'rows') return ms;
  const ends = [...Object.values(test.inputs).map((dims) => ['ReorderInput', dims] as const), ['ReorderOutput', test.output] as const];
  const left = [...nodes].sort((a, b) => a.ms - b.ms);
  for (const [op, dims] of ends) {
    const at = left.findIndex((node) => node.op === op && node.shape === dims.join('x'));
    if (at >= 0) ms -= left.splice(at, 1)[0]!.ms;
  }
  return ms;
}

function difference(a: Float32Array, b: Float32Array): number {
  let most = 0;
  let scale = 0;
  if (a.length !== b.length) return Infinity;
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
    scale = Math.max(scale, Math.abs(a[i]!));
  }
  return most / (scale || 1);
}
