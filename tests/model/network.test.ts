import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { UserError } from '../../shared/errors.ts';
import { DType, GraphBuilder } from '../../src-main/graph/index.ts';
import type { ImageShape } from '../../src-main/model/differentiable.ts';
import { findImageInput, networkInput } from '../../src-main/model/network.ts';
import { guessPreprocessing, parsePreprocessing } from '../../src-main/model/preprocessing/index.ts';
import { valuesBeside } from '../../src-main/model/inputs.ts';
import type { ImageInput } from '../../src-main/model/network.ts';

type Dims = readonly (number | string)[];

function modelWith(...inputs: [name: string, type: DType, dims: Dims][]): GraphBuilder['graph'] {
  const b = new GraphBuilder();
  for (const [name, type, dims] of inputs) b.input(name, type, dims);
  return b.graph;
}
const float = (dims: Dims): ImageInput => findImageInput(modelWith(['x', DType.float32, dims]), null);
const fit = (dims: Dims, picture: [channels: number, height: number, width: number], spec: object = {}, rows = 5) =>
  networkInput(float(dims), Preprocessing.parse(spec), { channels: picture[0], height: picture[1], width: picture[2] }, rows);

describe('the input that takes the image', () => {
  it('is the only one, with open dimensions as null', () => {
    expect(findImageInput(modelWith(['x', DType.float16, ['N', 3, 'height', 32]]), null)).toEqual({
      name: 'x',
      type: DType.float16,
      dims: [null, 3, null, 32],
      batch: null,
      batched: true,
      others: [],
    });
    expect(findImageInput(modelWith(['x', DType.float32, [1, 784]]), 'x').dims).toEqual([1, 784]);
  });

  it.each<[string, [string, DType, Dims][], string | null, string]>([
    ['none', [], null, 'The model has no input, so no image can be put into it.'],
    [
      'two of the same kind',
      [
        ['a', DType.float32, [1, 3, 8, 8]],
        ['b', DType.float32, [1, 3, 8, 8]],
      ],
      null,
      'The model has 2 inputs (a, b), and it is not clear which takes the image: name it (--input); each of the others then holds what --fix says, else 0.',
    ],
    ['one of another name', [['a', DType.float32, [1, 3, 8, 8]]], 'b', 'The model has no input called b; it has: a.'],
    [
      'a type that no picture has',
      [['a', DType.int64, [1, 3, 8, 8]]],
      null,
      "The model's input a is of type int64; an image has to enter as floating-point numbers, uint8 or uint16: export it with such an input.",
    ],
    [
      'a volume',
      [['a', DType.float32, ['N', 1, 12, 8, 8]]],
      null,
      "The model's input a [?, 1, 12, 8, 8] has 5 dimensions: it reads volumes or films, and no picture.",
    ],
    [
      'a latent vector',
      [['z', DType.float32, ['N', 100, 1, 1]]],
      null,
      "The model's input z [?, 100, 1, 1] takes a vector, such as the latent one of a generator, and no picture.",
    ],
    [
      'a plain vector',
      [['a', DType.float32, [784]]],
      null,
      "The model's input a has only one dimension; it takes a batch dimension and an image",
    ],
    ['no shape', [['a', DType.float32, []]], null, "The model's input a has no shape; it takes a batch dimension and an image"],
  ])('is refused in one sentence: %s', (_, inputs, wanted, message) => {
    expect(() => findImageInput(modelWith(...inputs), wanted)).toThrow(UserError);
    expect(() => findImageInput(modelWith(...inputs), wanted)).toThrow(message);
  });
});

describe('the image among several inputs', () => {
  it.each<[string, [string, DType, Dims][], string | null, string]>([
    [
      'the only picture',
      [
        ['noise', DType.float32, ['N', 16]],
        ['a', DType.float32, ['N', 3, 8, 8]],
        ['flag', DType.bool, [1]],
      ],
      null,
      'a',
    ],
    [
      'the only one with floats',
      [
        ['flag', DType.bool, [1]],
        ['a', DType.float32, ['N', 64]],
      ],
      null,
      'a',
    ],
    [
      'the one with floats, beside one of bytes',
      [
        ['mask', DType.uint8, [1, 3, 8, 8]],
        ['a', DType.float32, [1, 3, 8, 8]],
      ],
      null,
      'a',
    ],
    ['the only one with bytes', [['a', DType.uint8, [1, 8, 8, 3]]], null, 'a'],
    [
      'the one that is named',
      [
        ['a', DType.float32, [1, 3, 8, 8]],
        ['b', DType.float32, [1, 3, 8, 8]],
      ],
      'b',
      'b',
    ],
  ])('is %s', (_, inputs, wanted, name) => {
    const found = findImageInput(modelWith(...inputs), wanted);
    expect(found.name).toBe(name);
    expect(found.others.map((other) => other.name)).toEqual(inputs.map(([n]) => n).filter((n) => n !== name));
  });

  it('and the others hold what is said, else 0', () => {
    const graph = modelWith(['a', DType.float32, ['N', 3, 8, 8]], ['noise', DType.float32, ['N', 2]], ['flag', DType.bool, []]);
    const { others } = findImageInput(graph, null, { noise: [0.25, 0.5] });
    expect(others.map((other) => valuesBeside(other, 2, null))).toEqual([
      { dims: [2, 2], data: [0.25, 0.5, 0.25, 0.5] },
      { dims: [], data: [0] },
    ]);
    expect(() => findImageInput(graph, null, { sound: 1 })).toThrow(
      'The value for sound has no place: beside the image, the model has the inputs noise, flag.',
    );
    expect(() => valuesBeside({ ...others[0]!, value: [1, 2, 3] }, 2, null)).toThrow(
      "The model's input noise takes 2 values an image (? x 2), but 3 are given.",
    );
  });

  it('takes whole numbers, and not those that a preprocessing for [0,1] would leave', () => {
    const bytes = findImageInput(modelWith(['x', DType.uint8, ['N', 3, 8, 8]]), null);
    const at = (spec: object) => networkInput(bytes, Preprocessing.parse(spec), { channels: 3, height: 8, width: 8 }, 1);
    expect(at({ scale: 255 }).dims).toEqual([1, 3, 8, 8]);
    expect(() => at({})).toThrow(
      "The model's input x takes whole numbers from 0 to 255, and this preprocessing leaves 0 and 1 of them: take values from 0 to 255 (scale=255).",
    );
  });

  it('may have no batch dimension', () => {
    expect(fit([3, 8, 8], [3, 8, 8], {}, 1).dims).toEqual([3, 8, 8]);
    expect(fit([3, 'H', 'W'], [3, 8, 9], {}, 1).dims).toEqual([3, 8, 9]);
    expect(fit([8, 9, 3], [3, 8, 9], { layout: 'nhwc' }, 1).dims).toEqual([8, 9, 3]);
    expect(float([3, 8, 8])).toMatchObject({ batch: 1, batched: false });
    expect(fit(['h', 'w', 3], [3, 8, 9], { layout: 'nhwc' }, 1).dims).toEqual([8, 9, 3]);
    expect(guessPreprocessing(float(['h', 'w', 3])).preprocessing).toMatchObject({ layout: 'nhwc', channels: 'rgb', geometry: 'none' });
    // Rows of points, one cloud an image.
    expect(float(['N', 8, 3])).toMatchObject({ batch: null, batched: true });
  });

  it('may be some channels of a larger one', () => {
    expect(fit(['N', 5, 4, 6], [1, 4, 6], { channels: 'grey', embed: { first: 1, fill: 0.5 } })).toEqual({
      dims: [5, 5, 4, 6],
      image: { channels: 1, height: 4, width: 6 },
      embed: { axis: 1, before: 1, after: 3, fill: 0.5 },
    });
    expect(() => fit(['N', 5, 4, 6], [3, 4, 6], { embed: { first: 3, fill: 0 } })).toThrow(
      'The image has 3 channels, and from channel 3 on',
    );
    const by = `--preprocess '{"embed":{"first":0,"fill":1}}'`;
    expect(() => fit(['N', 4, 4, 6], [3, 4, 6], {})).toThrow(by);
    expect(() => fit(['N', 2, 4, 6], [1, 4, 6], {})).toThrow(`${by}, with "channels":"grey" beside it.`);
    const spec = parsePreprocessing('{"embed":{"first":0,"fill":1},"channels":"grey"}');
    expect(fit(['N', 2, 4, 6], [1, 4, 6], spec).embed).toEqual({ axis: 1, before: 0, after: 1, fill: 1 });
  });
});

describe('what the network reads', () => {
  const image = (channels: number, height: number, width: number): ImageShape => ({ channels, height, width });

  it.each<[string, Dims, [number, number, number], object, number[], ImageShape]>([
    ['NCHW', ['N', 3, 4, 6], [3, 4, 6], {}, [5, 3, 4, 6], image(3, 4, 6)],
    ['a fixed batch, given as many rows as asked for', [1, 3, 4, 6], [3, 4, 6], {}, [5, 3, 4, 6], image(3, 4, 6)],
    ['any size', ['N', 3, 'h', 'w'], [3, 9, 7], {}, [5, 3, 9, 7], image(3, 9, 7)],
    ['NHWC', ['N', 4, 6, 3], [3, 4, 6], { layout: 'nhwc' }, [5, 4, 6, 3], image(3, 4, 6)],
    ['a grey picture into three channels', ['N', 3, 4, 6], [1, 4, 6], {}, [5, 3, 4, 6], image(3, 4, 6)],
    ['a colour picture into one channel', ['N', 1, 4, 6], [3, 4, 6], {}, [5, 1, 4, 6], image(1, 4, 6)],
    ['open channels follow a grey preprocessing', ['N', 'c', 4, 6], [3, 4, 6], { channels: 'grey' }, [5, 1, 4, 6], image(1, 4, 6)],
    ['open channels follow a grey picture', ['N', 'c', 4, 6], [1, 4, 6], {}, [5, 1, 4, 6], image(1, 4, 6)],
    ['open channels follow three means', ['N', 'c', 4, 6], [1, 4, 6], { mean: [0.1, 0.2, 0.3] }, [5, 3, 4, 6], image(3, 4, 6)],
    ['a geometry to the size', ['N', 3, 4, 6], [3, 100, 50], { geometry: 'stretch', width: 6, height: 4 }, [5, 3, 4, 6], image(3, 4, 6)],
    ['flat', ['N', 784], [1, 28, 28], {}, [5, 784], image(1, 28, 28)],
    ['flat with a one at the end', [1, 784, 1], [1, 28, 28], {}, [5, 784, 1], image(1, 28, 28)],
    ['flat, colour', ['N', 72], [3, 4, 6], {}, [5, 72], image(3, 4, 6)],
    ['flat, a colour picture made grey', ['N', 24], [3, 4, 6], { channels: 'grey' }, [5, 24], image(1, 4, 6)],
    ['flat and open', ['N', 'features'], [3, 4, 6], {}, [5, 72], image(3, 4, 6)],
    ['flat and partly open', ['N', 3, 'pixels'], [3, 4, 6], {}, [5, 3, 24], image(3, 4, 6)],
    ['flat after a crop', ['N', 784], [1, 40, 40], { geometry: 'centre-crop', width: 28, height: 28 }, [5, 784], image(1, 28, 28)],
  ])('%s', (_, declared, picture, spec, dims, network) => {
    expect(fit(declared, picture, spec)).toEqual({ dims, image: network, embed: null });
  });

  it.each<[string, Dims, [number, number, number], object, string]>([
    [
      'another size',
      ['N', 3, 32, 32],
      [3, 20, 30],
      {},
      'The model reads 32 x 32 pixels, but the images come as 30 x 20: choose a preprocessing that resizes, crops or pads to 32 x 32.',
    ],
    ['another height, width open', ['N', 3, 32, 'w'], [3, 20, 30], {}, 'The model reads ? x 32 pixels, but the images come as 30 x 20'],
    [
      'a geometry to another size',
      ['N', 3, 32, 32],
      [3, 20, 30],
      { geometry: 'pad', width: 40, height: 40 },
      'but the images come as 40 x 40',
    ],
    [
      'a geometry without a size',
      ['N', 3, 32, 32],
      [3, 20, 30],
      { geometry: 'stretch' },
      'The preprocessing stretch needs a width and a height.',
    ],
    [
      'four channels',
      ['N', 4, 32, 32],
      [3, 32, 32],
      {},
      "The model's input x has 4 channels in NCHW layout; an image has 1 or 3. Check the layout of the preprocessing, or say which of them",
    ],
    [
      'too few flat values',
      ['N', 784],
      [1, 27, 28],
      {},
      'The model reads 784 values an image, but the images come as 28 x 27 with 1 channel (756 values): choose another preprocessing.',
    ],
  ])('%s is refused in one sentence', (_, declared, picture, spec, message) => {
    expect(() => fit(declared, picture, spec)).toThrow(UserError);
    expect(() => fit(declared, picture, spec)).toThrow(message);
  });

  it('NHWC read as NCHW is told by its sides', () => {
    expect(() => fit(['N', 32, 32, 3], [3, 32, 32])).toThrow('The model reads 3 x 32 pixels, but the images come as 32 x 32');
  });
});
