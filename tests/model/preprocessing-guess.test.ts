import { create } from '@bufbuild/protobuf';
import { existsSync } from 'node:fs';
import { StringStringEntryProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { DType, GraphBuilder, loadGraph } from '../../src-main/graph/index.ts';
import { guessPreprocessing, imageMetadata, leadingNormalisation, PRESETS } from '../../src-main/model/preprocessing/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';

describe('guessPreprocessing', () => {
  it.each([
    [
      'NCHW',
      [null, 3, 32, 32],
      { channels: 'rgb', layout: 'nchw', geometry: 'stretch', width: 32, height: 32 },
      { width: 32, height: 32, channels: 3 },
    ],
    ['NHWC', [null, 30, 40, 3], { layout: 'nhwc', geometry: 'stretch', width: 40, height: 30 }, { width: 40, height: 30, channels: 3 }],
    ['grey', [1, 1, 28, 28], { channels: 'grey', layout: 'nchw' }, { width: 28, height: 28, channels: 1 }],
    ['a large square is cropped', [1, 3, 224, 224], { geometry: 'centre-crop', resizeTo: 256 }, { width: 224, height: 224, channels: 3 }],
    ['a large oblong is not', [1, 3, 360, 640], { geometry: 'stretch', width: 640, height: 360 }, { width: 640, height: 360, channels: 3 }],
    ['any size', [null, 3, null, null], { geometry: 'none', width: null }, { width: null, height: null, channels: 3 }],
    ['any size, NHWC', [null, null, null, 3], { geometry: 'none', layout: 'nhwc' }, { width: null, height: null, channels: 3 }],
    ['flat grey', [null, 784], { channels: 'grey', width: 28, height: 28 }, { width: 28, height: 28, channels: 1 }],
    ['flat with a tail', [1, 784, 1], { channels: 'grey', width: 28, height: 28 }, { width: 28, height: 28, channels: 1 }],
    ['flat colour', [null, 3072], { channels: 'rgb', width: 32, height: 32 }, { width: 32, height: 32, channels: 3 }],
    ['no channel axis', [null, 28, 28], { channels: 'grey', width: 28, height: 28 }, { width: 28, height: 28, channels: 1 }],
  ] as const)('%s', (_, dims, preprocessing, network) => {
    const guess = guessPreprocessing({ dims });
    expect(guess.preprocessing).toMatchObject(preprocessing);
    expect(guess.preprocessing).toMatchObject({ scale: 1, mean: [0], std: [1] });
    expect(guess.network).toEqual(network);
    expect(guess.why).toMatch(/^From the input .*\.$/);
  });

  it('reads an input without a batch as one picture', () => {
    expect(guessPreprocessing({ dims: [3, 16, 20], batched: false })).toMatchObject({
      preprocessing: { channels: 'rgb', layout: 'nchw', width: 20, height: 16 },
      network: { channels: 3 },
    });
    expect(guessPreprocessing({ dims: [16, 20, 3], batched: false })).toMatchObject({
      preprocessing: { channels: 'rgb', layout: 'nhwc', width: 20, height: 16 },
    });
  });

  it('gives whole numbers what they can hold, and a network of one size that size', () => {
    expect(guessPreprocessing({ dims: [1, 8, 8, 3], largest: 255 })).toMatchObject({
      preprocessing: { scale: 255, mean: [0], layout: 'nhwc' },
      why: expect.stringContaining('whole numbers of 8 bits'),
    });
    expect(guessPreprocessing({ dims: [1, 8, 8, 3], largest: 65535 }).preprocessing.scale).toBe(65535);
    expect(guessPreprocessing({ dims: [null, 3, null, null] }, { only: { width: 24, height: 20 } })).toMatchObject({
      preprocessing: { geometry: 'stretch', width: 24, height: 20 },
      why: expect.stringContaining('of which only 24 x 20 runs of those tried'),
    });
  });

  it.each([
    [
      { 'Image.BitmapPixelFormat': 'Bgr8', 'Image.NominalPixelRange': 'NominalRange_0_255' },
      { channels: 'bgr', scale: 255, mean: [0] },
    ],
    [{ 'Image.NominalPixelRange': 'Normalized_1_1' }, { channels: 'rgb', scale: 2, mean: [1] }],
    [{ 'Image.NominalPixelRange': 'NominalRange_16_235' }, { scale: 219, mean: [-16] }],
    [
      { 'Image.BitmapPixelFormat': 'Rgb8', 'Image.NominalPixelRange': 'Normalized_0_1' },
      { channels: 'rgb', scale: 1 },
    ],
    [{ 'Image.BitmapPixelFormat': 'Bgr8' }, { channels: 'bgr', scale: 1 }],
    [
      { 'Image.BitmapPixelFormat': 'Bgra8', 'Image.NominalPixelRange': 'NominalRange_0_255' },
      { channels: 'bgr', scale: 255 },
    ],
    [{ 'Image.BitmapPixelFormat': 'Rgba8' }, { channels: 'rgb', scale: 1 }],
    [{ 'Image.BitmapPixelFormat': 'Nv12' }, { channels: 'rgb', scale: 1 }],
    [
      { mean: '[0.5, 0.4, 0.3]', std: '[0.2, 0.2, 0.1]' },
      { scale: 1, mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.1] },
    ],
    [
      { pixel_mean: '103.5 116.3 123.7', pixel_std: '1 1 1', 'Image.BitmapPixelFormat': 'Bgr8' },
      { channels: 'bgr', scale: 255, mean: [103.5, 116.3, 123.7], std: [1, 1, 1] },
    ],
    [
      { Normalize_Mean: '0', Normalize_Std: '255' },
      { scale: 255, mean: [0], std: [255] },
    ],
  ])("takes what the file's own metadata say: %j", (entries, expected) => {
    const builder = new GraphBuilder();
    for (const [key, value] of Object.entries(entries))
      builder.graph.model.metadataProps.push(create(StringStringEntryProtoSchema, { key, value }));
    const metadata = imageMetadata(builder.graph);
    const guess = guessPreprocessing({ dims: [1, 3, 32, 32] }, { metadata });
    expect(guess.preprocessing).toMatchObject(expected);
    for (const value of Object.values(entries)) expect(guess.why).toContain(value);
  });

  it('takes mean and deviation of the metadata only as a whole, and not where the network itself normalises', () => {
    const said = (entries: Record<string, string>) => {
      const builder = new GraphBuilder();
      for (const [key, value] of Object.entries(entries))
        builder.graph.model.metadataProps.push(create(StringStringEntryProtoSchema, { key, value }));
      return imageMetadata(builder.graph);
    };
    for (const entries of [{ mean: '0.5' }, { mean: '1, 2', std: '1, 2' }, { mean: '0.5', std: '0' }, { mean: 'a', std: 'b' }])
      expect(said(entries as Record<string, string>)).toBeNull();
    const metadata = said({ mean: '0.5', std: '0.25' });
    const inside = { leading: { largest: null, operators: ['Sub', 'Div'] } };
    expect(guessPreprocessing({ dims: [1, 3, 32, 32] }, { metadata, ...inside } as never).preprocessing).toMatchObject({
      mean: [0],
      std: [1],
    });
  });

  it('takes ImageNet values for 1000 classes, unless the network normalises itself', () => {
    const dims = [1, 3, 224, 224];
    expect(guessPreprocessing({ dims }, { classes: 1000 }).preprocessing).toEqual(PRESETS['imagenet']!.preprocessing);
    expect(guessPreprocessing({ dims }, { classes: 1000, producer: 'onnx-caffe2' }).preprocessing).toEqual(
      PRESETS['imagenet-caffe']!.preprocessing,
    );
    expect(
      guessPreprocessing({ dims }, { classes: 1000, leading: { operators: ['Sub', 'Div'], largest: null } }).preprocessing,
    ).toMatchObject({ scale: 1, mean: [0] });
    const bytes = guessPreprocessing({ dims }, { classes: 1000, leading: { operators: ['ImageScaler'], largest: 255 } });
    expect(bytes.preprocessing.scale).toBe(255);
    expect(bytes.why).toContain('ImageScaler');
  });
});

describe('leadingNormalisation', () => {
  function chain(...steps: [string, number][]): ReturnType<typeof leadingNormalisation> {
    const builder = new GraphBuilder();
    let value = builder.input('x', DType.float32, [1, 3, 4, 4]);
    for (const [op, constant] of steps) value = builder.node(op, [value, builder.constant([constant], [1])]);
    builder.node('Conv', [value, builder.constant([300, 300, 300], [1, 3, 1, 1])]);
    return leadingNormalisation(builder.graph, 'x');
  }

  it('tells bytes from shares by the constants', () => {
    expect(chain(['Sub', 0.1307], ['Div', 0.3081])).toEqual({ operators: ['Sub', 'Div'], largest: null });
    expect(chain(['Div', 255], ['Sub', 0.5])).toEqual({ operators: ['Div', 'Sub'], largest: 255 });
    expect(chain(['Mul', 1 / 127.5], ['Sub', 1])).toEqual({ operators: ['Mul', 'Sub'], largest: 255 });
    expect(chain(['Sub', 127.5]).largest).toBe(255);
    expect(chain()).toEqual({ operators: [], largest: null });
    expect(chain(['Mul', 255], ['Sub', 123.7], ['Div', 58.4])).toMatchObject({ operators: ['Mul', 'Sub', 'Div'], largest: null });
  });

  it.each<[string, [string, number][]]>([
    [
      '(x + 1) / 2',
      [
        ['Add', 1],
        ['Div', 2],
      ],
    ],
    [
      'x / 2 + 1/2, then a mean and a deviation',
      [
        ['Mul', 0.5],
        ['Add', 0.5],
        ['Sub', 0.485],
        ['Div', 0.229],
      ],
    ],
    [
      '(x + 1) * 127.5',
      [
        ['Add', 1],
        ['Mul', 127.5],
      ],
    ],
  ])('knows values from -1 to 1 by %s', (_, steps) => {
    const leading = chain(...steps);
    const { preprocessing, why } = guessPreprocessing({ dims: [1, 3, 4, 4] }, { leading });
    expect(preprocessing).toMatchObject({ scale: 2, mean: [1], std: [1] });
    expect(why).toMatch(/values from -1 to 1, because the model itself begins with/);
  });

  it('learns nothing from the weights of a grey picture', () => {
    const b = new GraphBuilder();
    b.node('Mul', [b.input('x', DType.float32, [1, 3, 4, 4]), b.constant([0.299, 0.587, 0.114], [1, 3, 1, 1])]);
    const leading = leadingNormalisation(b.graph, 'x');
    expect(leading.operators).toEqual([]);
    expect(guessPreprocessing({ dims: [1, 3, 4, 4] }, { leading }).why).toContain('values in [0,1], which the file does not say');
  });

  it.each<[string, (b: GraphBuilder, x: string) => string]>([
    ['Resize', (b, x) => b.node('Resize', [x, '', b.constant([1, 1, 2, 2], [4])], { mode: 'linear' })],
    ['Clip', (b, x) => b.node('Clip', [x, b.scalar(0), b.scalar(1)])],
    ['Gather of the channels the other way round', (b, x) => b.node('Gather', [x, b.ints([2, 1, 0])], { axis: 1 })],
    ['Slice', (b, x) => b.node('Slice', [x, b.ints([0]), b.ints([3]), b.ints([2])])],
  ])('looks behind %s', (_, step) => {
    const b = new GraphBuilder();
    const value = b.node('Div', [step(b, b.input('x', DType.float32, [1, 3, 4, 4])), b.scalar(255)]);
    b.node('Conv', [value, b.constant([300, 300, 300], [1, 3, 1, 1])]);
    expect(leadingNormalisation(b.graph, 'x')).toEqual({ operators: ['Div'], largest: 255 });
  });

  it.each<[string, (b: GraphBuilder, x: string) => string, number | null]>([
    ['a divisor of 16 bits', (b, x) => b.node('Div', [x, b.scalar(65535)]), 65535],
    ['a factor of 12 bits', (b, x) => b.node('Mul', [x, b.scalar(1 / 4095)]), 4095],
    ['another divisor', (b, x) => b.node('Div', [x, b.scalar(10000)]), 10000],
    ['the middle of bytes', (b, x) => b.node('Sub', [x, b.scalar(127.5)]), 255],
    ['a bound by Min', (b, x) => b.node('Max', [b.node('Min', [x, b.scalar(255)]), b.scalar(0)]), 255],
    ['a bound that bounds nothing', (b, x) => b.node('Clip', [x, b.scalar(0), b.scalar(3.4e38)]), null],
    [
      'a bound of what was made larger',
      (b, x) => b.node('Div', [b.node('Clip', [b.node('Mul', [x, b.scalar(255)]), b.scalar(0), b.scalar(255)]), b.scalar(255)]),
      null,
    ],
    [
      'a divisor behind a mean of neighbours',
      (b, x) => b.node('Div', [b.node('AveragePool', [x], { kernel_shape: [2, 2] }), b.scalar(255)]),
      255,
    ],
    [
      'the means of a normalising layer',
      (b, x) => {
        const [ones, means] = [b.constant([1, 1, 1], [3]), b.constant([124, 116, 104], [3])];
        return b.node('BatchNormalization', [x, ones, b.constant([0, 0, 0], [3]), means, b.constant([3300, 3200, 3400], [3])]);
      },
      255,
    ],
    [
      'the same of [0,1]',
      (b, x) => {
        const [ones, means] = [b.constant([40, 40, 40], [3]), b.constant([0.48, 0.45, 0.41], [3])];
        return b.node('BatchNormalization', [x, ones, b.constant([9, 8, 7], [3]), means, b.constant([0.05, 0.06, 0.05], [3])]);
      },
      null,
    ],
  ])('tells the largest value by %s', (_, body, largest) => {
    const b = new GraphBuilder();
    b.node('Conv', [body(b, b.input('x', DType.float32, [1, 3, 4, 4])), b.constant([300, 300, 300], [1, 3, 1, 1])]);
    const leading = leadingNormalisation(b.graph, 'x');
    expect(leading.largest).toBe(largest);
    const { preprocessing, why } = guessPreprocessing({ dims: [1, 3, 4, 4] }, { leading });
    expect(preprocessing.scale).toBe(largest ?? 1);
    expect(why).toContain(largest === null ? 'values in [0,1]' : `values 0 to ${largest}, because the model itself begins with`);
  });

  it('takes 12 bits of an input of 16, where the model itself does', () => {
    const leading = { operators: ['Div'], largest: 4095 };
    expect(guessPreprocessing({ dims: [1, 3, 4, 4], largest: 65535 }, { leading }).preprocessing.scale).toBe(4095);
    expect(guessPreprocessing({ dims: [1, 3, 4, 4], largest: 255 }, { leading: { ...leading, largest: 255 } }).preprocessing.scale).toBe(
      255,
    );
  });

  it('takes a bound of bytes for what it is', () => {
    const b = new GraphBuilder();
    b.node('Clip', [b.input('x', DType.float32, [1, 3, 4, 4]), b.scalar(0), b.scalar(255)]);
    const leading = leadingNormalisation(b.graph, 'x');
    expect(leading).toEqual({ operators: ['Clip'], largest: 255 });
    expect(guessPreprocessing({ dims: [1, 3, 4, 4] }, { leading }).why).toContain('the model itself begins with Clip made for them');
  });

  it('looks at every channel where they are taken apart and put together again, and no further than the first layer', () => {
    const b = new GraphBuilder();
    const x = b.input('x', DType.float32, [1, 3, 4, 4]);
    const planes = [0, 1, 2].map((c) => b.node('Mul', [b.node('Gather', [x, b.ints([c])], { axis: 1 }), b.scalar(1 / (128 + c))]));
    const y = b.node('Conv', [b.node('Concat', planes, { axis: 1 }), b.constant([1, 1, 1], [1, 3, 1, 1])]);
    b.node('Div', [b.node('Add', [y, x]), b.scalar(3)]);
    expect(leadingNormalisation(b.graph, 'x')).toEqual({ operators: ['Mul'], largest: 255 });
    const plain = new GraphBuilder();
    const both = plain.node('Mul', [plain.input('x', DType.float32, [1, 3, 4, 4]), plain.node('Relu', ['x'])]);
    plain.node('Div', [both, plain.scalar(255)]);
    expect(leadingNormalisation(plain.graph, 'x')).toEqual({ operators: [], largest: null });
  });

  const folder = '../shared/models/classify-mnist';
  it.skipIf(!existsSync(folder))('sees what published models do (skipped without them)', () => {
    const look = (file: string) => {
      const graph = loadGraph(`${folder}/${file}`);
      return leadingNormalisation(graph, findImageInput(graph, null).name);
    };
    expect(look('vnncomp21_mnist_relu_9_200.onnx')).toMatchObject({ operators: ['Sub', 'Div'], largest: null });
    expect(look('winml_hist_mnist_model.onnx')).toMatchObject({ operators: ['ImageScaler'], largest: 255 });
    expect(look('vnncomp21_Convnet_maxpool.onnx')).toEqual({ operators: [], largest: null });
  });
});
