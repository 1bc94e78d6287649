import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { inspectModel, modelEnds } from '../../src-main/explore/inspect.ts';
import { betterWords, candidates, tryOthers } from '../../src-main/audit/trials.ts';
import type { Labelled } from '../../src-main/audit/trials.ts';
import { DType, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import { openImages } from '../../src-main/images/index.ts';
import type { ClassifierOutput } from '../../src-main/model/output.ts';
import { openOriginalOutput } from '../../src-main/runtime/original.ts';
import { IMAGES, MODEL } from '../cli/hairline.ts';

const SHARED = join(import.meta.dirname, '../../../shared');

async function labelled(paths: string[], limit: number): Promise<Labelled[]> {
  const { items } = await openImages({ paths, labels: null, offset: 0, limit });
  return Promise.all(items.filter(({ label }) => label !== null).map(async (item) => ({ picture: await item.read(), label: item.label! })));
}

async function tried(model: string, given: Preprocessing, pictures: Labelled[], most = Infinity) {
  const size = pictures[0]!.picture;
  const { channels } = (await inspectModel(model, { size })).network;
  const { graph, input, output } = await modelEnds(model, { size });
  const original = await openOriginalOutput({ graph, input, preprocessing: given, output: output as ClassifierOutput, provider: 'cpu' });
  try {
    return await tryOthers({ original, output: output as ClassifierOutput }, given, { channels, dims: input.dims }, pictures, most);
  } finally {
    await original.close();
  }
}

describe('other preprocessings on labelled pictures', () => {
  it('are the given one first, each once, in both orders of channels', () => {
    const given = Preprocessing.parse({ mean: [0.5], std: [0.5], width: 9, height: 9, geometry: 'stretch' });
    const all = candidates(given, { channels: 3, dims: [null, 3, 9, 9] });
    expect(all[0]).toEqual({ preprocessing: given, values: null, words: '' });
    expect(new Set(all.map(({ preprocessing }) => JSON.stringify(preprocessing))).size).toBe(all.length);
    expect(all.map(({ words }) => words)).toContain("ImageNet's mean and deviation, BGR");
    expect(all.every(({ preprocessing }) => preprocessing.width === 9)).toBe(true);
    // A grey network has no order, and no means of three channels.
    expect(
      candidates(Preprocessing.parse({ channels: 'grey' }), { channels: 1, dims: [1, 784] }).every(
        ({ preprocessing: { mean, channels } }) => mean.length === 1 && channels === 'grey',
      ),
    ).toBe(true);
  });

  it('leave the sample as it is, and mend what was made wrong of it', { timeout: 120_000 }, async () => {
    const { preprocessing } = await inspectModel(MODEL);
    const pictures = await labelled([IMAGES], 64);
    const right = (await tried(MODEL, preprocessing, pictures))!;
    expect([right.better, betterWords(right)]).toEqual([null, null]);
    for (const wrong of [{ scale: 255 }, { mean: [0.485, 0.456, 0.406], std: [0.05, 0.05, 0.05] }]) {
      const found = (await tried(MODEL, { ...preprocessing, ...wrong }, pictures))!;
      expect(found.better, JSON.stringify(wrong)).not.toBeNull();
      expect(found.better!.right).toBeGreaterThan(found.now.right);
      expect(betterWords(found)).toMatch(
        /^The preprocessing or the labels look wrong: with .+, \d+ of 60 labelled pictures are right instead of \d+\.$/,
      );
    }
  });

  it('and labels that count from another class', { timeout: 120_000 }, async () => {
    const { preprocessing } = await inspectModel(MODEL);
    const pictures = (await labelled([IMAGES], 64)).map((one) => ({ ...one, label: one.label + 1 }));
    const found = (await tried(MODEL, preprocessing, pictures))!;
    expect(found.better).toMatchObject({ shift: -1, words: '' });
    expect(betterWords(found)).toMatch(/with every label one lower, /);
  });

  it.each([
    ['flat values, pixel by pixel', ['N', 8 * 8 * 3], 'nchw'],
    ['four open dimensions, channels last', ['N', 'A', 'B', 'C'], 'nchw'],
    ['four open dimensions, channels first', ['N', 'A', 'B', 'C'], 'nhwc'],
  ] as const)('and the other layout where the shape leaves it open: %s', async (_, dims, layout) => {
    const random = randomStream('layout');
    const pictures = Array.from({ length: 20 }, (__, label): Labelled => ({
      label,
      picture: { width: 8, height: 8, channels: 3, data: Uint8Array.from({ length: 192 }, () => Math.floor(256 * random())) },
    }));
    const own = layout === 'nchw' ? 'nhwc' : 'nchw';
    // Each class is the picture of its number, less grey, in the layout that the network really has.
    const weights = pictures.map(({ picture: { data } }) =>
      Array.from({ length: 192 }, (___, i) => (own === 'nhwc' ? data[i]! : data[(i % 64) * 3 + Math.floor(i / 64)]!) / 255 - 0.5),
    );
    const builder = new GraphBuilder();
    builder.input('image', DType.float32, dims);
    const flat = builder.node('Reshape', ['image', builder.ints([-1, 192])]);
    builder.output(builder.node('Gemm', [flat, builder.constant(weights.flat(), [20, 192])], { transB: 1 }), DType.float32, ['N', 20]);
    const path = join(mkdtempSync(join(tmpdir(), 'hairline-layout-')), 'model.onnx');
    writeFileSync(path, saveGraph(builder.graph).bytes);
    const given = Preprocessing.parse({ layout });
    const found = (await tried(path, given, pictures))!;
    expect(found.now.right).toBeLessThan(10);
    expect(found.better).toMatchObject({
      preprocessing: { ...given, layout: own },
      values: null,
      words: own.toUpperCase(),
      shift: 0,
      right: 20,
    });
  });

  it('are not tried with too few pictures, or too little time', async () => {
    const { preprocessing } = await inspectModel(MODEL);
    const pictures = await labelled([IMAGES], 7);
    expect(await tried(MODEL, preprocessing, pictures)).toBeNull();
    expect(await tried(MODEL, preprocessing, await labelled([IMAGES], 64), 50)).toBeNull();
  });

  const CIFAR = 'cifar10/test_batch.bin';
  const MNIST = 'mnist/t10k-images-idx3-ubyte.gz';
  it.skipIf(!existsSync(SHARED)).each([
    ['classify-cifar10/vnncomp21_resnet_2b.onnx', CIFAR],
    ['classify-cifar10/vnncomp22_cifar_biasfield_base.onnx', CIFAR],
    ['classify-cifar10/dinhanh7_tinymobilenet/model.onnx', CIFAR],
    ['classify-cifar10/winml_tutorial_ImageClassifier.onnx', CIFAR],
    ['converted-from-weights/cifar10_akamaster_resnet20.onnx', CIFAR],
    ['converted-from-weights/cifar10_mlperftiny_resnet8_nhwc.onnx', CIFAR],
    ['classify-mnist/mnist-8_cntk.onnx', MNIST],
    ['classify-mnist/vnncomp21_Convnet_maxpool.onnx', MNIST],
    ['converted-from-weights/mnist_fmn_smallcnn.onnx', MNIST],
    ['classify-mnist/winml_mnist.onnx', MNIST],
  ])('of a published model: the guess is right, or what is right is offered: %s', { timeout: 200_000 }, async (model, data) => {
    const path = join(SHARED, 'models', model);
    const { preprocessing } = await inspectModel(path);
    const pictures = await labelled([join(SHARED, 'data', data)], 64);
    const found = (await tried(path, preprocessing, pictures, 250))!;
    expect(Math.max(found.now.right, found.better?.right ?? 0)).toBeGreaterThan(found.of / 2);
  });
});
