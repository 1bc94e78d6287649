import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { PRESETS, parsePreprocessing, presetFor, preprocess } from '../../src-main/model/preprocessing/index.ts';

const white = (channels: number, size: number): Float32Array => new Float32Array(channels * size * size).fill(1);
const range = (name: string, channels: number, size: number): number[] => {
  const spec = PRESETS[name]!.preprocessing;
  const picture = { channels, height: size, width: size };
  const low = preprocess(spec, new Float32Array(channels * size * size), picture, spec.channels === 'grey' ? 1 : 3).data;
  const high = preprocess(spec, white(channels, size), picture, spec.channels === 'grey' ? 1 : 3).data;
  const plane = low.length / (spec.channels === 'grey' ? 1 : 3);
  return [low[0]!, high[0]!, low[low.length - plane]!, high[high.length - plane]!];
};

describe('presets', () => {
  it.each([
    // Black and white in the first and in the last channel, from each preset's own definition.
    ['mnist', 1, 28, [0, 1, 0, 1]],
    ['mnist-norm', 1, 28, [-0.1307 / 0.3081, (1 - 0.1307) / 0.3081, -0.1307 / 0.3081, (1 - 0.1307) / 0.3081]],
    ['cifar10', 3, 32, [0, 1, 0, 1]],
    ['cifar10-norm', 3, 32, [-0.4914 / 0.2471, (1 - 0.4914) / 0.2471, -0.4465 / 0.2616, (1 - 0.4465) / 0.2616]],
    ['imagenet', 3, 300, [-0.485 / 0.229, (1 - 0.485) / 0.229, -0.406 / 0.225, (1 - 0.406) / 0.225]],
    ['imagenet-caffe', 3, 256, [-103.939, 255 - 103.939, -123.68, 255 - 123.68]],
    ['unit', 3, 7, [0, 1, 0, 1]],
    ['0..255', 3, 7, [0, 255, 0, 255]],
    ['-1..1', 3, 7, [-1, 1, -1, 1]],
  ] as const)('%s', (name, channels, size, expected) => {
    range(name, channels, size).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
  });

  it('are valid and all tested above', () => {
    for (const preset of Object.values(PRESETS)) expect(Preprocessing.parse(preset.preprocessing)).toEqual(preset.preprocessing);
    expect(Object.keys(PRESETS)).toHaveLength(9);
  });

  it('fit a network of another size or layout', () => {
    expect(presetFor('imagenet')).toEqual(PRESETS['imagenet']!.preprocessing);
    const fit = (width: number | null, height: number | null) => ({ network: { width, height }, layout: 'nhwc' as const });
    expect(presetFor('imagenet', fit(384, 384))).toMatchObject({
      geometry: 'centre-crop',
      width: 384,
      height: 384,
      resizeTo: 439,
      layout: 'nhwc',
    });
    expect(presetFor('imagenet', fit(224, 224))).toMatchObject({ resizeTo: 256 });
    expect(presetFor('0..255', fit(60, 40))).toMatchObject({ geometry: 'stretch', width: 60, height: 40, scale: 255 });
    expect(presetFor('unit', fit(null, null))).toMatchObject({ geometry: 'none', width: null });
    expect(() => presetFor('imgnet')).toThrow('no preset called imgnet: choose one of mnist,');
    expect(() => presetFor('constructor')).toThrow('no preset');
  });

  it('are not changed through what was handed out', () => {
    presetFor('unit').mean[0] = 9;
    expect(presetFor('unit').mean).toEqual([0]);
  });
});

describe('parsePreprocessing', () => {
  it('reads key=value pairs', () => {
    expect(
      parsePreprocessing(
        'geometry=center-crop, size=224, resize=256, mean=0.485/0.456/0.406, std=0.229/0.224/0.225, channels=bgr, layout=nhwc',
      ),
    ).toEqual(
      Preprocessing.parse({
        geometry: 'centre-crop',
        width: 224,
        height: 224,
        resizeTo: 256,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        channels: 'bgr',
        layout: 'nhwc',
      }),
    );
    expect(parsePreprocessing('pad-value=0.5,geometry=pad,width=3,HEIGHT=4')).toMatchObject({ padValue: 0.5, width: 3, height: 4 });
  });

  it('starts from a preset', () => {
    expect(parsePreprocessing('imagenet')).toEqual(PRESETS['imagenet']!.preprocessing);
    expect(parsePreprocessing('imagenet,channels=bgr,resizeTo=null')).toEqual({
      ...PRESETS['imagenet']!.preprocessing,
      channels: 'bgr',
      resizeTo: null,
    });
    expect(parsePreprocessing('-1..1')).toEqual(PRESETS['-1..1']!.preprocessing);
  });

  it('reads JSON', () => {
    expect(parsePreprocessing('{"scale": 255, "mean": [1, 2, 3]}')).toEqual(Preprocessing.parse({ scale: 255, mean: [1, 2, 3] }));
  });

  it.each([
    ['', 'is empty'],
    ['{"scale": 255', 'not valid JSON'],
    ['{"scales": 255}', 'scales'],
    ['[1]', 'neither a preset'],
    ['imagnet', '"imagnet" in the preprocessing is neither a preset'],
    ['scale=2,imagenet', '"imagenet" in the preprocessing is no key=value pair'],
    ['colour=rgb', 'has no "colour": it has geometry, width'],
    ['channels=rbg', "preprocessing's channels is wrong"],
    ['scale=abc', "preprocessing's scale is wrong"],
    ['std=0', "preprocessing's std.0 is wrong"],
    ['mean=a/b', "preprocessing's mean.0 is wrong"],
    ['geometry=stretch,width=3', 'stretch needs a width and a height'],
    ['size=3', 'but no geometry'],
  ])('refuses "%s" in one sentence', (text, message) => {
    expect(() => parsePreprocessing(text)).toThrow(
      expect.objectContaining({ name: 'UserError', message: expect.stringContaining(message) as unknown }) as Error,
    );
    expect(() => parsePreprocessing(text)).toThrow(/^[^\n]+\.$/);
  });
});
