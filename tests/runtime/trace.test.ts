import { create } from '@bufbuild/protobuf';
import { ValueInfoProtoSchema } from 'onnx-buf';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { DType, emptyGraph, GraphBuilder, loadGraph, saveGraph, valueInfo } from '../../src-main/graph/index.ts';
import type { Graph, ValueFacts } from '../../src-main/graph/index.ts';
import { ONNX_TYPE, openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { numbersOf } from '../../src-main/runtime/values.ts';
import { uniform } from '../autodiff/gradient.ts';
import { MODELS } from '../graph/run.ts';

/** Runs a graph on random pixels with every value put out, and holds what was traced against what came. */
async function compare(graph: Graph, dims: number[]): Promise<{ values: number; constants: number; facts: Map<string, ValueFacts> }> {
  const input = graph.inputs[0]!.name;
  const facts = await traceFacts(graph, { [input]: dims });
  const names = graph.nodes.flatMap((n) => n.output.filter((o) => o !== ''));
  const session = await openSession(
    saveGraph({
      ...graph,
      inputs: [valueInfo(input, DType.float32, dims)],
      outputs: names.map((name) => create(ValueInfoProtoSchema, { name })),
    }),
    { optimize: false },
  );
  const pixels = new Tensor('float32', Float32Array.from({ length: dims.reduce((a, d) => a * d, 1) }, uniform(17)), dims);
  const out = await session.run({ [input]: pixels });
  await session.release();
  let constants = 0;
  for (const name of names) {
    const [fact, tensor] = [facts.get(name)!, out[name]!];
    expect({ name, type: fact.type, dims: fact.dims }).toEqual({ name, type: ONNX_TYPE[tensor.type], dims: [...tensor.dims] });
    if (fact.data === undefined) continue;
    constants++;
    expect(Array.from(fact.data), name).toEqual(Array.from(numbersOf(tensor)));
  }
  return { values: names.length, constants, facts };
}

const PUBLISHED: [file: string, dims: number[][], constants: number][] = [
  ['classify-mnist/mnist-8_cntk.onnx', [[1, 1, 28, 28]], 1],
  [
    'classify-cifar10/vnncomp23_vit_ibp_3_3_8.onnx',
    [
      [1, 3, 32, 32],
      [3, 3, 32, 32],
    ],
    30,
  ],
  ['classify-cifar10/vnncomp21_marabou_cifar10_small.onnx', [[2, 32, 32, 3]], 0],
  ['classify-cifar10/vnncomp21_resnet_4b.onnx', [[2, 3, 32, 32]], 0],
  ['classify-cifar10/dinhanh7_tinymobilenet/model.onnx', [[1, 3, 32, 32]], 0],
  ['arch-only-onnx-light/light_squeezenet.onnx', [[1, 3, 224, 224]], 10],
];

describe.skipIf(!existsSync(MODELS))('traces of published models (skipped where ../shared/models is missing)', () => {
  it.each(PUBLISHED)('%s: types, dimensions and constants are what onnxruntime then computes', async (file, shapes, least) => {
    const graph = loadGraph(`${MODELS}/${file}`);
    for (const dims of shapes) {
      const { values, constants } = await compare(graph, dims);
      expect(values).toBe(graph.nodes.flatMap((n) => n.output.filter((o) => o !== '')).length);
      expect(constants).toBeGreaterThanOrEqual(least);
    }
  });
});

/** x [N, 2, 3] of free batch, and what `body` makes of it. */
function graphOf(body: (b: GraphBuilder) => void): Graph {
  const b = new GraphBuilder(emptyGraph('g'));
  b.input('x', DType.float32, ['N', 2, 3]);
  body(b);
  return b.graph;
}

describe('traces', () => {
  it('follow the batch through shape arithmetic', async () => {
    const graph = graphOf((b) => {
      const batch = b.node('Slice', [b.node('Shape', ['x'], {}, { outputs: ['shape'] }), b.ints([0]), b.ints([1])]);
      const size = b.node('Concat', [batch, b.ints([-1])], { axis: 0 }, { outputs: ['size'] });
      b.node('Reshape', ['x', size], {}, { outputs: ['y'] });
      b.node('ConstantOfShape', [batch], {}, { outputs: ['zeros'] });
      b.node('Size', ['y'], {}, { outputs: ['count'] });
    });
    for (const batch of [1, 7]) {
      const { facts } = await compare(graph, [batch, 2, 3]);
      expect(facts.get('shape')).toEqual({ type: DType.int64, dims: [3], data: [batch, 2, 3] });
      expect(facts.get('size')!.data).toEqual([batch, -1]);
      expect(facts.get('y')).toEqual({ type: DType.float32, dims: [batch, 6] });
      expect(facts.get('zeros')!.data).toEqual(new Array(batch).fill(0));
      expect(facts.get('count')).toEqual({ type: DType.int64, dims: [], data: [6 * batch] });
      expect(facts.get('x')).toEqual({ type: DType.float32, dims: [batch, 2, 3] });
    }
  });

  it('know the type of every value, and read out constants of every type', async () => {
    const { facts } = await compare(
      graphOf((b) => {
        const c = b.constant([1, 2.5, -3], [3]);
        for (const type of [DType.float16, DType.float64, DType.int32, DType.int64, DType.uint8, DType.bool])
          b.node('Cast', [c], { to: type }, { outputs: [`c${type}`] });
        b.node('Cast', ['x'], { to: DType.float16 }, { outputs: ['half'] });
        b.node('Add', ['x', c], {}, { outputs: ['y'] });
      }),
      [1, 2, 3],
    );
    expect(facts.get(`c${DType.float16}`)).toEqual({ type: DType.float16, dims: [3], data: Float32Array.of(1, 2.5, -3) });
    expect(facts.get(`c${DType.int64}`)!.data).toEqual([1, 2, -3]);
    expect(facts.get(`c${DType.bool}`)!.data).toEqual([1, 1, 1]);
    expect(facts.get('half')).toEqual({ type: DType.float16, dims: [1, 2, 3] });
    expect(facts.get('y')!.data).toBeUndefined();
  });

  it('take nothing for constant that a pixel or chance can change', async () => {
    const graph = graphOf((b) => {
      b.node('Mul', ['x', b.scalar(0)], {}, { outputs: ['nought'] });
      b.nodes('RandomNormal', [], { shape: [2] }, { outputs: ['noise'] });
      b.node('Mul', ['noise', b.scalar(2)], {}, { outputs: ['louder'] });
      b.node('ConstantOfShape', [b.ints([5000])], {}, { outputs: ['long'] });
    });
    const facts = await traceFacts(graph, { x: [1, 2, 3] });
    for (const name of ['nought', 'noise', 'louder', 'long']) expect(facts.get(name)!.data, name).toBeUndefined();
    expect(facts.get('long')!.dims).toEqual([5000]);
  });

  it('take no dimension for constant that follows from pixels', async () => {
    const graph = graphOf((b) => {
      const lit = b.node('NonZero', ['x'], {}, { outputs: ['lit'] });
      b.node('Shape', [lit], {}, { outputs: ['howMany'] });
      b.node('Shape', [b.node('Transpose', [lit])], {}, { outputs: ['turned'] });
      const length = b.node('Cast', [b.node('ReduceSum', ['x'], { keepdims: 1 })], { to: DType.int64 });
      b.node('Size', [b.node('ConstantOfShape', [b.node('Reshape', [length, b.ints([1])])])], {}, { outputs: ['total'] });
      b.node('Shape', [b.node('Relu', ['x'])], {}, { outputs: ['fixed'] });
    });
    const facts = await traceFacts(graph, { x: [1, 2, 3] });
    for (const name of ['howMany', 'turned', 'total']) expect(facts.get(name)!.data, name).toBeUndefined();
    expect(facts.get('fixed')!.data).toEqual([1, 2, 3]);
  });

  it('run no part of the network to know its shapes', async () => {
    const graph = graphOf((b) => {
      b.node('Slice', [b.node('Shape', ['x']), b.ints([0]), b.ints([1])], {}, { outputs: ['side'] });
      // Would fail if it ran: there is no row 100.
      const beyond = b.node('Add', [
        b.node('Cast', [b.node('ReduceSum', ['x'], { keepdims: 0 })], { to: DType.int64 }),
        b.scalar(100, DType.int64),
      ]);
      b.node('Gather', ['x', beyond], { axis: 0 }, { outputs: ['row'] });
    });
    const facts = await traceFacts(graph, { x: [4, 2, 3] });
    expect(facts.get('side')!.data).toEqual([4]);
    expect(facts.get('row')!.dims).toEqual([2, 3]);
  });

  it.each<[string, (b: GraphBuilder) => void, RegExp]>([
    [
      'sizes that do not fit',
      (b) => b.node('MatMul', ['x', b.constant(new Array<number>(8).fill(1), [4, 2])], {}, { outputs: ['y'] }),
      /^onnxruntime cannot load the model: [^\n]+\.$/,
    ],
    [
      'sizes that are only found not to fit by running',
      (b) =>
        b.node(
          'Add',
          [
            b.constant([1, 2, 3], [3]),
            b.node('Reshape', [b.node('Cast', [b.node('NonZero', [b.constant([1, 0, 1], [3])])], { to: DType.float32 }), b.ints([-1])]),
          ],
          {},
          { outputs: ['y'] },
        ),
      /^The model does not run on an input of shape \[2, 2, 3\]: [^\n]+\.$/,
    ],
    [
      'an operator nobody knows',
      (b) => b.node('Frobnicate', ['x'], {}, { outputs: ['y'] }),
      /^onnxruntime cannot load the model: [^\n]*Frobnicate[^\n]*\.$/,
    ],
  ])('of %s are refused in one sentence', async (_, body, message) => {
    const tracing = traceFacts(graphOf(body), { x: [2, 2, 3] });
    await expect(tracing).rejects.toThrow(UserError);
    await expect(tracing).rejects.toThrow(message);
  });

  it('refuse an input that got no dimensions', async () => {
    const graph = graphOf((b) => b.input('mask', DType.float32, [1]));
    await expect(traceFacts(graph, { x: [1, 2, 3] })).rejects.toThrow('The model has an input mask that got no value.');
  });
});
