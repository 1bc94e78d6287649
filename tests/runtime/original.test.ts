import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { softmax } from '../../src-main/model/scores.ts';
import { MODELS } from '../graph/run.ts';
import { convolutional, weights } from '../model/networks.ts';
import { openBoth, pictures } from './open.ts';

const picture = { channels: 3, height: 8, width: 8 };

/** A matrix on the flattened picture, and the end that `body` gives it; declared for `batch` pictures. */
function network(body: (b: GraphBuilder, z: string) => void, batch: number | string = 'N'): Graph {
  const b = new GraphBuilder(emptyGraph('g'));
  b.graph.model.opsetImport.push({ ...b.graph.model.opsetImport[0]!, domain: 'ai.onnx.ml', version: 1n });
  b.input('x', DType.float32, [batch, 3, 8, 8]);
  body(b, b.node('MatMul', [b.node('Flatten', ['x'], { axis: 1 }), weights(b, [192, 4], 3)], {}, { outputs: ['z'] }));
  return b.graph;
}
const put = (b: GraphBuilder, value: string, name = 'y', type: DType = DType.float32) => {
  b.node('Identity', [value], {}, { outputs: [name] });
  b.output(name, type, ['N', '?']);
};

describe('the original model as a judge', () => {
  it.each<[string, Graph]>([
    ['logits', network((b, z) => put(b, z))],
    ['a softmax', network((b, z) => put(b, b.node('Softmax', [z])))],
    ['a log-softmax', network((b, z) => put(b, b.node('LogSoftmax', [z])))],
    ['a label only', network((b, z) => put(b, b.node('ArgMax', [b.node('Softmax', [z])], { axis: 1 }), 'label', DType.int64))],
    [
      'a label and a map',
      network((b, z) => {
        put(b, b.node('ArgMax', [z], { axis: 1 }), 'label', DType.int64);
        b.node('ZipMap', [b.node('Softmax', [z])], { classlabels_int64s: [0, 1, 2, 3] }, { outputs: ['maps'], domain: 'ai.onnx.ml' });
        b.graph.outputs.push({ ...b.graph.inputs[0]!, name: 'maps', type: undefined });
      }),
    ],
    ['a fixed batch of 3', network((b, z) => put(b, b.node('Reshape', [z, b.ints([3, 4])])), 3)],
  ])('sees what the derived graph sees: %s', async (_, graph) => {
    const { model, original } = await openBoth(graph, picture, { mean: [0.5], std: [0.5] }, 3);
    for (const x of pictures(picture, 3)) {
      const { logits } = await model.forward(Float32Array.from([...x, ...x, ...x]));
      const expected = softmax(logits.subarray(0, 4));
      const { prediction, probabilities } = await original.predict(x, picture);
      probabilities.forEach((p, k) => expect(p).toBeCloseTo(expected[k]!, 5));
      expect(prediction).toBe(expected.indexOf(Math.max(...expected)));
    }
  });

  it('takes pictures of another size where the network does', async () => {
    const { original } = await openBoth(convolutional(3, 5), picture);
    const larger = { channels: 3, height: 11, width: 9 };
    expect((await original.predict(pictures(larger, 1)[0]!, larger)).logits).toHaveLength(5);
  });

  it('says in one sentence when a picture does not fit', async () => {
    const { original } = await openBoth(
      network((b, z) => put(b, z)),
      picture,
    );
    const larger = { channels: 3, height: 11, width: 9 };
    const predicting = original.predict(pictures(larger, 1)[0]!, larger);
    await expect(predicting).rejects.toThrow(UserError);
    await expect(predicting).rejects.toThrow('The model reads 8 x 8 pixels, but the images come as 9 x 11');
  });

  it('says in one sentence when the network does not run on a picture', async () => {
    const b = new GraphBuilder(emptyGraph('g'));
    b.input('x', DType.float32, ['N', 3, 'h', 'w']);
    b.node('MatMul', [b.node('Flatten', ['x'], { axis: 1 }), weights(b, [192, 4], 3)], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 4]);
    const { original } = await openBoth(b.graph, picture);
    const larger = { channels: 3, height: 11, width: 9 };
    const predicting = original.predict(pictures(larger, 1)[0]!, larger);
    await expect(predicting).rejects.toThrow(UserError);
    await expect(predicting).rejects.toThrow(/^The model does not run on a picture of 9 x 11: [^\n]+\.$/);
  });
});

describe.skipIf(!existsSync(MODELS))('published models as judges (skipped where ../shared/models is missing)', () => {
  it('a model whose outputs are a label and a sequence of maps', async () => {
    const shape = { channels: 1, height: 28, width: 28 };
    const { model, original } = await openBoth(`${MODELS}/classify-mnist/winml_hist_mnist_model.onnx`, shape, {
      channels: 'grey',
      scale: 255,
    });
    const [x] = pictures(shape, 1);
    const expected = softmax((await model.forward(Float32Array.from([...x!, ...x!]))).logits.subarray(0, 10));
    (await original.predict(x!, shape)).probabilities.forEach((p, k) => expect(p).toBeCloseTo(expected[k]!, 4));
  });
});
