import { create } from '@bufbuild/protobuf';
import { StringStringEntryProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { DType, emptyGraph, GraphBuilder, parseGraph, saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { namesInModel } from '../../src-main/model/modelNames.ts';

/** A model with these metadata, as it comes back from its bytes. */
function withMetadata(metadata: Record<string, string>, build: (b: GraphBuilder) => void = () => undefined): Graph {
  const b = new GraphBuilder(emptyGraph('test'));
  b.input('x', DType.float32, ['N', 3]);
  b.node('Identity', ['x'], {}, { outputs: ['y'] });
  build(b);
  b.output('y', DType.float32, ['N', 3]);
  for (const [key, value] of Object.entries(metadata))
    b.graph.model.metadataProps.push(create(StringStringEntryProtoSchema, { key, value }));
  return parseGraph(saveGraph(b.graph).bytes);
}

describe('class names in a model file', () => {
  it.each([
    ['names', "{0: 'red', 1: \"fisher's net\", 2: 'dark'}"],
    ['names', '["red", "fisher\'s net", "dark"]'],
    ['id2label', '{"2": "dark", "0": "red", "1": "fisher\'s net"}'],
    ['label2id', '{"dark": 2, "red": 0, "fisher\'s net": 1}'],
    ['Class_Names', "red,fisher's net,dark"],
    ['labels', "red\nfisher's net\ndark\n"],
    ['classes', "('red', 'fisher\\'s net', 'dark',)"],
  ])('under %s as %j', (key, value) => {
    expect(namesInModel(withMetadata({ author: 'a,b,c', [key]: value }), 3)).toMatchObject({
      names: ['red', "fisher's net", 'dark'],
      where: `its metadata "${key}"`,
    });
  });

  it.each([
    ['another number', { names: "{0: 'red', 1: 'dark'}" }],
    ['other keys', { stride: '1,2,3', author: 'a,b,c', description: "['a', 'b', 'c']" }],
    ['names twice', { names: '["a", "a", "b"]' }],
    ['no list', { names: "{0: 'red', 1: __import__('os'), 2: 'dark'}", labels: '{"a"', classes: '[1, [2], 3]' }],
  ])('are not taken from %s', (_, metadata) => {
    expect(namesInModel(withMetadata(metadata), 3)).toBeNull();
  });

  it('come from the labels of ZipMap, numbers too where they are no places', () => {
    const zip = (attributes: Record<string, string[] | number[]>) =>
      withMetadata({}, (b) => b.node('ZipMap', ['x'], attributes, { domain: 'ai.onnx.ml' }));
    expect(namesInModel(zip({ classlabels_strings: ['red', 'green', 'blue'] }), 3)).toMatchObject({
      names: ['red', 'green', 'blue'],
      where: 'the labels of its ZipMap',
    });
    expect(namesInModel(zip({ classlabels_int64s: [3, 7, 9] }), 3)?.names).toEqual(['3', '7', '9']);
    expect(namesInModel(zip({ classlabels_int64s: [0, 1, 2] }), 3)).toBeNull();
  });
});
