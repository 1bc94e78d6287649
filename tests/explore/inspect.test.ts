import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { StringStringEntryProtoSchema } from 'onnx-buf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DType, emptyGraph, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import { inspectModel, modelValues, unclearInputs } from '../../src-main/explore/inspect.ts';
import { plain, twoInputs } from '../audit/models.ts';
import { singular } from '../audit/singular.ts';

/** What a person may say of a model's ends, and what the model then is. */
let folder: string;
const files: Record<string, string> = {};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-inspect-'));
  for (const [name, bytes] of Object.entries({ plain: plain(), two: twoInputs(), gain: singular(16, { gain: true }).bytes })) {
    files[name] = join(folder, `${name}.onnx`);
    writeFileSync(files[name], bytes);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('names the inputs to choose from only where it is not clear which takes the image', async () => {
  expect([unclearInputs(files['plain']!), unclearInputs(files['two']!), unclearInputs(files['gain']!)]).toEqual([
    [],
    ['pixels', 'other'],
    [],
  ]);
  await expect(inspectModel(files['two']!)).rejects.toThrow(/not clear which takes the image/);
  const card = await inspectModel(files['two']!, { input: 'other' });
  expect(card).toMatchObject({
    input: 'other',
    imageInputs: ['pixels', 'other'],
    inputs: [{ name: 'pixels', dims: [null, 3, 32, 32] }],
    classes: 10,
  });
});

it('finds the size of a network that leaves it open and takes but one, by the pictures or by trying', async () => {
  const b = new GraphBuilder(emptyGraph('open'));
  b.input('x', DType.float32, ['N', 'C', 'H', 'W']);
  const flat = b.node('Reshape', ['x', b.ints([0, -1])]);
  b.node('Gemm', [flat, b.constant(new Float32Array(3 * 28 * 28 * 4).fill(0.1), [3 * 28 * 28, 4])], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', 4]);
  const path = join(folder, 'open.onnx');
  writeFileSync(path, saveGraph(b.graph).bytes);
  const tried = await inspectModel(path);
  expect(tried).toMatchObject({
    classes: 4,
    network: { width: 28, height: 28 },
    preprocessing: { geometry: 'stretch', width: 28, height: 28 },
  });
  expect(tried.guess).toContain('any size, of which only 28 x 28 runs of those tried');
  const given = await inspectModel(path, { size: { width: 28, height: 28 } });
  expect(given).toMatchObject({ classes: 4, network: { width: null, height: null }, preprocessing: { geometry: 'none' } });
  await expect(inspectModel(path, { size: { width: 30, height: 20 } })).rejects.toThrow(
    /^The file leaves the size of its pictures open, and does not run at 30 x 20, the size of the pictures: give the size it was made for/,
  );
});

it('says which output the class scores come from, where there are several', async () => {
  expect((await inspectModel(files['plain']!)).scores).toBeUndefined();
  const b = new GraphBuilder(emptyGraph('several'));
  b.input('x', DType.float32, ['N', 3, 8, 8]);
  const flat = b.node('Reshape', ['x', b.ints([-1, 192])]);
  for (const [name, width] of [
    ['a', 3],
    ['logits', 4],
  ] as const) {
    b.node('Gemm', [flat, b.constant(new Float32Array(192 * width).fill(0.1), [192, width])], {}, { outputs: [name] });
    b.output(name, DType.float32, ['N', width]);
  }
  const path = join(folder, 'several.onnx');
  writeFileSync(path, saveGraph(b.graph).bytes);
  expect(await inspectModel(path)).toMatchObject({ classes: 4, scores: { output: 'logits', others: ['a'], why: 'its name says so' } });
  expect(await inspectModel(path, { answer: { output: 'a', threshold: null } })).toMatchObject({
    classes: 3,
    scores: { output: 'a', why: 'it was named' },
  });
});

it.each<[string, number, boolean]>([
  ['10 x 10', 100, true],
  ['no square', 90, false],
])('names a generator, whose input is no picture: %s values', async (_, values, square) => {
  const b = new GraphBuilder(emptyGraph('generator'));
  b.input('z', DType.float32, ['N', values]);
  const all = b.node('Gemm', ['z', b.constant(new Float32Array(values * 768).fill(0.1), [values, 768])]);
  b.node('Reshape', [all, b.ints([-1, 3, 16, 16])], {}, { outputs: ['picture'] });
  b.output('picture', DType.float32, ['N', 3, 16, 16]);
  const path = join(folder, `generator-${values}.onnx`);
  writeFileSync(path, saveGraph(b.graph).bytes);
  if (square)
    expect((await inspectModel(path)).notes).toEqual([
      'The input z takes 100 values, of which the model makes a picture of 16 x 16: it looks like a generator, whose input is a latent vector and no picture.',
    ]);
  else await expect(inspectModel(path)).rejects.toThrow(/^The model's input z takes 90 values, as no square picture has/);
});

it('lists every value that can be taken as the output, and no other', async () => {
  const values = await modelValues(files['two']!, { input: 'other' });
  expect(values[0]).toEqual({ name: 'scores', dims: [10] });
  // The other input's branch hangs on no picture.
  expect(values).toHaveLength(4);
  for (const { name, dims } of values) {
    const { networkOutput: field, output } = await inspectModel(files['two']!, { input: 'other', output: name });
    expect([output, field!.name, field!.dims]).toEqual(['values', name, dims]);
  }
  await expect(inspectModel(files['two']!, { input: 'other', output: 'nothing' })).rejects.toThrow(
    /no output or inner value called nothing/,
  );
  await expect(inspectModel(files['gain']!, { fixed: { gain: [1, 2] } })).rejects.toThrow(/takes 1 values an image/);
});

/** A row of three scores of a small picture, made by `body` of its mean colours `m`. */
function small(name: string, body: (b: GraphBuilder) => string, side: number | string = 8): string {
  const b = new GraphBuilder(emptyGraph('small'));
  b.input('x', DType.float32, ['N', 3, side, side]);
  b.node('ReduceMean', ['x', b.ints([2, 3])], { keepdims: 0 }, { outputs: ['m'] });
  b.node('Identity', [body(b)], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', '?']);
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, saveGraph(b.graph).bytes);
  return path;
}

it.each<[string, (b: GraphBuilder) => string, RegExp | null]>([
  [
    'noise',
    (b) => b.node('Add', ['m', b.node('RandomNormalLike', ['m'])]),
    /^An audit would refuse it: it draws random numbers \(RandomNormalLike\).*model\.eval/,
  ],
  [
    'statistics of the batch',
    (b) =>
      b.nodes(
        'BatchNormalization',
        ['m', ...[1, 0, 0, 1].map((v) => b.constant([v, v, v], [3]))],
        { training_mode: 1 },
        { outputs: 3 },
      )[0]!,
    /^An audit would refuse it: .*it is in training mode: export the model in evaluation mode\.$/,
  ],
  [
    'an operator that has no gradient and needs none',
    (b) => b.node('Add', ['m', b.node('Cast', [b.node('Size', ['m'])], { to: DType.float32 })]),
    null,
  ],
  ['nothing of the kind', (b) => b.node('Relu', ['m']), null],
])('says whether an audit would refuse the operators of a file: %s', async (name, body, refused) => {
  const card = await inspectModel(small(name, body));
  if (refused === null) expect(card.refused).toBeUndefined();
  else {
    expect(card.refused).toMatch(refused);
    expect(card.notes).toContain(card.refused);
  }
});

it('says of a single number how it tells two classes apart, and which size was tried', async () => {
  const card = await inspectModel(small('single', (b) => b.node('ReduceMean', ['m', b.ints([1])], { keepdims: 1 }), 'S'));
  expect(card).toMatchObject({ classes: 0, output: 'values' });
  expect(card.notes).toEqual([
    expect.stringContaining('--threshold 0 for a logit, 0.5 for a probability'),
    'The file leaves the size of its pictures open: sizes here are of a picture of 224 x 224, which was tried (inspect takes --size).',
  ]);
});

describe('what a file leaves open, or says of itself', () => {
  const weights = (from: number) => new Float32Array(from * 4).map((_, i) => Math.sin(i));
  const model = (name: string, dims: (number | string)[], body: (b: GraphBuilder) => string, out: (number | string)[] = ['N', 4]) => {
    const b = new GraphBuilder(emptyGraph(name));
    b.input('x', DType.float32, dims);
    b.node('Identity', [body(b)], {}, { outputs: ['y'] });
    b.output('y', DType.float32, out);
    return b;
  };
  const saved = (name: string, b: GraphBuilder) => {
    const path = join(folder, `${name}.onnx`);
    writeFileSync(path, saveGraph(b.graph).bytes);
    return path;
  };
  const flat = (b: GraphBuilder, shape: number[], from: number) =>
    b.node('MatMul', [b.node('Reshape', ['x', b.ints(shape)]), b.constant(weights(from), [from, 4])]);

  it('takes a square without batch and channels for a grey picture, but not where the outputs have as many rows', async () => {
    const grey = saved(
      'grey',
      model('grey', [12, 12], (b) => flat(b, [1, 144], 144), [1, 4]),
    );
    expect(await inspectModel(grey)).toMatchObject({
      classes: 4,
      network: { width: 12, height: 12, channels: 1 },
      preprocessing: { channels: 'grey' },
    });
    const rows = saved(
      'rows',
      model('rows', [16, 16], (b) => b.node('MatMul', ['x', b.constant(weights(16), [16, 4])]), [16, 4]),
    );
    expect(await inspectModel(rows)).toMatchObject({ classes: 4, network: { width: 4, height: 4, channels: 1 } });
  });

  it('does not call a size open that a Reshape settles', async () => {
    const path = saved(
      'settled',
      model('settled', [1, 3, 'H', 'W'], (b) => flat(b, [1, 720], 720), [1, 4]),
    );
    await expect(inspectModel(path)).rejects.toThrow('it takes 720 values where there are 150528.');
    expect(await inspectModel(path, { size: { width: 20, height: 12 } })).toMatchObject({ classes: 4 });
  });

  it('says that a size was left out where the file has its own', async () => {
    const path = saved(
      'own size',
      model('own', ['N', 3, 8, 8], (b) => flat(b, [-1, 192], 192)),
    );
    const note = 'The file itself takes pictures of 8 x 8, so the size 9 x 7 was left out.';
    expect((await inspectModel(path, { size: { width: 9, height: 7 } })).notes).toEqual([note]);
    expect((await inspectModel(path, { size: { width: 8, height: 8 } })).notes).toBeUndefined();
  });

  it('says nothing in the words of the library that runs it', async () => {
    const path = saved(
      'open',
      model('open', ['N', 3, 'H', 'W'], (b) => b.node('Gemm', [b.node('Flatten', ['x']), b.constant(weights(720), [720, 4])])),
    );
    await expect(inspectModel(path)).rejects.toThrow(/inspect takes --size\), or load pictures of that size first\.$/);
  });

  it('asks for the channels where all three dimensions are open', async () => {
    const path = saved(
      'chw',
      model('chw', ['c', 'h', 'w'], (b) => b.node('ReduceMean', ['x', b.ints([1, 2])], { keepdims: 0 }), ['c']),
    );
    await expect(inspectModel(path)).rejects.toThrow('export it with the number of channels, such as [3, H, W].');
  });

  it('says that names in its metadata are too many', async () => {
    const b = model('names', ['N', 3, 8, 8], (inner) => flat(inner, [-1, 192], 192));
    b.graph.model.metadataProps.push(create(StringStringEntryProtoSchema, { key: 'names', value: 'ant, bee, cat, dog, elk' }));
    const card = await inspectModel(saved('names', b));
    expect(card.classNames).toBeUndefined();
    expect(card.notes).toContain('The file\'s metadata "names" hold 5 names, and the model tells 4 classes apart: they are not taken.');
  });
});
