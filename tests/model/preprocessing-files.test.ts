import { describe, expect, it } from 'vitest';
import { preprocess, preprocessingFile } from '../../src-main/model/preprocessing/index.ts';
import type { Fit } from '../../src-main/model/preprocessing/index.ts';

const FIT: Fit = { network: { width: 8, height: 8 }, layout: 'nchw' };
const read = (value: unknown, fit = FIT) => preprocessingFile(JSON.stringify(value), 'preprocessor_config.json', fit);
const fails = (value: unknown, message: RegExp) =>
  expect(() => read(value)).toThrow(
    expect.objectContaining({ name: 'UserError', message: expect.stringMatching(message) as unknown }) as Error,
  );
const half = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };

describe('a Hugging Face preprocessor_config.json that asks for more than is followed', () => {
  it.each<[string, object, RegExp]>([
    ['padding', { ...half, do_pad: true, pad_size: { height: 8, width: 8 } }, /says of do_pad what Hairline does not read/],
    ['grey pictures', { ...half, do_grayscale: true }, /says of do_grayscale/],
    ['a longest side', { ...half, do_resize: true, size: { shortest_edge: 8, longest_edge: 16 } }, /says of size\.longest_edge/],
    [
      'the mean of its own processor',
      { do_resize: true, image_processor_type: 'ViTImageProcessor', size: 8 },
      /says of image_mean and image_std/,
    ],
    [
      'a crop of a stretched picture',
      { ...half, feature_extractor_type: 'DeiTFeatureExtractor', do_center_crop: true, size: 256, crop_size: 224 },
      /stretches before it crops/,
    ],
  ])('is refused: %s', (_, file, message) => fails(file, message));
});

describe('a Hugging Face preprocessor_config.json', () => {
  it.each<[string, object, object]>([
    [
      'ViT',
      {
        do_normalize: true,
        do_rescale: true,
        do_resize: true,
        image_processor_type: 'ViTImageProcessor',
        ...half,
        resample: 2,
        rescale_factor: 0.00392156862745098,
        size: { height: 224, width: 224 },
      },
      { geometry: 'stretch', width: 224, height: 224, interpolation: 'bilinear', scale: 1, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    ],
    [
      'an older one, a size as a number',
      { do_normalize: true, do_resize: true, feature_extractor_type: 'ViTFeatureExtractor', ...half, resample: 3, size: 384 },
      { geometry: 'stretch', width: 384, height: 384, interpolation: 'bicubic', scale: 1 },
    ],
    [
      'CLIP, older',
      { crop_size: 224, do_center_crop: true, do_normalize: true, ...half, resample: 3, size: 224 },
      { geometry: 'centre-crop', width: 224, height: 224, resizeTo: 224, interpolation: 'bicubic' },
    ],
    [
      'MobileNet',
      {
        crop_size: { height: 224, width: 192 },
        do_center_crop: true,
        do_rescale: true,
        ...half,
        resample: 2,
        size: { shortest_edge: 256 },
      },
      { geometry: 'centre-crop', width: 192, height: 224, resizeTo: 256 },
    ],
    [
      'ConvNeXt below 384',
      { crop_pct: 0.875, do_normalize: true, ...half, resample: 3, size: { shortest_edge: 224 } },
      { geometry: 'centre-crop', width: 224, height: 224, resizeTo: 256 },
    ],
    [
      'ConvNeXt below 384, its size as a number',
      { crop_pct: 0.875, do_normalize: true, ...half, resample: 3, size: 64 },
      { geometry: 'centre-crop', width: 64, height: 64, resizeTo: 73 },
    ],
    [
      'LeViT, whose shorter side is made larger before the crop',
      { do_center_crop: true, do_normalize: true, image_processor_type: 'LevitImageProcessor', ...half, size: { shortest_edge: 224 } },
      { geometry: 'centre-crop', width: 224, height: 224, resizeTo: 256 },
    ],
    [
      'EfficientNet, which divides by the deviation twice',
      { image_processor_type: 'EfficientNetImageProcessor', do_normalize: true, ...half, size: { height: 60, width: 60 } },
      { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    ],
    [
      'EfficientNet, where it does not',
      { image_processor_type: 'EfficientNetImageProcessor', include_top: false, ...half, size: { height: 60, width: 60 } },
      { std: [0.5, 0.5, 0.5] },
    ],
    [
      'ConvNeXt from 384 on',
      { crop_pct: 0.875, do_normalize: true, ...half, resample: 3, size: { shortest_edge: 384 } },
      { geometry: 'stretch', width: 384, height: 384 },
    ],
    [
      'EfficientNet, moved by 1',
      {
        do_normalize: false,
        do_rescale: true,
        rescale_factor: 1 / 127.5,
        rescale_offset: true,
        size: { height: 8, width: 8 },
        resample: 0,
      },
      { scale: 2, mean: [1], std: [1], interpolation: 'nearest' },
    ],
    [
      'no rescaling: values up to 255',
      { do_rescale: false, do_normalize: false, size: { height: 8, width: 8 } },
      { scale: 255, mean: [0], std: [1] },
    ],
    [
      'MobileViT, BGR',
      {
        do_normalize: false,
        do_flip_channel_order: true,
        crop_size: { height: 256, width: 256 },
        do_center_crop: true,
        size: { shortest_edge: 288 },
      },
      { channels: 'bgr', geometry: 'centre-crop', resizeTo: 288 },
    ],
    [
      'inside a processor',
      { image_processor: { do_resize: false, do_normalize: false } },
      { geometry: 'stretch', width: 8, height: 8, scale: 1 },
    ],
  ])('%s', (_, file, expected) => {
    expect(read(file)).toMatchObject(expected);
  });

  it('gives the values of its formula: (255 v factor - mean) / std', () => {
    const spec = read({
      do_normalize: true,
      image_mean: [0.1, 0.2, 0.3],
      image_std: [0.4, 0.5, 0.6],
      rescale_factor: 1 / 128,
      size: { height: 1, width: 1 },
    });
    const { data } = preprocess(spec, Float32Array.of(10 / 255, 100 / 255, 200 / 255), { channels: 3, height: 1, width: 1 }, 3);
    const expected = [(10 / 128 - 0.1) / 0.4, (100 / 128 - 0.2) / 0.5, (200 / 128 - 0.3) / 0.6];
    expected.forEach((value, i) => expect(data[i]).toBeCloseTo(value, 5));
  });

  it('takes the layout of the network', () => {
    expect(read({ do_normalize: false, size: 8 }, { ...FIT, layout: 'nhwc' }).layout).toBe('nhwc');
  });
});

describe("timm's config.json", () => {
  const cfg = {
    input_size: [3, 224, 224],
    interpolation: 'bicubic',
    crop_pct: 0.95,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  };

  it('has it under pretrained_cfg, or alone', () => {
    const expected = {
      geometry: 'centre-crop',
      width: 224,
      height: 224,
      resizeTo: 235,
      interpolation: 'bicubic',
      mean: cfg.mean,
      std: cfg.std,
      scale: 1,
    };
    expect(read({ architecture: 'resnet50', num_classes: 1000, pretrained_cfg: cfg })).toMatchObject(expected);
    expect(read(cfg)).toMatchObject(expected);
    expect(read({ ...cfg, crop_mode: 'squash', crop_pct: 1 })).toMatchObject({ geometry: 'stretch', width: 224 });
    expect(read({ ...cfg, input_size: [1, 28, 28], mean: [0.1], std: [0.2] })).toMatchObject({ channels: 'grey', mean: [0.1] });
  });

  it('is refused where it asks for what is not done', () => {
    fails(
      { pretrained_cfg: { ...cfg, interpolation: 'lanczos' } },
      /^preprocessor_config\.json cannot be taken for a preprocessing: .* says of interpolation what Hairline does not read/,
    );
    fails({ pretrained_cfg: { ...cfg, crop_mode: 'border' } }, /crop_mode/);
    fails({ pretrained_cfg: { ...cfg, mean: 'x' } }, /mean/);
  });
});

it('Hairline’s own JSON is read from a file, too, and anything else refused in one sentence', () => {
  expect(read({ geometry: 'pad', width: 9, height: 9 })).toMatchObject({ geometry: 'pad', width: 9 });
  fails({ hello: 1 }, /^preprocessor_config\.json cannot be taken for a preprocessing: /);
  fails({ do_normalize: true, ...half, resample: 1, size: 8 }, /says of resample/);
  fails({ do_normalize: true, size: 8 }, /image_mean/);
  fails(
    { do_normalize: true, ...half, size: { height: 256, width: 256 }, crop_size: 224, do_center_crop: true },
    /stretches before it crops/,
  );
  expect(() => preprocessingFile('size: 8', 'p.yaml', FIT)).toThrow('p.yaml cannot be taken for a preprocessing');
});
