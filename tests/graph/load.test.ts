import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { DType, loadGraph, parseGraph, saveGraph, tensorNumbers } from '../../src-main/graph/index.ts';
import { Tensor } from '../../src-main/runtime/ort.ts';
import { scratch } from './folder.ts';
import { outputOf } from './run.ts';
import { ATTRIBUTE, encode, floats, GRAPH, initializer, model, MODEL, node, NODE, tensor, TENSOR, value } from './wire.ts';
import type { Field } from './wire.ts';

const folder = scratch();
const io: Field[] = [
  [GRAPH.input, value('x', ['N', 2])],
  [GRAPH.output, value('y', ['N', 2])],
];
const w = initializer('w', [2], [[TENSOR.rawData, floats([3, 4])]]);

/** The message of the UserError that a file gives. */
function refusal(path: string): string {
  try {
    loadGraph(path);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error('the file was accepted');
}

describe('loading a model', () => {
  it('leaves initializers that older files list as inputs out of the inputs', async () => {
    const bytes = model([...io, [GRAPH.input, value('w', [2])], w, node('Mul', ['x', 'w'], ['y'])]);
    const graph = loadGraph(folder.write('listed.onnx', bytes));
    expect(graph.inputs.map((i) => i.name)).toEqual(['x']);
    const x = { x: new Tensor('float32', Float32Array.of(1, 2), [1, 2]) };
    expect(Array.from(await outputOf(saveGraph(graph), x))).toEqual([3, 8]);
  });

  it('reads Constant nodes of every form as initializers', () => {
    const constant = (name: string, fields: Field[]) => node('Constant', [], [name], [[NODE.attribute, fields]]);
    const graph = parseGraph(
      model([
        ...io,
        constant('t', [
          [ATTRIBUTE.name, 'value'],
          [ATTRIBUTE.t, tensor('inner', [2], [[TENSOR.rawData, floats([1.5, -2])]])],
          [ATTRIBUTE.type, 4],
        ]),
        constant('f', [
          [ATTRIBUTE.name, 'value_float'],
          [ATTRIBUTE.f, { float: 0.25 }],
          [ATTRIBUTE.type, 1],
        ]),
        constant('fs', [
          [ATTRIBUTE.name, 'value_floats'],
          [ATTRIBUTE.floats, { float: 0.5 }],
          [ATTRIBUTE.floats, { float: -1 }],
          [ATTRIBUTE.type, 6],
        ]),
        constant('i', [
          [ATTRIBUTE.name, 'value_int'],
          [ATTRIBUTE.i, -7],
          [ATTRIBUTE.type, 2],
        ]),
        constant('is', [
          [ATTRIBUTE.name, 'value_ints'],
          [ATTRIBUTE.ints, 5],
          [ATTRIBUTE.ints, -1n],
          [ATTRIBUTE.type, 7],
        ]),
        constant('s', [
          [ATTRIBUTE.name, 'value_string'],
          [ATTRIBUTE.s, 'text'],
          [ATTRIBUTE.type, 3],
        ]),
        node('Add', ['x', 't'], ['y']),
      ]),
    );
    const content = Object.fromEntries(
      [...graph.initializers].map(([name, t]) => [name, [t.dataType, t.dims.map(Number), Array.from(tensorNumbers(t))]]),
    );
    expect(content).toEqual({
      t: [DType.float32, [2], [1.5, -2]],
      f: [DType.float32, [], [0.25]],
      fs: [DType.float32, [2], [0.5, -1]],
      i: [DType.int64, [], [-7]],
      is: [DType.int64, [2], [5, -1]],
    });
    expect(graph.nodes.map((n) => n.opType)).toEqual(['Constant', 'Add']); // a string has no numbers
  });

  it('keeps INT64_MAX, which stands for "to the end"', async () => {
    const end = node(
      'Constant',
      [],
      ['end'],
      [
        [
          NODE.attribute,
          [
            [ATTRIBUTE.name, 'value_ints'],
            [ATTRIBUTE.ints, 2n ** 63n - 1n],
            [ATTRIBUTE.type, 7],
          ],
        ],
      ],
    );
    const start = initializer('start', [1], [[TENSOR.int64Data, 1]], DType.int64);
    const bytes = model([...io, end, start, node('Slice', ['x', 'start', 'end', 'start'], ['y'])]);
    const x = { x: new Tensor('float32', Float32Array.of(1, 2), [1, 2]) };
    expect(Array.from(await outputOf(saveGraph(parseGraph(bytes)), x))).toEqual([2]);
  });

  it('sorts nodes that are out of order', () => {
    const graph = parseGraph(model([...io, w, node('Mul', ['b', 'w'], ['y']), node('Relu', ['a'], ['b']), node('Abs', ['x'], ['a'])]));
    expect(graph.nodes.map((n) => n.opType)).toEqual(['Abs', 'Relu', 'Mul']);
  });

  it('sorts by what the bodies of control flow read, however deep', () => {
    const body = (inner: Field[], name: string): Field[] => [[GRAPH.name, 'body'], ...inner, [GRAPH.output, value(name, ['N', 2])]];
    const branches = (inner: Field[], name: string): Field[] =>
      ['then_branch', 'else_branch'].map((n): Field => [
        NODE.attribute,
        [
          [ATTRIBUTE.name, n],
          [ATTRIBUTE.g, body(inner, name)],
          [ATTRIBUTE.type, 5],
        ],
      ]);
    const deep = node('If', ['c'], ['d'], branches([node('Identity', ['late'], ['e'])], 'e'));
    const yes = initializer('c', [], [[TENSOR.int32Data, 1]], DType.bool);
    const graph = parseGraph(model([...io, yes, node('If', ['c'], ['y'], branches([deep], 'd')), node('Relu', ['x'], ['late'])]));
    expect(graph.nodes.map((n) => n.opType)).toEqual(['Relu', 'If']);
  });

  it.each([
    ['two nodes', [node('Relu', ['b'], ['a']), node('Abs', ['a'], ['b']), node('Add', ['x', 'b'], ['y'])]],
    ['one node', [node('Add', ['x', 'y'], ['y'])]],
  ])('refuses a circle of %s', (_, nodes) => {
    expect(refusal(folder.write('circle.onnx', model([...io, ...nodes])))).toMatch(
      /^circle\.onnx is damaged: its nodes form a circle at (Relu|Abs|Add)\.$/,
    );
  });
});

describe('a file that is no model', () => {
  const good = model([...io, w, node('Mul', ['x', 'w'], ['y'])]);

  it.each<[string, Uint8Array | string, RegExp]>([
    ['empty', '', /^bad\.onnx is empty: it is no ONNX model\.$/],
    ['a text', 'The quick brown fox jumps over the lazy dog.\n', /^bad\.onnx is no ONNX model/],
    ['JSON', '{"model": true}', /^bad\.onnx is no ONNX model/],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13), /^bad\.onnx is no ONNX model/],
    ['zeros', new Uint8Array(1000), /^bad\.onnx is no ONNX model/],
    [
      'without a graph',
      encode([
        [MODEL.irVersion, 8],
        [MODEL.opsetImport, [[2, 18]]],
      ]),
      /^bad\.onnx is no ONNX model: it holds no graph\.$/,
    ],
    ['without outputs', model([[GRAPH.input, value('x', [1])]]), /it holds no graph\.$/],
    [
      'without an opset',
      encode([
        [MODEL.irVersion, 8],
        [MODEL.graph, [...io, node('Relu', ['x'], ['y'])]],
      ]),
      /names no operator set version \(opset_import\)/,
    ],
  ])('%s is refused in one sentence', (_, bytes, message) => {
    const text = refusal(folder.write('bad.onnx', bytes));
    expect(text).toMatch(message);
    expect(text).toMatch(/^[^\n]{20,200}\.$/);
  });

  it('cut short anywhere is refused in one sentence, or is still whole', () => {
    for (let length = 1; length < good.length; length++) {
      const text = refusal(folder.write('cut.onnx', good.slice(0, length)));
      expect(text, `at ${length}`).toMatch(/^cut\.onnx (is no ONNX model|names no operator set)[^\n]*\.$/);
    }
    expect(loadGraph(folder.write('whole.onnx', good)).nodes).toHaveLength(1);
  });

  it('missing, or a folder, is said to be so', () => {
    expect(refusal(join(folder.path, 'nowhere.onnx'))).toMatch(/nowhere\.onnx cannot be read: check that the file is there/);
    mkdirSync(join(folder.path, 'dir.onnx'));
    expect(refusal(join(folder.path, 'dir.onnx'))).toMatch(/dir\.onnx is a folder, not a file: give a file\.$/);
  });
});
