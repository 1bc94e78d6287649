import { create } from '@bufbuild/protobuf';
import { GraphProtoSchema, ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { asFloat, DType, elementCount, emptyGraph, GraphBuilder, opset, saveGraph, valueInfo } from '../../src-main/graph/index.ts';
import type { AttributeValue, Graph } from '../../src-main/graph/index.ts';
import { fold, upgrade } from '../../src-main/graph/upgrade/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';

type Form = [
  op: string,
  version: number,
  inputs: (number[] | { ints: number[] } | { floats: number[]; dims?: number[] } | '')[],
  attributes?: Record<string, AttributeValue>,
  outputs?: number,
];

/** Old forms, as writers of their time emitted them. */
const FORMS: Form[] = [
  ['Clip', 6, [[2, 5]], { min: asFloat(-0.5), max: asFloat(0.7) }],
  ['Clip', 10, [[2, 5]], { max: asFloat(0.2) }],
  ['Pad', 2, [[1, 2, 3, 4]], { pads: [0, 0, 1, 2, 0, 0, 0, 1], value: asFloat(0.3) }],
  ['Pad', 10, [[1, 2, 3, 4]], { pads: [0, 0, 1, 2, 0, 0, 0, 1], mode: 'reflect' }],
  ['Slice', 1, [[4, 5]], { starts: [1, -3], ends: [3, 100] }],
  ['Slice', 9, [[4, 5, 3]], { starts: [1], ends: [-1], axes: [1] }],
  ['Squeeze', 11, [[1, 3, 1]], { axes: [0, -1] }],
  ['Squeeze', 1, [[1, 3, 1]]],
  ['Unsqueeze', 11, [[3, 2]], { axes: [0, 3] }],
  ['ReduceSum', 11, [[2, 3, 4]], { axes: [1], keepdims: 0 }],
  ['ReduceMean', 13, [[2, 3, 4]], { axes: [0, 2] }],
  ['ReduceMax', 11, [[2, 3, 4]], { axes: [-1], keepdims: 0 }],
  ['ReduceL2', 13, [[2, 3, 4]], { axes: [1] }],
  ['ReduceLogSumExp', 11, [[2, 3, 4]]],
  ['Softmax', 11, [[2, 3, 4]]],
  ['Softmax', 11, [[2, 3, 4]], { axis: 2 }],
  ['Softmax', 9, [[2, 3, 4, 2]], { axis: 2 }],
  ['LogSoftmax', 11, [[2, 3, 4]], { axis: -2 }],
  ['Hardmax', 11, [[2, 3, 4]], { axis: 1 }],
  ['Softmax', 11, [[3, 4]]],
  ['Softmax', 13, [[2, 3, 4]], { axis: 1 }],
  ['Dropout', 7, [[2, 3]], { ratio: asFloat(0.4) }],
  ['Dropout', 10, [[2, 3]], { ratio: asFloat(0.4) }, 2],
  ['Dropout', 13, [[2, 3], { floats: [0.5] }]],
  ['TopK', 9, [[3, 5]], { k: 2, axis: 1 }, 2],
  ['Split', 2, [[2, 6]], { axis: 1, split: [1, 5] }, 2],
  ['Split', 11, [[2, 6]], { axis: 1 }, 3],
  ['Split', 13, [[2, 6], { ints: [4, 2] }], { axis: 1 }, 2],
  ['Split', 13, [[6, 2]], {}, 2],
  ['Upsample', 7, [[1, 2, 3, 4]], { scales: { floats: [1, 1, 2, 3] } }],
  ['Upsample', 7, [[1, 2, 3, 4]], { scales: { floats: [1, 1, 2, 2] }, mode: 'linear' }],
  ['Upsample', 9, [[1, 2, 3, 4], { floats: [1, 1, 1.5, 2] }], { mode: 'nearest' }],
  ['Upsample', 9, [[1, 2, 3, 4], { floats: [1, 1, 1.5, 2] }], { mode: 'linear' }],
  ['Resize', 10, [[1, 2, 3, 4], { floats: [1, 1, 1.7, 2.3] }], { mode: 'nearest' }],
  ['Resize', 10, [[1, 2, 6, 7], { floats: [1, 1, 0.5, 0.6] }], { mode: 'nearest' }],
  ['Resize', 10, [[1, 2, 6, 7], { floats: [1, 1, 0.5, 1.6] }], { mode: 'linear' }],
  [
    'BatchNormalization',
    7,
    [[1, 2, 3, 3], { floats: [1, 2] }, { floats: [0.1, 0.2] }, { floats: [0.3, 0.4] }, { floats: [1, 3] }],
    { spatial: 1 },
  ],
  [
    'BatchNormalization',
    9,
    [[1, 2, 3, 3], { floats: [1, 2] }, { floats: [0.1, 0.2] }, { floats: [0.3, 0.4] }, { floats: [1, 3] }],
    { epsilon: asFloat(0.01) },
  ],
  [
    'BatchNormalization',
    7,
    [[4, 2], { floats: [1, 2] }, { floats: [0.1, 0.2] }, { floats: [0.3, 0.4] }, { floats: [1, 3] }],
    { spatial: 0, epsilon: asFloat(0.01) },
  ],
  [
    'BatchNormalization',
    8,
    [
      [2, 1, 2, 2],
      ...[
        [1, 2, 3, 4],
        [0.1, 0.2, 0.3, 0.4],
        [0.5, 0.6, 0.7, 0.8],
        [1, 2, 3, 4],
      ].map((floats) => ({ floats, dims: [1, 2, 2] })),
    ],
    { spatial: 0 },
  ],
  ['Scatter', 9, [[3, 3], { ints: [2, 0, 1] }, [3]], { axis: 0 }],
  ['ImageScaler', 8, [[1, 3, 2, 2]], { scale: asFloat(0.5), bias: { floats: [0.1, 0.2, 0.3] } }],
  ['Affine', 8, [[2, 3]], { alpha: asFloat(1.5), beta: asFloat(0.25) }],
  ['ScaledTanh', 8, [[2, 3]], { alpha: asFloat(1.5), beta: asFloat(0.25) }],
  ['ParametricSoftplus', 8, [[2, 3]], { alpha: asFloat(1.5), beta: asFloat(0.25) }],
  ['Crop', 8, [[1, 2, 6, 7]], { border: [1, 2, 3, 1] }],
  ['Crop', 8, [[1, 2, 6, 7]], { border: [1, 2, 3, 1], scale: [3, 2] }],
  ['LeakyRelu', 6, [[2, 3]], { alpha: asFloat(0.3) }],
  ['MaxPool', 8, [[1, 2, 4, 4]], { kernel_shape: [2, 2], strides: [2, 2] }],
];

function build([op, version, inputs, attributes = {}, outputs = 1]: Form) {
  const builder = new GraphBuilder(emptyGraph('old', version));
  builder.graph.model.irVersion = 4n;
  const dims: Record<string, number[]> = {};
  const names = inputs.map((input, i) => {
    if (input === '') return '';
    if ('ints' in input) return builder.constant(input.ints, op === 'Scatter' ? [1, 3] : [input.ints.length], DType.int64);
    if ('floats' in input) return builder.constant(input.floats, input.dims ?? (op === 'Dropout' ? [] : [input.floats.length]));
    const shape = op === 'Scatter' && i === 2 ? [1, 3] : input;
    dims[`x${i}`] = shape;
    return builder.input(`x${i}`, DType.float32, shape);
  });
  const made = builder.nodes(op, names, attributes, { outputs: Array.from({ length: outputs }, (_, i) => `y${i}`) });
  for (const name of made) builder.graph.outputs.push(Object.assign(valueInfo(name, DType.float32, []), { type: undefined }));
  return { graph: builder.graph, dims };
}

async function run(graph: Graph, dims: Record<string, number[]>): Promise<Record<string, { dims: readonly number[]; data: unknown[] }>> {
  const session = await openSession(saveGraph(graph));
  const feeds = Object.fromEntries(
    Object.entries(dims).map(([name, shape], k) => [
      name,
      new Tensor(
        'float32',
        Float32Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(1 + 2.3 * i + k)),
        shape,
      ),
    ]),
  );
  const out = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(out).map(([name, t]) => [name, { dims: t.dims, data: Array.from(t.data as Float32Array, Number) }]),
  );
}

describe('an older form and its lift give the same', () => {
  it.each(FORMS.map((form) => [`${form[0]}-${form[1]} ${JSON.stringify(form.slice(2))}`, form] as const))('%s', async (_, form) => {
    const { graph, dims } = build(form);
    const lifted = upgrade(graph, await traceFacts(graph, dims));
    expect(opset(lifted)).toBe(18);
    expect(opset(graph)).toBe(form[1]);
    const [now, then] = [await run(lifted, dims), await run(graph, dims)];
    for (const [name, { dims: shape, data }] of Object.entries(then)) {
      expect(now[name]!.dims).toEqual(shape);
      // Two operators for one may round differently in the last place.
      data.forEach((v, i) => expect(now[name]!.data[i]).toBeCloseTo(v as number, 6));
    }
  });
});

describe('operators of version 6, which laid the second operand along an axis', () => {
  it.each([
    ['Add', [2, 3, 4, 5], [3], 1, [1, 3, 1, 1]],
    ['Mul', [2, 3, 4], [4], undefined, [1, 1, 4]],
    ['Sub', [2, 3, 4], [3, 4], -2, [1, 3, 4]],
  ])('%s', async (op, a, b, axis, today) => {
    const value = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.cos(i));
    const old = new GraphBuilder(emptyGraph('old', 6));
    const [x, y] = [old.input('x', DType.float32, a), old.constant(value(elementCount(b)), b)];
    old.node(op, [x, y], { broadcast: 1, ...(axis === undefined ? {} : { axis }) }, { outputs: ['z'] });
    old.output('z', DType.float32, a);
    const facts = new Map([
      [x, { type: 1, dims: a }],
      [y, { type: 1, dims: b }],
      ['z', { type: 1, dims: a }],
    ]);
    const now = new GraphBuilder(emptyGraph());
    now.node(op, [now.input('x', DType.float32, a), now.constant(value(elementCount(b)), today)], {}, { outputs: ['z'] });
    now.output('z', DType.float32, a);
    expect(await run(upgrade(old.graph, facts), { x: a })).toEqual(await run(now.graph, { x: a }));
  });
});

describe('upgrade', () => {
  it('leaves models of today at their version', async () => {
    const { graph, dims } = build(['Gelu', 20, [[2, 3]]]);
    expect(opset(upgrade(graph, await traceFacts(graph, dims)))).toBe(20);
  });

  it('names what has no newer form', async () => {
    const { graph } = build(['Cast', 5, [[1, 2]], { to: 'QUATERNION' }]);
    expect(() => upgrade(graph, new Map())).toThrow(
      /^Cast at node .* \(operator set 5\) cannot be written in operators that have a gradient: /,
    );
    const body = create(GraphProtoSchema, { node: build(['Squeeze', 11, [[1, 3]], { axes: [0] }]).graph.nodes, name: 'body' });
    const outer = build(['If', 11, [[1]]]).graph;
    outer.nodes[0]!.attribute.push({ ...outer.nodes[0]!.attribute[0]!, name: 'then_branch', g: body, graphs: [] } as never);
    expect(() => upgrade(outer, new Map())).toThrow(/If at node .* its body uses Squeeze/);
  });

  it('keeps other domains and unknown fields', () => {
    const { graph } = build(['Relu', 11, [[2]]]);
    graph.model = Object.assign(create(ModelProtoSchema), graph.model, { docString: 'kept' });
    const lifted = upgrade(graph, new Map());
    expect(lifted.model.docString).toBe('kept');
    expect(lifted.nodes[0]).toBe(graph.nodes[0]);
  });
});

describe('fold', () => {
  it('turns shape arithmetic into constants and drops what nobody reads', async () => {
    const b = new GraphBuilder(emptyGraph());
    b.input('x', DType.float32, [2, 3, 4]);
    const size = b.node('Shape', ['x']);
    const first = b.node('Gather', [size, b.constant([0], [1], DType.int64)], { axis: 0 });
    const target = b.node('Concat', [first, b.ints([-1])], { axis: 0 });
    b.node('Relu', ['x'], {}, { outputs: ['unread'] });
    b.node('Reshape', ['x', target], {}, { outputs: ['y'] });
    b.output('y', DType.float32, [2, 12]);
    const facts = await traceFacts(b.graph, { x: [2, 3, 4] });
    const folded = fold(b.graph, facts);
    expect(folded.nodes.map((n) => n.opType)).toEqual(['Reshape']);
    expect([...folded.initializers.keys()]).toEqual([target]);
    expect(await run(folded, { x: [2, 3, 4] })).toEqual(await run(b.graph, { x: [2, 3, 4] }));
  });
});

describe('a normalisation behind a convolution is taken into its weights', () => {
  const build = (bias: boolean, group: number, shared: boolean) => {
    const b = new GraphBuilder(emptyGraph());
    const wave = (n: number, from: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(from + 1.7 * i));
    b.input('x', DType.float32, [2, 4, 5, 5]);
    const w = b.constant(wave((6 * 4 * 9) / group, 1), [6, 4 / group, 3, 3]);
    const conv = b.node('Conv', ['x', w, ...(bias ? [b.constant(wave(6, 2), [6])] : [])], { group });
    const per = (from: number) => b.constant(wave(6, from), [6]);
    const bn = b.node('BatchNormalization', [conv, per(3), per(4), per(5), b.constant([0.5, 1, 2, 3, 0.1, 1], [6])], {
      epsilon: asFloat(1e-3),
    });
    b.node(shared ? 'Add' : 'Relu', shared ? [bn, conv] : [bn], {}, { outputs: ['y'] });
    b.output('y', DType.float32, [2, 6, 3, 3]);
    return b.graph;
  };
  it.each([
    ['with a bias', true, 1, false, 0],
    ['without one', false, 1, false, 0],
    ['in groups', true, 2, false, 0],
    ['unless something else reads the convolution', true, 1, true, 1],
  ])('%s', async (_, bias, group, shared, left) => {
    const graph = build(bias, group, shared);
    const dims = { x: [2, 4, 5, 5] };
    const folded = fold(graph, await traceFacts(graph, dims));
    expect(folded.nodes.filter((n) => n.opType === 'BatchNormalization')).toHaveLength(left);
    const [now, then] = [(await run(folded, dims))['y']!, (await run(graph, dims))['y']!];
    then.data.forEach((v, i) => expect(now.data[i]).toBeCloseTo(v as number, 5));
  });
});
