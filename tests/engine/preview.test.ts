import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CALLS } from '../../shared/contract.ts';
import type { CallOut, LoadedImage } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { Preprocessing } from '../../shared/plan.ts';
import type { Preview } from '../../shared/preview.ts';
import { EngineService } from '../../src-main/engine/service.ts';
import { warmth, write } from '../audit/models.ts';
import { sortByWarmth } from '../audit/warm.ts';
import { IMAGES, MODEL, ROOT, SAMPLES } from '../cli/hairline.ts';
import { readPng } from '../images/files.ts';

/** The call as a window makes it, with the built worker; held against onnxruntime and a PNG reader of the tests' own. */
let root: string;
let service: EngineService;
let images: LoadedImage[];

const load = async (path: string): Promise<LoadedImage[]> =>
  (await service.call('images', { paths: [path], labels: null, classNames: null, offset: 0, limit: null })).images;
async function preview(model: string, spec: object, of: LoadedImage[], trials = false): Promise<CallOut<'preview'>> {
  const input = CALLS.preview.in.parse({ model, preprocessing: Preprocessing.parse(spec), images: of.map(({ id }) => id), trials });
  return CALLS.preview.out.parse(await service.call('preview', input));
}
const kinds = (answer: Preview | null): string[] => answer!.warnings.map(({ kind }) => kind);

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hairline-preview-'));
  service = new EngineService({ host: 'test', audits: root, assets: join(ROOT, 'assets') }, join(ROOT, 'out/main/worker.js'));
  images = await load(IMAGES);
});
afterAll(async () => {
  await service.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

it('reads pictures as arithmetic by hand does, and tells the answer that onnxruntime gives to that', async () => {
  const spec = { channels: 'bgr', scale: 255, mean: [103.939, 116.779, 123.68], std: [58, 57, 57.5] };
  const some = [images[0]!, images[25]!, images[59]!];
  const answer = (await preview(MODEL, spec, some))!;
  const session = await InferenceSession.create(MODEL);
  for (const [i, image] of some.entries()) {
    const { data } = readPng(readFileSync(join(SAMPLES, image.source)));
    const input = Float32Array.from({ length: 3 * 1024 }, (_, at) => {
      const [c, p] = [Math.floor(at / 1024), at % 1024];
      return (Math.fround(data[3 * p + 2 - c]! / 255) * 255 - spec.mean[c]!) / spec.std[c]!;
    });
    const told = answer.pictures[i]!;
    expect(told).toMatchObject({ image: image.id, width: 32, height: 32, label: image.label, swapped: null });
    for (const [c, { low, high, mean, std }] of told.channels.entries()) {
      const plane = [...input.subarray(1024 * c, 1024 * (c + 1))];
      const average = plane.reduce((a, b) => a + b) / 1024;
      expect([low, high]).toEqual([Math.min(...plane), Math.max(...plane)]);
      expect(mean).toBeCloseTo(average, 9);
      expect(std).toBeCloseTo(Math.sqrt(plane.reduce((sum, v) => sum + (v - average) ** 2, 0) / 1024), 9);
    }
    const scores = Object.values(await session.run({ [session.inputNames[0]!]: new Tensor('float32', input, [1, 3, 32, 32]) }))[0]!
      .data as Float32Array;
    const best = scores.indexOf(Math.max(...scores));
    expect(told.top!.class).toBe(best);
    expect(told.top!.logit).toBeCloseTo(scores[best]!, 4);
    expect(told.top!.probability).toBeCloseTo(1 / scores.reduce((sum, z) => sum + Math.exp(z - scores[best]!), 0), 6);
    // The picture of it: the network's first channel in red, which here is the blue one.
    const shown = readPng(await service.picture({ kind: 'read', preview: answer.preview, image: image.id }));
    expect([...shown.data]).toEqual(Array.from(data, (_, at) => data[at - (at % 3) + 2 - (at % 3)]!));
  }
  await session.release();
});

it('goes by the geometry that is set', async () => {
  const answer = (await preview(MODEL, { geometry: 'centre-crop', width: 32, height: 32, resizeTo: 64, interpolation: 'nearest' }, [
    images[0]!,
  ]))!;
  const [{ data: from }, { data: to }] = [
    readPng(readFileSync(join(SAMPLES, images[0]!.source))),
    readPng(await service.picture({ kind: 'read', preview: answer.preview, image: images[0]!.id })),
  ];
  // Twice as large, less a quarter on each side.
  for (const [x, y] of [
    [0, 0],
    [31, 0],
    [5, 18],
    [31, 31],
  ] as const) {
    const source = 3 * ((8 + (y >> 1)) * 32 + 8 + (x >> 1));
    expect([...to.subarray(3 * (y * 32 + x), 3 * (y * 32 + x) + 3)]).toEqual([...from.subarray(source, source + 3)]);
  }
});

it('finds nothing wrong with the sample, and what is wrong with a range', async () => {
  const some = images.filter((_, i) => i % 2 === 0);
  const right = (await preview(MODEL, {}, some))!;
  expect(right.warnings).toEqual([]);
  expect(right.accuracy).toEqual({ right: right.pictures.filter(({ top, label }) => top!.class === label).length, of: 30 });
  expect(kinds(await preview(MODEL, { scale: 1 / 255 }, some))).toEqual(['tiny', 'chance']);
  expect(kinds(await preview(MODEL, { mean: [123.7], std: [58.4] }, some))).toEqual(['unlike', 'chance']);
  expect(kinds(await preview(MODEL, { scale: 255, mean: [0.485], std: [0.229] }, [images[0]!]))).toEqual(['huge']);
});

it('tells channels that are swapped from those that are not', async () => {
  const folder = join(root, 'colours');
  const model = write(join(root, 'warmth.onnx'), warmth());
  expect(sortByWarmth(IMAGES, folder, 20)).toBe(20);
  const colours = await load(folder);
  expect((await preview(model, {}, colours))!.warnings).toEqual([]);
  const swapped = (await preview(model, { channels: 'bgr' }, colours))!;
  expect(swapped.accuracy).toEqual({ right: 0, of: 20 });
  expect(swapped.warnings.find(({ kind }) => kind === 'swapped')).toEqual({
    kind: 'swapped',
    use: 'rgb',
    by: 'labels',
    now: 0,
    then: 20,
    of: 20,
  });
  expect(kinds(await preview(model, { channels: 'grey' }, colours))).toEqual(['chance']);
});

it(
  'tries other preprocessings on labelled pictures when it is asked to, and what it offers gives as many as it says',
  { timeout: 120_000 },
  async () => {
    const some = images.filter((_, i) => i % 2 === 0);
    expect(kinds(await preview(MODEL, {}, some, true))).toEqual([]);
    const wrong = { mean: [123.7], std: [58.4] };
    expect(kinds(await preview(MODEL, wrong, some))).not.toContain('better');
    const answer = (await preview(MODEL, wrong, some, true))!;
    const better = answer.warnings.find((one) => one.kind === 'better')!;
    expect(better).toMatchObject({ shift: 0, now: answer.accuracy!.right, of: 30 });
    expect(better.then).toBeGreaterThan(better.now + 10);
    expect((await preview(MODEL, better.preprocessing, some))!.accuracy).toEqual({ right: better.then, of: 30 });
    // Unlabelled, there is nothing to go by.
    const bare = join(root, 'bare');
    mkdirSync(bare);
    for (const [i, { source }] of some.slice(0, 12).entries()) copyFileSync(join(SAMPLES, source), join(bare, `${i}.png`));
    expect(kinds(await preview(MODEL, wrong, await load(bare), true))).not.toContain('better');
  },
);

it('gives trials up for what is asked next', async () => {
  const some = images.filter((_, i) => i % 2 === 0);
  const [tried, next] = await Promise.all([preview(MODEL, { scale: 255 }, some, true), preview(MODEL, {}, [images[0]!])]);
  expect([tried, next?.pictures.length]).toEqual([null, 1]);
});

it('shows what a network without classes reads, and says nothing of answers', async () => {
  const answer = (await preview(join(SAMPLES, 'autoencoder.onnx'), {}, images.slice(0, 10)))!;
  expect(answer).toMatchObject({ accuracy: null, warnings: [] });
  expect(answer.pictures.every(({ top, swapped }) => top === null && swapped === null)).toBe(true);
});

it('answers the newest of many, and gives a bad request back in one sentence', async () => {
  const answers = await Promise.all([0, 1, 2].map((at) => preview(MODEL, {}, [images[at]!])));
  expect(answers.map((answer) => answer?.pictures[0]!.image ?? null)).toEqual([null, null, images[2]!.id]);
  const said = (work: Promise<unknown>) =>
    work.then(
      () => '',
      (error: unknown) => (error instanceof UserError ? error.message : `no UserError: ${String(error)}`),
    );
  expect(await said(preview(MODEL, { geometry: 'stretch', width: 20, height: 20 }, images.slice(0, 1)))).toMatch(
    /reads 32 x 32 pixels, but the images come as 20 x 20/,
  );
  expect(await said(preview(MODEL, {}, [{ ...images[0]!, id: '../x' }]))).toBe('This image is not loaded.');
  expect(await said(service.picture({ kind: 'read', preview: '1', image: '../x' }))).toBe('There is no such picture.');
  expect((await preview(MODEL, {}, images.slice(0, 1)))!.pictures).toHaveLength(1);
});
