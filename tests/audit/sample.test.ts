import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditPlan, AuditPlanInput } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import { readAlike } from '../../src-main/estimate/passTime.ts';
import { checkPlan, rangeOf } from '../../src-main/audit/plan.ts';
import { planHash } from '../../src-main/audit/begin.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import { relabel } from '../../src-main/engine/byHand.ts';
import { encodePng, openImages, toUnit } from '../../src-main/images/index.ts';
import { Here } from './here.ts';
import { plain, write } from './models.ts';

/** Sorted class folders: 12, 6, 3 pictures of three classes. */
const CLASSES = { ant: 12, bee: 6, cat: 3 };
let root: string;
let model: string;
let images: string;
let classNames: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hairline-sample-'));
  model = write(join(root, 'model.onnx'), plain());
  images = join(root, 'images');
  classNames = join(root, 'names.txt');
  writeFileSync(classNames, [...Object.keys(CLASSES), ...'defghij'].join('\n'));
  let seed = 0;
  for (const [name, n] of Object.entries(CLASSES)) {
    mkdirSync(join(images, name), { recursive: true });
    for (let i = 0; i < n; i++) {
      seed++;
      const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => (at * (seed + 3) * 31 + seed * 97) % 251);
      writeFileSync(join(images, name, `${i}.png`), await encodePng({ width: 32, height: 32, channels: 3, data }));
    }
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const planOf = (more: Partial<AuditPlanInput>): AuditPlan =>
  checkPlan(
    {
      model,
      preprocessing: {},
      images: [images],
      classNames,
      threats: [{ norm: 'linf', eps: [2 / 255], attacks: [{ id: 'fgsm' }] }],
      ...more,
    },
    root,
  );

let n = 0;
const newFolder = (): string => join(root, `audit ${++n}`);
const run = (plan: AuditPlan, pool = new Here(), folder = newFolder(), resume = false): Promise<Results> =>
  runAudit({
    plan,
    folder,
    resume,
    pool,
    control: pool.control,
    onImage: () => undefined,
    onFinding: () => undefined,
    onProgress: () => undefined,
  });
const idsOf = ({ images: all }: Results): string[] => all.map(({ id }) => id);
const classesOf = ({ images: all }: Results): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { source } of all) counts[source.split('/')[1]!] = (counts[source.split('/')[1]!] ?? 0) + 1;
  return counts;
};

describe('a plan with a sample', () => {
  it('takes of every class its share, says of how many, and the same again', async () => {
    const plan = planOf({ sample: { size: 7, seed: 5 } });
    const results = await run(plan);
    expect(classesOf(results)).toEqual({ ant: 4, bee: 2, cat: 1 });
    expect(results.drawn).toEqual({ of: 21, byClass: true });
    expect(idsOf(await run(plan))).toEqual(idsOf(results));
    expect(idsOf(await run(planOf({ sample: { size: 7, seed: 6 } })))).not.toEqual(idsOf(results));
    // Another sample is another audit.
    expect(planHash(planOf({ sample: { size: 7, seed: 6 } }))).not.toBe(planHash(plan));
  });

  it('goes on with the same pictures after a stop', async () => {
    const plan = planOf({ sample: { size: 6, seed: 1 }, batch: 1 });
    const whole = await run(plan);
    const folder = newFolder();
    const pool = new Here();
    pool.before = (name, count) => name === 'job' && count > 5 && pool.control.cancel();
    await run(plan, pool, folder).catch(() => undefined);
    const resumed = await run(plan, new Here(), folder, true);
    expect(idsOf(resumed)).toEqual(idsOf(whole));
    expect(resumed.findings).toEqual(whole.findings);
  });

  it('takes no place for a file that cannot be read, and goes on with the same pictures', async () => {
    const mixed = join(root, 'mixed');
    cpSync(images, mixed, { recursive: true });
    for (const name of ['ant/2.png', 'ant/3.png', 'bee/1.png', 'cat/0.png']) writeFileSync(join(mixed, name), '');
    for (const size of [6, 17, 20]) {
      const plan = planOf({ images: [mixed], sample: { size, seed: 1 }, batch: 1 });
      const whole = await run(plan);
      expect(whole.images).toHaveLength(Math.min(size, 17));
      if (size > 6) expect([whole.drawn!.of, whole.leftOut!.total]).toEqual([17, 4]);
      const folder = newFolder();
      const pool = new Here();
      pool.before = (name, count) => name === 'job' && count > 5 && pool.control.cancel();
      await run(plan, pool, folder).catch(() => undefined);
      expect({ ...(await run(plan, new Here(), folder, true)), timing: null }).toEqual({ ...whole, timing: null });
    }
  });

  it('is what the window lists and what the estimate times, whatever the model’s classes are called', async () => {
    const plan = planOf({ offset: 2, sample: { size: 8, seed: 2 } });
    const ids = idsOf(await run(plan));
    // As the window's call asks.
    const listed = await openImages({
      paths: [images],
      labels: null,
      offset: 2,
      limit: null,
      sample: { size: 8, seed: 2 },
      classNames: ['zebra', 'cat', 'bee', 'ant'],
      look: 'some',
    });
    expect(listed.items.map(({ id }) => id)).toEqual(ids);
    expect(listed.drawn).toEqual({ of: 19, byClass: true });
    const [first] = await readAlike(plan, { channels: 3, height: 32, width: 32 }, 1);
    expect(first).toEqual(toUnit(await listed.items[0]!.read()));
    // Of goals on an output, which know no labels.
    const unlabelled = await openImages({ ...rangeOf(plan), labels: null, unlabelled: true });
    expect(unlabelled.items.map(({ id }) => id)).toEqual(ids);
  });

  it('does not change when a label is set by hand', async () => {
    const sample = { size: 5, seed: 9 };
    const open = (labels: string | null) =>
      openImages({ paths: [images], labels, offset: 0, limit: null, sample, classNames: Object.keys(CLASSES) });
    const before = await open(null);
    let labels: string | null = null;
    for (const { at } of before.items.slice(0, 3)) {
      labels = await relabel({ paths: [images], labels, classNames: Object.keys(CLASSES) }, at, 2, root);
      const now = await open(labels);
      expect(now.items.map(({ id }) => id)).toEqual(before.items.map(({ id }) => id));
      expect(now.items.find((item) => item.at === at)!.label).toBe(2);
    }
  });
});

describe('a plan with a limit', () => {
  it('takes the first, as it always did, and says which classes are missed by that', async () => {
    const results = await run(planOf({ offset: 1, limit: 13 }));
    expect(classesOf(results)).toEqual({ ant: 11, bee: 2 });
    expect(results.drawn).toBeUndefined();
    expect(results.warnings.join(' ')).toMatch(/The first 13 of 20 images are of 2 of 3 classes only/);
    expect((await run(planOf({ sample: { size: 4 } }))).warnings.join(' ')).not.toMatch(/The first/);
  });

  it('is drawn from where there is a sample, too', async () => {
    expect(classesOf(await run(planOf({ limit: 12, sample: { size: 5, seed: 1 } })))).toEqual({ ant: 5 });
  });
});

describe('a budget', () => {
  it('is told for what it is on 8-bit pictures', async () => {
    const threats: AuditPlanInput['threats'] = [{ norm: 'linf', eps: [0.5 / 255, 4.9 / 255], attacks: [{ id: 'fgsm' }] }];
    const { warnings } = await run(planOf({ limit: 1, threats }));
    expect(warnings).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^No 8-bit picture lies within 0\.5\/255/),
        expect.stringMatching(/^4\.9\/255 is 4\/255/),
      ]),
    );
  });
});
