import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadGraph, parseGraph, saveGraph } from '../../src-main/graph/index.ts';
import { Tensor } from '../../src-main/runtime/ort.ts';
import { scratch } from './folder.ts';
import { feedsFor, MODELS, outputOf } from './run.ts';
import { encode, floats, GRAPH, initializer, messages, model, MODEL, node, read, TENSOR, texts, value } from './wire.ts';
import type { Field } from './wire.ts';

const folder = scratch();
/** A field number that no version of ONNX uses. */
const LATER = 9000;
const WEIGHTS = Array.from({ length: 4 * 400 }, (_, i) => Math.sin(i) / 7);
const BIAS = Array.from({ length: 400 }, (_, i) => Math.cos(i));

/** x [1,4] times a 4 x 400 matrix (kept outside when saved), times 2 (kept inline), plus a bias written number by number. */
function sample(): Uint8Array {
  const later = (text: string): Field => [LATER, text];
  return model(
    [
      node('MatMul', ['x', 'w'], ['a'], [later('in a node')]),
      node('Mul', ['a', 'two'], ['c']),
      node('Add', ['c', 'b'], ['y']),
      initializer('w', [4, 400], [[TENSOR.rawData, floats(WEIGHTS)], later('in a tensor')]),
      initializer('two', [1], [[TENSOR.rawData, floats([2])], later('in a small tensor')]),
      initializer('b', [400], [[TENSOR.floatData, floats(BIAS)], later('in an old tensor')]),
      [GRAPH.input, value('x', [1, 4])],
      [GRAPH.output, value('y', [1, 400])],
      [GRAPH.valueInfo, value('a', [7, 7])],
      later('in the graph'),
    ],
    [later('in the model')],
  );
}

const tensorNamed = (graph: Uint8Array, name: string) => messages(graph, GRAPH.initializer).find((t) => texts(t, TENSOR.name)[0] === name)!;

describe('saving a graph', () => {
  it('keeps what this version of the schema does not know, on every level', () => {
    const { bytes } = saveGraph(loadGraph(folder.write('later.onnx', sample())));
    const graph = messages(bytes, MODEL.graph)[0]!;
    expect(texts(bytes, LATER)).toEqual(['in the model']);
    expect(texts(graph, LATER)).toEqual(['in the graph']);
    expect(messages(graph, GRAPH.node).flatMap((n) => texts(n, LATER))).toEqual(['in a node']);
    for (const [name, text] of [
      ['w', 'in a tensor'],
      ['two', 'in a small tensor'],
      ['b', 'in an old tensor'],
    ] as const)
      expect(texts(tensorNamed(graph, name), LATER), name).toEqual([text]);
    expect(texts(bytes, MODEL.producerName)).toEqual(['by hand']);
  });

  it('points at weights in the original file instead of copying them', () => {
    const file = folder.write('weights.onnx', sample());
    const { bytes, dataFolder } = saveGraph(loadGraph(file));
    expect(dataFolder).toBe(dirname(file));
    const graph = messages(bytes, MODEL.graph)[0]!;
    const w = tensorNamed(graph, 'w');
    expect(read(w, TENSOR.rawData)).toEqual([]);
    expect(read(w, TENSOR.dataLocation)).toEqual([1n]);
    const entries = Object.fromEntries(messages(w, TENSOR.externalData).map((e) => [texts(e, 1)[0]!, texts(e, 2)[0]!]));
    expect(entries).toEqual({ location: 'weights.onnx', offset: expect.any(String) as string, length: String(4 * WEIGHTS.length) });
    const at = Number(entries['offset']);
    expect(
      readFileSync(file)
        .subarray(at, at + 4 * WEIGHTS.length)
        .equals(Buffer.from(floats(WEIGHTS))),
    ).toBe(true);
    // The bias was no raw bytes in the file, so it has to travel; the matrix must not.
    expect(bytes.length).toBeLessThan(4 * BIAS.length + 500);
  });

  it('drops declared shapes of inner values, which a derived graph would not keep', () => {
    const { bytes } = saveGraph(parseGraph(sample()));
    expect(read(messages(bytes, MODEL.graph)[0]!, GRAPH.valueInfo)).toEqual([]);
  });

  it('computes the same bits as the original', async () => {
    const plain = folder.write(
      'plain.onnx',
      model([
        node('MatMul', ['x', 'w'], ['a']),
        node('Mul', ['a', 'two'], ['c']),
        node('Add', ['c', 'b'], ['y']),
        initializer('w', [4, 400], [[TENSOR.rawData, floats(WEIGHTS)]]),
        initializer('two', [1], [[TENSOR.rawData, floats([2])]]),
        initializer('b', [400], [[TENSOR.floatData, floats(BIAS)]]),
        [GRAPH.input, value('x', [1, 4])],
        [GRAPH.output, value('y', [1, 400])],
      ]),
    );
    const x = { x: new Tensor('float32', Float32Array.of(0.5, -0.25, 3, 0.125), [1, 4]) };
    const y = await outputOf(saveGraph(loadGraph(plain)), x);
    expect(y).toEqual(await outputOf(plain, x));
    // x, w and b are short sums of float32: doubles know them to a few units in the last place.
    y.forEach((v, k) => {
      const exact =
        2 * [0.5, -0.25, 3, 0.125].reduce((sum, f, i) => sum + f * Math.fround(WEIGHTS[400 * i + k]!), 0) + Math.fround(BIAS[k]!);
      expect(Math.abs(v - exact)).toBeLessThan(1e-6);
    });
  });

  it('carries its weights along when there is no file to point at', async () => {
    const saved = saveGraph(parseGraph(sample()));
    expect(saved.dataFolder).toBe('');
    expect(saved.bytes.length).toBeGreaterThan(4 * WEIGHTS.length);
    const x = { x: new Tensor('float32', Float32Array.of(1, 0, 0, 0), [1, 4]) };
    expect((await outputOf(saved, x))[1]).toBeCloseTo(2 * WEIGHTS[1]! + BIAS[1]!, 6);
  });

  it('lifts files from before initializers could be anything but inputs', () => {
    const old = encode([
      [MODEL.irVersion, 3],
      [MODEL.graph, [[GRAPH.output, value('y', [1])], node('Identity', ['x'], ['y']), [GRAPH.input, value('x', [1])]]],
      [MODEL.opsetImport, [[2, 7]]],
    ]);
    expect(read(saveGraph(parseGraph(old)).bytes, MODEL.irVersion)).toEqual([8n]);
  });
});

/** Small weights inline, initializers listed as inputs, external data, an orphaned data file, Constant nodes, NHWC. */
const PUBLISHED = [
  'classify-mnist/mnist-8_cntk.onnx',
  'classify-mnist/zuramai_extdata/mnist.onnx',
  'classify-cifar10/vnncomp21_resnet_2b.onnx',
  'classify-cifar10/vnncomp21_marabou_cifar10_small.onnx',
  'classify-cifar10/vnncomp23_vit_ibp_3_3_8.onnx',
  'classify-cifar10/dinhanh7_tinymobilenet/model.onnx',
].map((name) => `${MODELS}/${name}`);

describe.skipIf(!existsSync(MODELS))('saving published models (skipped where ../shared/models is missing)', () => {
  it.each(PUBLISHED)('%s: the same bits, a fraction of the bytes', async (file) => {
    const graph = loadGraph(file);
    const saved = saveGraph(graph);
    const feeds = feedsFor(graph);
    expect(await outputOf(saved, feeds)).toEqual(await outputOf(file, feeds));
    // What stays inside: nodes, tensors of less than a kilobyte, and those that are no raw bytes in the file.
    const inside = [...graph.initializers.values()].reduce((sum, t) => sum + Math.min(t.rawData.length, 1024) + 4 * t.floatData.length, 0);
    expect(saved.bytes.length).toBeLessThan(inside + 400 * (graph.nodes.length + graph.initializers.size) + 2000);
  });
});
