import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLS } from '../../shared/contract.ts';
import type { CallIn, CallName, CallOut, MapProgress, VulnerabilityMap } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { packSubsets, unpackSubsets } from '../../shared/partitions.ts';
import { mapVulnerability } from '../../src-main/explore/vulnerability.ts';
import { EngineService } from '../../src-main/engine/service.ts';
import { IMAGES, MODEL, ROOT, SAMPLES } from '../cli/hairline.ts';
import { readPng } from '../images/files.ts';

/** The real service with the built worker; what it says is held against onnxruntime on the original file. */
let root: string;
let service: EngineService;
let original: InferenceSession;
let image: string;
const picture = join(IMAGES, 'circle', '01.png');

async function call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
  return CALLS[name].out.parse(await service.call(name, CALLS[name].in.parse(input) as CallIn<N>)) as CallOut<N>;
}
const pixels = { partition: { partition: 'pixel' as const }, epsilon: 1, tries: 200 };
const ask = (change: Partial<CallIn<'map'>> = {}): CallIn<'map'> => ({
  model: MODEL,
  preprocessing: {},
  image: { kind: 'image', image },
  ...pixels,
  ...change,
});

/** All of a map. */
async function whole(
  map: VulnerabilityMap,
): Promise<{ moved: Map<number, { moved: number; breaks: boolean }>; quadratic: number[] | null; last: MapProgress }> {
  const moved = new Map<number, { moved: number; breaks: boolean }>();
  let quadratic: number[] | null = null;
  for (;;) {
    const last = await call('mapMore', { map: map.map });
    for (const one of last.tried) moved.set(one.subset, one);
    quadratic ??= last.quadratic;
    if (last.what === 'done') return { moved, quadratic, last };
  }
}
const levels = (png: Uint8Array): { width: number; height: number; data: Uint8Array } => readPng(png);
/** Logits of pictures of 8-bit levels, by the original file alone. */
async function logits(pictures: readonly ArrayLike<number>[]): Promise<number[][]> {
  const plane = 32 * 32;
  const x = new Float32Array(pictures.length * 3 * plane);
  pictures.forEach((data, row) => {
    for (let p = 0; p < plane; p++) for (let c = 0; c < 3; c++) x[(row * 3 + c) * plane + p] = data[3 * p + c]! / 255;
  });
  const out = (await original.run({ [original.inputNames[0]!]: new Tensor('float32', x, [pictures.length, 3, 32, 32]) }))[
    original.outputNames[0]!
  ]!;
  const classes = out.dims[1] as number;
  return pictures.map((_, row) => [...(out.data as Float32Array).subarray(row * classes, (row + 1) * classes)]);
}
const margin = (row: readonly number[], label: number): number => row[label]! - Math.max(...row.filter((_, k) => k !== label));

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hairline-maps-'));
  service = new EngineService({ host: 'test', audits: root, assets: join(ROOT, 'assets') }, join(ROOT, 'out/main/worker.js'));
  original = await InferenceSession.create(MODEL);
  image = (await call('images', { paths: [picture], labels: null, offset: 0, limit: 1 })).images[0]!.id;
});
afterAll(async () => {
  await service.close();
  await original.release();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe('subsets written short', () => {
  it('come back as they were, single pixels as one pair', () => {
    expect(packSubsets([0, 1, 2, 3, 4])).toEqual([1, 5]);
    for (const of of [[], [-1, -1], [0, 0, 1, 1, 0, 0, 1, 1], [3, -1, -1, 7, 8, 9, 2]])
      expect([...unpackSubsets(packSubsets(of), of.length)]).toEqual(of);
    expect(() => unpackSubsets([1, 5], 4)).toThrow(RangeError);
  });
});

describe('a map of the sample classifier', () => {
  it('has the numbers of `hairline map`, and of every corner of every pixel under onnxruntime', { timeout: 90_000 }, async () => {
    const map = await call('map', ask());
    const { moved, quadratic, last } = await whole(map);
    const same = await mapVulnerability({
      model: MODEL,
      image: picture,
      preprocessing: CALLS.map.in.shape.preprocessing.parse({}),
      partition: CALLS.map.in.shape.partition.parse({}),
      epsilon: 1,
      tries: 200,
      probes: 256,
      reference: 'clean-output',
      gate: { check: () => undefined },
    });
    expect([map.width, map.height, map.subsets, map.planes, map.of, map.label, quadratic]).toEqual([
      32,
      32,
      1024,
      1,
      [1, 1024],
      same.label,
      null,
    ]);
    expect(map.linear).toEqual([...same.linear]);
    for (const [subset, one] of moved) expect(one.moved).toBe(same.moved[subset]);
    expect(moved.size).toBe(same.moved.filter((value) => !Number.isNaN(value)).length);
    expect(last.best?.subset).toBe(same.best!.subset);

    const clean = levels(await service.picture({ kind: 'map', map: map.map, subset: null, what: 'picture' })).data;
    const start = margin((await logits([clean]))[0]!, map.label!);
    expect(map.clean.kind === 'classes' && map.clean.margin).toBeCloseTo(start, 4);
    for (const subset of [last.best!.subset, 0, 500, 777]) {
      const corners = Array.from({ length: 8 }, (_, code) =>
        clean.map((v, i) => (Math.floor(i / 3) === subset ? ((code >> (i % 3)) & 1) * 255 : v)),
      );
      const rows = await logits(corners);
      const fall = Math.max(...rows.map((row) => start - margin(row, map.label!)));
      if (moved.has(subset)) expect(moved.get(subset)!.moved).toBeCloseTo(fall, 3);
      const { after, changed, pixels: told, ...tried } = await call('mapAttack', { map: map.map, subset });
      expect(tried.moved).toBeCloseTo(fall, 3);
      // The picture is the corner that was said, and what is said of it is what the original model says.
      const attacked = levels(await service.picture({ kind: 'map', map: map.map, subset, what: 'picture' })).data;
      const row = (await logits([attacked]))[0]!;
      expect(after).toMatchObject({ kind: 'classes', prediction: row.indexOf(Math.max(...row)) });
      expect(after.kind === 'classes' && after.margin).toBeCloseTo(margin(row, map.label!), 3);
      expect(start - margin(row, map.label!)).toBeCloseTo(fall, 3);
      expect([changed, told]).toEqual([
        1,
        [
          {
            x: subset % 32,
            y: Math.floor(subset / 32),
            before: [...clean.subarray(3 * subset, 3 * subset + 3)],
            after: [...attacked.subarray(3 * subset, 3 * subset + 3)],
          },
        ],
      ]);
      expect(attacked.filter((v, i) => v !== clean[i] && Math.floor(i / 3) !== subset)).toHaveLength(0);
    }
  });

  it('knows a single value from a pixel, and a mask from both', async () => {
    const values = await call('map', ask({ partition: { partition: 'feature' }, tries: 0 }));
    expect([values.subsets, values.planes, values.of]).toEqual([3072, 3, [1, 3072]]);
    const mask = Array.from({ length: 1024 }, (_, p) => (p < 512 ? 0 : p < 768 ? 1 : 2));
    const areas = await call('map', ask({ partition: { partition: 'mask', mask }, tries: 0 }));
    expect([...unpackSubsets(areas.of, 1024)]).toEqual(mask.map((area) => area - 1));
    await expect(call('map', ask({ partition: { partition: 'mask', mask: [1] } }))).rejects.toThrow(/1 numbers and a picture 1024 pixels/);
  });

  it('can be stopped between two queries, attacked all the same, and ends when another is drawn', { timeout: 60_000 }, async () => {
    const map = await call('map', ask({ tries: 1024 }));
    const going = whole(map).then(
      () => 'done',
      (error: unknown) => error,
    );
    await call('mapMore', { map: map.map });
    const began = performance.now();
    await call('mapStop', { map: map.map });
    expect(performance.now() - began).toBeLessThan(2000);
    await going;
    expect((await call('mapMore', { map: map.map })).what).toBe('done');
    expect((await call('mapAttack', { map: map.map, subset: 3 })).changed).toBe(1);
    await expect(call('mapAttack', { map: map.map, subset: 1024 })).rejects.toThrow('The map has 1024 subsets; there is no number 1024.');

    const first = call('map', ask({ epsilon: 0.5 })).catch((error: unknown) => error);
    const second = await call('map', ask({ epsilon: 0.25 }));
    await first;
    await expect(call('mapMore', { map: map.map })).rejects.toBeInstanceOf(UserError);
    await expect(service.picture({ kind: 'map', map: map.map, subset: null, what: 'picture' })).rejects.toBeInstanceOf(UserError);
    await expect(service.picture({ kind: 'map', map: second.map, subset: 5, what: 'picture' })).rejects.toBeInstanceOf(UserError);
    expect((await whole(second)).moved.size).toBe(200);

    const { file } = await call('mapSave', { map: second.map });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect([lines.length, lines[0]]).toEqual([1025, 'subset,x,y,values,linear,moved']);
  });

  it('says in a sentence what it cannot map', async () => {
    const { map } = await call('map', ask({ tries: 0 }));
    await expect(call('map', ask({ image: { kind: 'image', image: 'absent' } }))).rejects.toBeInstanceOf(UserError);
    // The map before is still there.
    await service.picture({ kind: 'map', map, subset: null, what: 'picture' });
    await call('mapAttack', { map, subset: 7 });
    await service.picture({ kind: 'map', map, subset: 7, what: 'picture' });
    await expect(call('map', ask({ image: { kind: 'clean', audit: 'absent', image: '../x' } }))).rejects.toBeInstanceOf(UserError);
    await expect(call('map', ask({ model: join(ROOT, 'README.md') }))).rejects.toBeInstanceOf(UserError);
  });
});

describe('a map of the sample autoencoder', () => {
  it('has a quadratic map that foretells what the network does, and its outputs as pictures', { timeout: 90_000 }, async () => {
    const map = await call(
      'map',
      ask({ model: join(SAMPLES, 'autoencoder.onnx'), partition: { partition: 'block', block: 8 }, epsilon: 8 / 255, tries: 5 }),
    );
    expect([map.label, map.subsets, map.clean]).toMatchObject([null, 16, { kind: 'output', distance: 0, psnr: null, picture: true }]);
    const { moved, quadratic, last } = await whole(map);
    expect([quadratic!.length, moved.size, last.total]).toEqual([16, 5, 5]);
    // The best corner does at least what corners do in the mean, but for the network's own curvature.
    for (const [subset, one] of moved) expect(one.moved).toBeGreaterThan(0.8 * quadratic![subset]!);
    expect([...moved.values()].some((one) => one.breaks)).toBe(false);
    const subset = last.best!.subset;
    const { after } = await call('mapAttack', { map: map.map, subset });
    const [before, put] = [
      await service.picture({ kind: 'map', map: map.map, subset: null, what: 'output' }),
      await service.picture({ kind: 'map', map: map.map, subset, what: 'output' }),
    ].map((png) => levels(png).data);
    const rms = Math.sqrt(before!.reduce((sum, v, i) => sum + ((v - put![i]!) / 255) ** 2, 0) / before!.length);
    // Outputs as pictures are rounded to 8 bits and cut to [0,1].
    expect(after.kind === 'output' && after.distance).toBeGreaterThan(0.5 * rms);
    expect(after.kind === 'output' && 20 * Math.log10(1 / after.distance) - after.psnr!).toBeCloseTo(0, 6);
    expect(after.kind === 'output' && after.distance / last.best!.moved).toBeCloseTo(1, 1);
  });
});
