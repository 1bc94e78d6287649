import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectGraph, loadGraph, parseGraph } from '../../src-main/graph/index.ts';
import { scratch } from './folder.ts';
import { MODELS } from './run.ts';
import { floats, GRAPH, initializer, model, MODEL, node, NODE, TENSOR, value } from './wire.ts';

const folder = scratch();

describe('inspecting a model', () => {
  it('says what it is made of', () => {
    const bytes = model(
      [
        [GRAPH.input, value('x', ['N', 3, 0, 8])],
        [GRAPH.output, value('y', [1, 3], 10)],
        initializer('w', [2, 3], [[TENSOR.rawData, floats([1, 2, 3, 4, 5, 6])]]),
        initializer('b', [3], [[TENSOR.rawData, floats([1, 2, 3])]]),
        node('Relu', ['x'], ['a']),
        node('Relu', ['a'], ['b1']),
        node('Add', ['b1', 'b'], ['c']),
        node('QGemm', ['c', 'w'], ['y'], [[NODE.domain, 'com.microsoft']]),
      ],
      [
        [MODEL.producerVersion, '2.0'],
        [
          MODEL.opsetImport,
          [
            [1, 'com.microsoft'],
            [2, 1],
          ],
        ],
      ],
      17,
    );
    expect(inspectGraph(loadGraph(folder.write('m.onnx', bytes)))).toEqual({
      file: 'm.onnx',
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
      weights: [],
      producer: 'by hand 2.0',
      irVersion: 8,
      opsets: { 'ai.onnx': 17, 'com.microsoft': 1 },
      parameters: 9,
      operators: { Relu: 2, Add: 1, 'com.microsoft:QGemm': 1 },
      inputs: [{ name: 'x', type: 'float32', shape: ['N', 3, '?', 8] }],
      outputs: [{ name: 'y', type: 'float16', shape: [1, 3] }],
    });
  });

  it('tells operators by number, then by name', () => {
    const bytes = model([
      [GRAPH.output, value('y', [1])],
      ...['Tanh', 'Abs', 'Relu', 'Relu'].map((op, i) => node(op, [`v${i}`], [`v${i + 1}`])),
    ]);
    expect(Object.keys(inspectGraph(parseGraph(bytes)).operators)).toEqual(['Relu', 'Abs', 'Tanh']);
  });
});

/** An entry of the catalogue that was made from the same files with Python's onnx. */
interface Entry {
  file: string;
  bytes: number;
  sha256: string;
  opset?: Record<string, number>;
  producer?: string;
  inputs?: [string, string][];
  outputs?: [string, string][];
  ops?: Record<string, number>;
}
const catalogue = (JSON.parse(existsSync(MODELS) ? readFileSync(`${MODELS}/catalog.json`, 'utf8') : '[]') as Entry[]).filter((e) =>
  existsSync(`${MODELS}/${e.file}`),
);

/** As the catalogue writes a value: `float[batch,3,32,32]`, a dimension without number or name as `?` or `None`. */
const CATALOGUE_TYPE: Record<string, string> = { float32: 'float', float64: 'double' };
const written = (v: { type: string; shape: (number | string)[] }) => `${CATALOGUE_TYPE[v.type] ?? v.type}[${v.shape.join(',')}]`;
const plain = (text: string) => text.replace(/\b(None|dim)\b/g, '?');

describe.skipIf(catalogue.length === 0)('published models (skipped where ../shared/models is missing)', () => {
  it.each(catalogue.map((e) => [e.file, e] as const))('%s', (_, entry) => {
    const path = `${MODELS}/${entry.file}`;
    if (entry.opset && Object.keys(entry.opset).length === 0) {
      expect(() => loadGraph(path)).toThrow('names no operator set version');
      return;
    }
    const facts = inspectGraph(loadGraph(path));
    expect({ file: facts.file, bytes: facts.bytes, sha256: facts.sha256 }).toEqual({
      file: basename(entry.file),
      bytes: entry.bytes,
      sha256: entry.sha256,
    });
    if (!entry.ops) return;
    expect(facts.opsets).toEqual(entry.opset);
    expect(facts.producer).toBe(entry.producer);
    // A Constant node is read as what it is, an initializer.
    const { Constant: _constants, ...operators } = entry.ops;
    expect(facts.operators).toEqual(operators);
    const tensors = (list: [string, string][]) =>
      list.filter(([, type]) => type.endsWith(']')).map(([name, type]) => `${name} ${plain(type)}`);
    expect(facts.inputs.map((v) => `${v.name} ${plain(written(v))}`)).toEqual(tensors(entry.inputs!));
    expect(facts.outputs.filter((v) => v.type !== 'sequence' && v.type !== 'map').map((v) => `${v.name} ${plain(written(v))}`)).toEqual(
      tensors(entry.outputs!),
    );
  });
});
