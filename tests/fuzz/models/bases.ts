import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DType, emptyGraph, GraphBuilder, saveGraph } from '../../../src-main/graph/index.ts';
import { beside, plain, twoInputs, warmth } from '../../audit/models.ts';
import { ATTRIBUTE, floats, GRAPH, initializer, model, node, NODE, TENSOR, value } from '../../graph/wire.ts';
import type { Field } from '../../graph/wire.ts';

/** Small models that are right, of every kind that a file can be. All read 3 x 8 x 8 or 3 x 32 x 32 pictures. */
const SIDE = 8;
const weights = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(7 * i + 1) / 2);

function built(build: (b: GraphBuilder, x: string) => string, classes = 4): Uint8Array {
  const b = new GraphBuilder(emptyGraph('base'));
  const scores = build(b, b.input('x', DType.float32, ['N', 3, SIDE, SIDE]));
  b.node('Identity', [scores], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', classes]);
  return saveGraph(b.graph).bytes;
}

const dense = (b: GraphBuilder, x: string, from: number, to = 4): string =>
  b.node('MatMul', [x, b.constant(weights(from * to), [from, to])]);

const convolutional = (): Uint8Array =>
  built((b, x) => {
    const conv = b.node('Conv', [x, b.constant(weights(6 * 3 * 9), [6, 3, 3, 3]), b.constant(weights(6), [6])], { pads: [1, 1, 1, 1] });
    const four = () =>
      b.constant(
        Float32Array.from({ length: 6 }, (_, i) => 1 + i / 10),
        [6],
      );
    const bn = b.node('BatchNormalization', [conv, four(), four(), four(), four()]);
    const pool = b.node('MaxPool', [b.node('Relu', [bn])], { kernel_shape: [2, 2], strides: [2, 2] });
    return dense(
      b,
      b.node('Flatten', [b.node('Resize', [pool, '', b.constant([1, 1, 2, 2], [4])], { mode: 'linear' })], { axis: 1 }),
      6 * SIDE * SIDE,
    );
  });

const attention = (): Uint8Array =>
  built((b, x) => {
    const rows = b.node('Transpose', [b.node('Reshape', [x, b.ints([0, 3, SIDE * SIDE])])], { perm: [0, 2, 1] });
    const scores = b.node('Softmax', [b.node('MatMul', [rows, b.node('Transpose', [rows], { perm: [0, 2, 1] })])], { axis: -1 });
    return dense(b, b.node('ReduceMean', [b.node('MatMul', [scores, rows]), b.ints([1])], { keepdims: 0 }), 3);
  });

const quantised = (): Uint8Array =>
  built((b, x) => {
    const zero = b.constant([128], [], DType.uint8);
    const q = b.node('QuantizeLinear', [x, b.scalar(0.01), zero]);
    return dense(
      b,
      b.node('Reshape', [b.node('DequantizeLinear', [q, b.scalar(0.01), zero]), b.ints([-1, 3 * SIDE * SIDE])]),
      3 * SIDE * SIDE,
    );
  });

const io: Field[] = [
  [GRAPH.input, value('x', ['N', 3, SIDE, SIDE])],
  [GRAPH.output, value('y', ['N', 192])],
];
const shape = initializer(
  'shape',
  [2],
  [
    [TENSOR.int64Data, -1n],
    [TENSOR.int64Data, 192],
  ],
  7,
);
const flat = node('Reshape', ['x', 'shape'], ['f']);
const bodied = (name: string, body: readonly Field[]): Field => [
  NODE.attribute,
  [
    [ATTRIBUTE.name, name],
    [ATTRIBUTE.g, [[GRAPH.name, 'body'], ...body]],
    [ATTRIBUTE.type, 5],
  ],
];

const looped = (): Uint8Array => {
  const body: Field[] = [
    [GRAPH.input, value('i', [], 7)],
    [GRAPH.input, value('go', [], 9)],
    [GRAPH.input, value('s', ['N', 192])],
    node('Identity', ['go'], ['still']),
    node('Relu', ['s'], ['t']),
    [GRAPH.output, value('still', [], 9)],
    [GRAPH.output, value('t', ['N', 192])],
  ];
  return model([
    ...io,
    shape,
    flat,
    initializer('n', [], [[TENSOR.int64Data, 3]], 7),
    initializer('c', [], [[TENSOR.int32Data, 1]], 9),
    node('Loop', ['n', 'c', 'f'], ['y'], [bodied('body', body)]),
  ]);
};

const branched = (): Uint8Array => {
  const branch = (op: string): Field[] => [node(op, ['f'], ['z']), [GRAPH.output, value('z', ['N', 192])]];
  return model([
    ...io,
    shape,
    flat,
    initializer('c', [], [[TENSOR.int32Data, 1]], 9),
    node('If', ['c'], ['y'], [bodied('then_branch', branch('Relu')), bodied('else_branch', branch('Neg'))]),
  ]);
};

const scanned = (): Uint8Array => {
  const body: Field[] = [
    [GRAPH.input, value('a', [192])],
    [GRAPH.input, value('b', [192])],
    node('Add', ['a', 'b'], ['sum']),
    node('Identity', ['sum'], ['out']),
    [GRAPH.output, value('sum', [192])],
    [GRAPH.output, value('out', [192])],
  ];
  const zeros = initializer('z', [192], [[TENSOR.rawData, floats(new Array<number>(192).fill(0))]]);
  return model([
    ...io,
    shape,
    zeros,
    flat,
    node(
      'Scan',
      ['z', 'f'],
      ['last', 'y'],
      [
        bodied('body', body),
        [
          NODE.attribute,
          [
            [ATTRIBUTE.name, 'num_scan_inputs'],
            [ATTRIBUTE.i, 1],
            [ATTRIBUTE.type, 2],
          ],
        ],
      ],
    ),
  ]);
};

/** Field numbers of the model message and of a function. */
const functional = (): Uint8Array => {
  const fn = (name: string, nodes: readonly Field[]): Field => [
    25,
    [[1, name], [4, 'a'], [5, 'b'], ...nodes.map(([, fields]): Field => [7, fields]), [9, [[2, 18]]], [10, 'mine']],
  ];
  const call = (name: string, from: string, to: string): Field => node(name, [from], [to], [[NODE.domain, 'mine']]);
  return model(
    [...io, shape, flat, call('outer', 'f', 'y')],
    [
      fn('inner', [node('Relu', ['a'], ['b'])]),
      fn('outer', [call('inner', 'a', 't'), call('inner', 't', 'b')]),
      [
        8,
        [
          [1, 'mine'],
          [2, 1],
        ],
      ],
    ],
  );
};

export interface Base {
  name: string;
  bytes: Uint8Array;
  /** Weights in a file beside it. */
  data: { name: string; bytes: Uint8Array } | null;
}

export function bases(root: string): Base[] {
  const outside = beside('weights.bin');
  const alone: Record<string, () => Uint8Array> = {
    convolutional,
    attention,
    quantised,
    looped,
    branched,
    scanned,
    functional,
    plain,
    twoInputs,
    warmth,
  };
  return [
    ...Object.entries(alone).map(([name, make]) => ({ name, bytes: make(), data: null })),
    { name: 'beside', bytes: outside.bytes, data: { name: 'weights.bin', bytes: new Uint8Array(outside.data.buffer) } },
    { name: 'signs', bytes: readFileSync(join(root, 'assets/samples/signs.onnx')), data: null },
  ];
}
