import { create } from '@bufbuild/protobuf';
import { join } from 'node:path';
import { TensorProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { DType, emptyGraph, GraphBuilder, makeTensor, saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { floatToHalf } from '../../src-main/runtime/values.ts';
import { gaussian } from '../autodiff/gradient.ts';
import { scratch } from '../graph/folder.ts';
import { openBoth, pictures } from './open.ts';

const folder = scratch();
const picture = { channels: 3 as const, height: 6, width: 6 };
const CLASSES = 4;

/** Multiples of 1/8 below 1, times a power of two: exact in 16 bits of either kind. */
function exact(count: number, seed: number, scale: number): number[] {
  const next = gaussian(seed);
  return Array.from({ length: count }, () => (scale * Math.max(-7, Math.min(7, Math.round(3 * next())))) / 8);
}

/** A weight in any floating-point type. */
function weight(b: GraphBuilder, name: string, dims: number[], type: DType, values: number[]): string {
  if (type === DType.float32 || type === DType.float64) return b.tensor(makeTensor(name, type, dims, values));
  const words =
    type === DType.float16
      ? Uint16Array.from(values, floatToHalf)
      : Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (bits) => bits >>> 16);
  return b.tensor(create(TensorProtoSchema, { name, dataType: type, dims: dims.map(BigInt), rawData: new Uint8Array(words.buffer) }));
}

/** Types of the input, of three layers, and of the output; a Cast wherever two differ. */
type Types = [input: DType, first: DType, second: DType, third: DType, output: DType];

/** Convolution, convolution, matrix with weights of the given sizes; rectifiers between. */
function network(types: Types, scales: [number, number, number]): Graph {
  const b = new GraphBuilder(emptyGraph());
  let at = types[0];
  let value = b.input('x', at, ['N', 3, 6, 6]);
  const to = (type: DType) => {
    if (type !== at) value = b.node('Cast', [value], { to: type });
    at = type;
  };
  to(types[1]);
  value = b.node('Relu', [b.node('Conv', [value, weight(b, 'w1', [4, 3, 3, 3], at, exact(108, 1, scales[0]))], { kernel_shape: [3, 3] })]);
  to(types[2]);
  value = b.node('Relu', [b.node('Conv', [value, weight(b, 'w2', [4, 4, 2, 2], at, exact(64, 2, scales[1]))], { kernel_shape: [2, 2] })]);
  to(types[3]);
  value = b.node('Gemm', [b.node('Flatten', [value], { axis: 1 }), weight(b, 'w3', [CLASSES, 36], at, exact(CLASSES * 36, 3, scales[2]))], {
    transB: 1,
  });
  to(types[4]);
  b.node('Identity', [value], {}, { outputs: ['y'] });
  b.output('y', at, ['N', CLASSES]);
  return b.graph;
}

const all = (type: DType): Types => [type, type, type, type, type];
const { float32: F32, float16: F16, bfloat16: B16, float64: F64 } = DType;

/** Logits, gradient and the original's logits at one picture; the model goes through a file. */
async function look(name: string, graph: Graph, x: Float32Array) {
  const { model, original } = await openBoth(folder.write(`${name}.onnx`, saveGraph(graph).bytes), picture, {}, 1);
  const { gradient, logits } = await model.gradient('difference', x, Int32Array.of(0), Int32Array.of(1));
  return { gradient, logits, original: (await original.predict(x, picture)).logits };
}

const off = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i]!))) / Math.max(...Array.from(b, Math.abs));

/** In 16 bits a gradient leaves the range of binary16 after the second layer: above 65504, or below 2^-24 and so 0. */
const OVER: [number, number, number] = [2 ** -10, 2 ** 9, 2 ** 9];
const UNDER: [number, number, number] = [2 ** 10, 2 ** -12, 2 ** -16];
const PLAIN: [number, number, number] = [1, 1, 1];

describe('the gradient of a network in other floating-point types is that of the same network in float32', () => {
  it.each<[string, Types, [number, number, number]]>([
    ['fp16, gradient beyond 65504', all(F16), OVER],
    ['fp16, gradient below 2^-24', all(F16), UNDER],
    ['fp16 inside, float32 outside', [F32, F16, F16, F16, F32], OVER],
    ['bf16, gradient beyond 65504', all(B16), OVER],
    ['bf16 inside, float32 outside', [F32, B16, B16, B16, F32], UNDER],
    ['an island of fp16', [F32, F32, F16, F32, F32], OVER],
    ['islands of fp16 and float64', [F32, F16, F32, F64, F32], PLAIN],
    ['islands of bf16 and fp16', [F16, B16, F32, F16, F32], PLAIN],
  ])('%s', async (name, types, scales) => {
    // Pixels of eight bits that bf16 and fp16 hold exactly: multiples of 1/128.
    const x = pictures(picture, 1)[0]!.map((v) => Math.round(128 * v) / 128);
    const [there, plain] = [
      await look(name.replaceAll(' ', '-'), network(types, scales), x),
      await look(`${name.replaceAll(' ', '-')}-32`, network(all(F32), scales), x),
    ];
    expect(Math.max(...plain.gradient.map(Math.abs))).toBeGreaterThan(0);
    expect(off(there.gradient, plain.gradient)).toBeLessThan(1e-6);
    expect(off(there.logits, plain.logits)).toBeLessThan(1e-6);
    // The original as onnxruntime runs it rounds after every layer, where it runs 16 bits at all.
    expect(off(there.original, plain.original)).toBeLessThan(3e-2);
  });

  it('and that gradient does leave the range of fp16', () => {
    // d(f_0 - f_1) / d(second layer's output), then through one weight of the second layer.
    const within = (scales: [number, number, number]) => {
      const w3 = exact(CLASSES * 36, 3, scales[2]);
      const late = w3.slice(0, 36).map((v, i) => Math.abs(v - w3[36 + i]!));
      return Math.max(...late) * Math.max(...exact(64, 2, scales[1]).map(Math.abs));
    };
    expect(within(OVER)).toBeGreaterThan(65504);
    expect(16 * within(UNDER)).toBeLessThan(2 ** -23);
  });
});

describe('a network in float64', () => {
  const at = (x: Float64Array) => new Tensor('float64', x, [1, 3, 6, 6]);

  it('has the gradient of float64: central differences of its own forward pass to 1e-6', async () => {
    const b = new GraphBuilder(emptyGraph());
    b.input('x', F64, ['N', 3, 6, 6]);
    const next = gaussian(7);
    const values = (n: number, scale: number) => Array.from({ length: n }, () => scale * next());
    const hidden = b.node('Tanh', [
      b.node('Gemm', [b.node('Flatten', ['x'], { axis: 1 }), weight(b, 'w1', [16, 108], F64, values(16 * 108, 0.2))], { transB: 1 }),
    ]);
    b.node('MatMul', [b.node('Sigmoid', [hidden]), weight(b, 'w2', [16, CLASSES], F64, values(16 * CLASSES, 1))], {}, { outputs: ['y'] });
    b.output('y', F64, ['N', CLASSES]);
    const file = folder.write(join('double.onnx'), saveGraph(b.graph).bytes);
    const x = pictures(picture, 1)[0]!;
    const { gradient } = await look('double', b.graph, x);
    const session = await openSession(file);
    const difference = async (step: number, v: number[]) => {
      const out = (await session.run({ x: at(Float64Array.from(x, (p, i) => p + step * v[i]!)) }))['y']!.data as Float64Array;
      return out[0]! - out[1]!;
    };
    const norm = Math.hypot(...gradient);
    for (let k = 0; k < 4; k++) {
      const v = values(108, 1);
      const h = 1e-4;
      const quotient = ((await difference(h, v)) - (await difference(-h, v))) / (2 * h);
      const slope = gradient.reduce((sum, g, i) => sum + g * v[i]!, 0);
      expect(Math.abs(quotient - slope) / (norm * Math.hypot(...v))).toBeLessThan(1e-6);
    }
    await session.release();
  });
});
