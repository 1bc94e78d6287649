import { create } from '@bufbuild/protobuf';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TensorProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import {
  declaredShape,
  DType,
  elementCount,
  emptyGraph,
  GraphBuilder,
  loadGraph,
  prune,
  saveGraph,
  valueInfo,
} from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { fold, upgrade } from '../../src-main/graph/upgrade/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { filled, gaussian, gradientAt, integralError, openPair, uniform } from './gradient.ts';

/** 2^k as a 16-bit word. */
const powerOfTwo = (type: 10 | 16, k: number) => (type === DType.float16 ? (k + 15) << 10 : (k + 127) << 7);

/** x times 2^k for every k, one after the other, in 16 bits from the input to the output. */
function product(type: 10 | 16, exponents: number[]): Graph {
  const b = new GraphBuilder(emptyGraph());
  let value = b.input('x', DType.float32, [3]);
  value = b.node('Cast', [value], { to: type });
  exponents.forEach((k, i) => {
    const raw = new Uint8Array(Uint16Array.of(powerOfTwo(type, k)).buffer);
    value = b.node('Mul', [value, b.tensor(create(TensorProtoSchema, { name: `w${i}`, dataType: type, dims: [], rawData: raw }))]);
  });
  b.node('Identity', [value], {}, { outputs: ['y'] });
  b.output('y', type, [3]);
  return b.graph;
}

async function gradientOf(graph: Graph, u: number): Promise<number[]> {
  // No operator here needs facts to be lifted; onnxruntime's CPU kernels could not trace bfloat16.
  const lifted = upgrade(graph, new Map());
  const pair = await openPair(lifted, await traceFacts(lifted, { x: [3] }), 'y', 'x');
  return Array.from((await gradientAt(pair, Float32Array.of(1, 2, 3), new Float32Array(3).fill(u))).gradient);
}

describe('models in 16 bits have gradients in 32', () => {
  it.each([DType.float16, DType.bfloat16] as const)('type %s: no overflow, no underflow, no rounding', async (type) => {
    expect(await gradientOf(product(type, [-10, 10]), 100)).toEqual([100, 100, 100]);
    expect(await gradientOf(product(type, [10, -10]), 2 ** -24)).toEqual([2 ** -24, 2 ** -24, 2 ** -24]);
    expect(await gradientOf(product(type, [0]), 1 + 2 ** -20)).toEqual([1 + 2 ** -20, 1 + 2 ** -20, 1 + 2 ** -20]);
  });

  it('constants and casts inside the graph are widened, too', async () => {
    const b = new GraphBuilder(emptyGraph());
    const half = b.node('Cast', [b.input('x', DType.float32, [3])], { to: DType.float16 });
    const value = create(TensorProtoSchema, {
      dataType: DType.float16,
      dims: [1n],
      rawData: new Uint8Array(Uint16Array.of(powerOfTwo(10, 3)).buffer),
    });
    const filled = b.node('ConstantOfShape', [b.node('Shape', [half])], { value: { tensor: value } });
    b.node('Cast', [b.node('Mul', [half, filled])], { to: DType.float64 }, { outputs: ['y'] });
    b.output('y', DType.float64, [3]);
    const lifted = upgrade(b.graph, await traceFacts(b.graph, { x: [3] }));
    const facts = await traceFacts(lifted, { x: [3] });
    expect([...facts.values()].some((f) => f.type === DType.float16)).toBe(false);
    const pair = await openPair(fold(lifted, facts), facts, 'y', 'x');
    pair.type = 'float32';
    const u = new Tensor('float64', Float64Array.of(1, 1, 1 + 2 ** -20), [3]);
    const out = await pair.backward.run({ x: new Tensor('float32', Float32Array.of(1, 2, 3), [3]), cotangent: u });
    expect(Array.from(out['gradient']!.data as Float32Array)).toEqual([8, 8, 8 * (1 + 2 ** -20)]);
  });
});

const FILE = resolve(import.meta.dirname, '../../../shared/models/classify-imagenet/winml_SqueezeNet_fp16.onnx');

describe.skipIf(!existsSync(FILE))('a published model in 16 bits (skipped: ../shared/models is not there)', () => {
  /** The graph between float32 and float32, whatever it reads and writes itself; its last softmax is left out. */
  function wrapped(graph: Graph, name: string, logits: string, dims: number[], type: number): Graph {
    const b = new GraphBuilder({ ...graph, inputs: [], outputs: [], nodes: [], initializers: new Map(graph.initializers) });
    b.reserveOutputs(graph.nodes);
    b.node('Cast', [b.input('pixels', DType.float32, dims)], { to: type }, { outputs: [name] });
    for (const node of graph.nodes) b.append(node);
    b.node('Cast', [logits], { to: DType.float32 }, { outputs: ['scores'] });
    b.graph.outputs.push(Object.assign(valueInfo('scores', DType.float32, []), { type: undefined }));
    prune(b.graph);
    return b.graph;
  }

  it(join('classify-imagenet', 'winml_SqueezeNet_fp16.onnx'), async () => {
    const original = loadGraph(FILE);
    const input = original.inputs[0]!;
    const { type, dims } = declaredShape(input) as { type: number; dims: number[] };
    const logits = original.nodes.find((n) => n.opType === 'Softmax')!.input[0]!;
    const lifted = wrapped(upgrade(original, await traceFacts(original, { [input.name]: dims })), input.name, logits, dims, type);
    const folded = fold(lifted, await traceFacts(lifted, { pixels: dims }));
    const pair = await openPair(folded, await traceFacts(folded, { pixels: dims }), 'scores', 'pixels');
    const [next, normal] = [uniform(1), gaussian(2)];
    const x = filled(elementCount(dims), () => 255 * next());
    const u = filled(elementCount(pair.dims.of), normal);
    const { y, gradient } = await gradientAt(pair, x, u);
    expect(gradient.some((g: number) => g !== 0)).toBe(true);

    const session = await openSession(saveGraph(wrapped(original, input.name, logits, dims, type)));
    const expected = (await session.run({ pixels: new Tensor('float32', x as Float32Array, dims) }))['scores']!.data as Float32Array;
    const scale = Math.max(...Array.from(expected, Math.abs));
    y.forEach((v: number, i: number) => expect(Math.abs(v - expected[i]!) / scale).toBeLessThan(3e-2));
    // Wide enough for the rounding of the pixels to 16 bits, a step of 1/8 at 255.
    expect(await integralError(pair, x, u, filled(x.length, normal), 2, 2e-2)).toBeLessThan(3e-2);
  });
});
