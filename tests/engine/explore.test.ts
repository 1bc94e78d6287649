import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CALLS } from '../../shared/contract.ts';
import type { CallIn, CallOut, LoadedImage, PictureAddress } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { EngineService } from '../../src-main/engine/service.ts';
import { IMAGES, MODEL, ROOT, SAMPLES } from '../cli/hairline.ts';
import { readPng } from '../images/files.ts';

/** The call as a window makes it, with the built worker. */
let root: string;
let service: EngineService;
let images: LoadedImage[];
/** What the engine keeps of pictures. */
const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('hairline-explore-'));

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hairline-live-service-'));
  // Other tests leave theirs in the usual place.
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = root;
  service = new EngineService({ host: 'test', audits: root, assets: join(ROOT, 'assets') }, join(ROOT, 'out/main/worker.js'));
  ({ images } = await service.call(
    'images',
    CALLS.images.in.parse({ paths: [IMAGES], labels: null, classNames: join(SAMPLES, 'classes.txt'), offset: 8, limit: 2 }),
  ));
});
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

async function probe(more: Partial<CallIn<'probe'>> = {}): Promise<CallOut<'probe'>> {
  const input = {
    model: MODEL,
    preprocessing: {},
    image: images[0]!.id,
    norm: 'linf',
    eps: 20 / 255,
    attack: { id: 'pgd', options: { steps: 10 } },
    ...more,
  } as const;
  return CALLS.probe.out.parse(await service.call('probe', CALLS.probe.in.parse(input)));
}
const picture = async (probe: string, which: Extract<PictureAddress, { kind: 'probe' }>['which']) =>
  readPng(await service.picture({ kind: 'probe', probe, which }));

it('answers with numbers and pictures that go with them', async () => {
  const answer = (await probe())!;
  expect(answer).toMatchObject({ state: 'broken', success: true, label: 1, pictures: ['adversarial', 'difference'] });
  const [clean, changed, difference] = [
    readPng(await service.picture({ kind: 'image', image: images[0]!.id })),
    await picture(answer.probe, 'adversarial'),
    await picture(answer.probe, 'difference'),
  ];
  const largest = Math.max(...changed.data.map((level, i) => Math.abs(level - clean.data[i]!)));
  expect(largest / 255).toBeCloseTo(answer.changed!.eightBit.linf, 6);
  expect(difference.width).toBe(clean.width);
  await expect(picture(answer.probe, 'output')).rejects.toThrow('There is no such picture.');
  await expect(picture('../1', 'adversarial')).rejects.toBeInstanceOf(UserError);
});

it('answers the newest of many, and tells the others that they were overtaken', async () => {
  const slow = { attack: { id: 'pgd', options: { steps: 1500 } }, eps: 1 / 255 };
  const began = performance.now();
  const first = probe(slow);
  // The first is at work when the others come.
  await new Promise((wait) => setTimeout(wait, 300));
  const answers = await Promise.all([first, ...[1, 2, 3, 20].map((levels) => probe({ eps: levels / 255 }))]);
  expect(answers.map((answer) => answer?.state ?? null)).toEqual([null, null, null, null, 'broken']);
  const alone = performance.now();
  await probe(slow);
  expect(alone - began).toBeLessThan(performance.now() - alone);
});

it('leaves the desk free for other questions', async () => {
  // Longer than any check takes; what is asked next ends it.
  const slow = probe({ attack: { id: 'pgd', options: { steps: 100_000 } }, eps: 1 / 255 });
  const first = await Promise.race([
    slow.then(() => 'probe'),
    service.call('gradcheck', CALLS.gradcheck.in.parse({ model: MODEL, preprocessing: {}, images: [] })).then(() => 'check'),
  ]);
  expect(first).toBe('check');
  await probe();
  expect(await slow).toBeNull();
});

it('gives a bad request back in one sentence', async () => {
  const said = (more: Partial<CallIn<'probe'>>) =>
    probe(more).then(
      () => '',
      (error: unknown) => (error instanceof UserError ? error.message : `no UserError: ${String(error)}`),
    );
  expect(await said({ image: 'nothing' })).toBe('This image is not loaded.');
  expect(await said({ attack: { id: 'magic' } })).toMatch(/^There is no attack called magic: /);
  expect(await said({ norm: 'l0' })).toMatch(/^Attack pgd has no l0 form: /);
  expect(await said({ attack: { id: 'pgd', options: { steps: -1 } } })).toMatch(/^Mend option steps of attack pgd: /);
  expect(await said({ goal: { kind: 'deviation', psnr: 20 }, output: 'nowhere' })).toMatch(/nowhere/);
  expect(await said({ model: join(SAMPLES, 'classes.txt') })).toMatch(/classes\.txt/);
  // And works on.
  expect((await probe())!.state).toBe('broken');
});

it('keeps the pictures of the last answers only, and none when it is closed', { timeout: 30_000 }, async () => {
  const old = (await probe({ eps: 1 / 255 }))!;
  for (let i = 0; i < 12; i++) await probe({ eps: (i + 2) / 255, attack: { id: 'fgsm' } });
  await expect(picture(old.probe, 'adversarial')).rejects.toThrow('There is no such picture.');
  const mine = folders();
  expect(mine).toHaveLength(1);
  expect(readdirSync(join(tmpdir(), mine[0]!))).toHaveLength(12);
  await service.close();
  expect(existsSync(join(tmpdir(), mine[0]!))).toBe(false);
});
