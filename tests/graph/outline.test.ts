import { existsSync, readFileSync, statSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import { DType, externalLocation, loadGraph, parseGraph, saveGraph, tensorNumbers } from '../../src-main/graph/index.ts';
import { readOutline } from '../../src-main/graph/outline.ts';
import { Tensor } from '../../src-main/runtime/ort.ts';
import { scratch } from './folder.ts';
import { MODELS, outputOf } from './run.ts';
import { ATTRIBUTE, floats, GRAPH, initializer, model, node, NODE, tensor, TENSOR, value } from './wire.ts';
import type { Field } from './wire.ts';

const folder = scratch();
const NUMBERS = Array.from({ length: 300 }, (_, i) => Math.fround(Math.sin(i)));
const raw: Field = [TENSOR.rawData, floats(NUMBERS)];
const DOUBLE_DATA = 10;
const doubles: Field = [DOUBLE_DATA, new Uint8Array(Float64Array.from(NUMBERS).buffer)];
const constant = (name: string, op = 'Constant') =>
  node(
    op,
    [],
    [name],
    [
      [
        NODE.attribute,
        [
          [ATTRIBUTE.name, 'value'],
          [ATTRIBUTE.t, tensor('', [300], [raw])],
          [ATTRIBUTE.type, 4],
        ],
      ],
    ],
  );

/** Every place a weight may be written in, and one that has to stay. */
const sample = model([
  [GRAPH.input, value('x', [1, 300])],
  [GRAPH.output, value('y', [1, 300])],
  initializer('raw', [300], [raw]),
  initializer('floats', [300], [[TENSOR.floatData, floats(NUMBERS)]]),
  initializer('doubles', [300], [doubles], DType.float64),
  // A field may be repeated, and all its parts count.
  initializer(
    'parts',
    [300],
    [
      [TENSOR.floatData, floats(NUMBERS.slice(0, 10))],
      [TENSOR.floatData, floats(NUMBERS.slice(10))],
    ],
  ),
  initializer('small', [2], [[TENSOR.rawData, floats([1, 2])]]),
  constant('constant'),
  node('Sum', ['x', 'raw', 'floats', 'parts', 'constant'], ['y']),
]);
const KEPT = ['parts', 'small'];

describe('reading a file but for its weights', () => {
  it('leaves out every tensor of some size, and says where its bytes lie', () => {
    const file = folder.write('sample.onnx', sample);
    const graph = loadGraph(file);
    const whole = parseGraph(sample);
    expect([...graph.initializers.keys()]).toEqual([...whole.initializers.keys()]);
    for (const [name, t] of graph.initializers) {
      expect(externalLocation(t) === null, name).toBe(KEPT.includes(name));
      expect(Array.from(tensorNumbers(t, graph)), name).toEqual(Array.from(tensorNumbers(whole.initializers.get(name)!)));
    }
    expect(readOutline(file, 'sample.onnx').length).toBeLessThan(sample.length / 2);
  });

  it('points at places where onnxruntime reads the same', async () => {
    const used = model([
      [GRAPH.input, value('x', [1, 300])],
      [GRAPH.output, value('y', [1, 300])],
      initializer('raw', [300], [raw]),
      initializer('floats', [300], [[TENSOR.floatData, floats(NUMBERS)]]),
      constant('constant'),
      node('Sum', ['x', 'raw', 'floats', 'constant'], ['y']),
    ]);
    const file = folder.write('used.onnx', used);
    const x = {
      x: new Tensor(
        'float32',
        Float32Array.from(NUMBERS, (_, i) => i),
        [1, 300],
      ),
    };

    expect(await outputOf(saveGraph(loadGraph(file)), x)).toEqual(await outputOf(file, x));
  });

  it('keeps what is in other nodes than Constant in the message', () => {
    const bytes = model([[GRAPH.output, value('y', [1])], constant('y', 'Other')]);
    const read = fromBinary(ModelProtoSchema, readOutline(folder.write('other.onnx', bytes), 'other.onnx'));
    expect(read).toEqual(fromBinary(ModelProtoSchema, Uint8Array.from(bytes)));
  });

  it('notices a file that ends within a weight', () => {
    const file = folder.write('short.onnx', sample.slice(0, sample.length - 500));
    expect(() => loadGraph(file)).toThrow('short.onnx is no ONNX model, or was cut short: export or copy it again.');
  });
});

const files = existsSync(MODELS)
  ? globSync('classify-{mnist,cifar10}/**/*.onnx', { cwd: MODELS, absolute: true }).filter((file) => statSync(file).size < 4e6)
  : [];

describe.skipIf(files.length === 0)('published models (skipped where ../shared/models is missing)', () => {
  it('have the weights that a reader of the whole message finds', () => {
    let outside = 0;
    for (const file of files) {
      if (fromBinary(ModelProtoSchema, readFileSync(file)).opsetImport.length === 0) continue;
      const [graph, whole] = [loadGraph(file), parseGraph(readFileSync(file), file)];
      for (const [name, t] of graph.initializers) {
        if (externalLocation(t)) outside++;
        if (t.dataType === DType.string) continue;
        expect(
          Buffer.from(Float64Array.from(tensorNumbers(t, graph)).buffer).equals(
            Buffer.from(Float64Array.from(tensorNumbers(whole.initializers.get(name)!, whole)).buffer),
          ),
          `${file} ${name}`,
        ).toBe(true);
      }
    }
    expect(outside).toBeGreaterThan(100);
  });
});
