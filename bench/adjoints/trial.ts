import { performance } from 'node:perf_hooks';
import { DType, elementCount, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import type { OrtTensor, Session } from '../../src-main/runtime/ort.ts';
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
  /** A depthwise 1x1 convolution by ones: cheap, and its output is in the blocked layout. */
  fence(value: string, channels: number): string {
    const ones = this.b.constant(new Array<number>(channels).fill(1), [channels, 1, 1, 1]);
    return this.b.node('Conv', [value, ones], { group: channels, kernel_shape: [1, 1] });
  }
  hardSigmoid(value: string, alpha: number, beta: number): string {
    return this.b.node('HardSigmoid', [value], { alpha: { float: alpha }, beta: { float: beta } });
  }
  mul = (a: string, b: string): string => this.b.node('Mul', [a, b]);
  add = (a: string, b: string): string => this.b.node('Add', [a, b]);
  sub = (a: string, b: string): string => this.b.node('Sub', [a, b]);
}

/**
 * s² equal planes into one s times as wide and high: pixel (s y + a, s x + b) comes from plane a s + b. Columns by a Concat on a new
 * last axis, rows by a Concat of whole rows: DepthToSpace and Transpose take two to five times as long.
 */
export function interleaved(pen: Pen, planes: readonly string[], s: number, [n, c, h, w]: readonly [number, number, number, number]): string {
  const rows = Array.from({ length: s }, (_, a) => {
    const parts = planes.slice(a * s, (a + 1) * s).map((plane) => pen.b.node('Reshape', [plane, pen.b.ints([n, c, h, w, 1])]));
    return pen.b.node('Reshape', [pen.b.node('Concat', parts, { axis: 4 }), pen.b.ints([n, c, h, 1, w * s])]);
  });
  return pen.b.node('Reshape', [pen.b.node('Concat', rows, { axis: 3 }), pen.b.ints([n, c, h * s, w * s])]);
}

export interface Outcome {
  /** Least milliseconds over all runs, less those of the fences and of the reorders at both ends. */
  ms: Record<string, number>;
  /** Largest difference from the first variant, as a share of its largest value. */
  difference: Record<string, number>;
}

/** The variants by turns, as often as the time allows. */
export async function trial(test: Case, threads: number, seconds: number): Promise<Outcome> {
  const graphs = { ...Object.fromEntries(Object.entries(test.variants).map(([name, variant]) => [name, graphOf(test, variant)])), [BASE]: graphOf(test, null) };
  const sessions = new Map<string, Session>();
  for (const [name, graph] of Object.entries(graphs)) sessions.set(name, await openSession(saveGraph(graph), { threads }));
  const random = new Stream(7);
  const tensor = (dims: readonly number[]) => new Tensor('float32', random.fill(elementCount(dims), 1), dims);
  const feeds: Record<string, OrtTensor> = { result: tensor(test.output) };
  for (const [name, dims] of Object.entries(test.inputs)) feeds[name] = tensor(dims);
  const ms: Record<string, number> = {};
  const results: Record<string, Float32Array> = {};
  const end = performance.now() + 1000 * seconds;
  for (let round = 0; round < 3 || performance.now() < end; round++)
    for (const [name, session] of sessions) {
      const given = Object.fromEntries(session.inputNames.map((input) => [input, feeds[input]!]));
      const start = performance.now();
      const out = await session.run(given);
      ms[name] = Math.min(ms[name] ?? Infinity, performance.now() - start);
      results[name] ??= out['out']!.data as Float32Array;
    }
  for (const session of sessions.values()) await session.release();
  const names = Object.keys(test.variants);
  return {
    ms: Object.fromEntries(names.map((name) => [name, ms[name]! - ms[BASE]!])),
    difference: Object.fromEntries(names.map((name) => [name, difference(results[names[0]!]!, results[name]!)])),
  };
}

const BASE = 'fences alone';

/** A variant between its fences; null: the fences alone, with a result that comes from nowhere. */
function graphOf(test: Case, variant: Variant | null): Graph {
  const pen = new Pen();
  const planes = test.layout === 'planes';
  const x = Object.fromEntries(
    Object.entries(test.inputs).map(([name, dims]) => {
      const value = pen.b.input(name, DType.float32, dims);
      return [name, planes ? pen.fence(value, dims[1]!) : value];
    }),
  );
  const result = variant ? variant(pen, x) : pen.b.input('result', DType.float32, test.output);
  const end = planes ? pen.fence(result, test.output[1]!) : result;
  pen.b.node('Identity', [end], {}, { outputs: ['out'] });
  pen.b.output('out', DType.float32, test.output);
  // Without a reader the inputs' fences would be dropped; a mean is the cheapest.
  if (!variant && planes) for (const [name, value] of Object.entries(x)) pen.b.output(pen.b.node('GlobalAveragePool', [value]), DType.float32, [...test.inputs[name]!.slice(0, 2), 1, 1]);
  return pen.b.graph;
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
