import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditPlan, AuditPlanInput } from '../../shared/plan.ts';
import { Results } from '../../shared/results.ts';
import { Models } from '../../src-main/audit/models.ts';
import { passes } from '../../src-main/attacks/cost.ts';
import { measureChecks } from '../../src-main/checks/measure.ts';
import { summaryLines } from '../../src-main/cli/summary.ts';
import { planCost } from '../../src-main/estimate/costs.ts';
import type { Differentiable } from '../../src-main/model/differentiable.ts';
import { renderPdf } from '../../src-main/report/index.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import { verifyAudit } from '../../src-main/audit/verify/index.ts';
import { canonicalJson } from '../../shared/canonical.ts';
import { Here, OURS } from '../audit/here.ts';
import { open } from '../report/reader.ts';
import { HONEST, rejecting, roundedInput, saturated, writeModel, writePictures, zeroGradient } from './planted.ts';

let root: string;
let pictures: string;
let n = 0;
/** So large a step that whoever minds the size of a change minds it. */
const LARGE: AuditPlanInput['threats'] = [{ norm: 'linf', eps: [60 / 255], attacks: [{ id: 'fgsm' }] }];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hairline-checks-'));
  pictures = join(root, 'pictures');
  await writePictures(pictures, 6);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function planOf(model: Uint8Array, more: Partial<AuditPlanInput> = {}) {
  const file = writeModel(join(root, `model ${++n}.onnx`), model);
  const threats: AuditPlanInput['threats'] = [{ norm: 'linf', eps: [8 / 255, 24 / 255], attacks: [{ id: 'fgsm' }] }];
  return checkPlan(
    { model: file, preprocessing: { channels: 'grey' }, images: [pictures], threats, checks: { images: 12 }, ...more },
    root,
  );
}

async function audit(
  model: Uint8Array,
  more: Partial<AuditPlanInput> = {},
  { pool = new Here(), folder = join(root, `audit ${n + 1}`), resume = false } = {},
): Promise<Results> {
  const quiet = () => {};
  const plan = planOf(model, more);
  const found = await runAudit({ plan, folder, resume, pool, control: pool.control, onImage: quiet, onFinding: quiet, onProgress: quiet });
  return found;
}

const marks = ({ checks }: Results) => checks!.checks.filter(({ state }) => state === 'failed').map(({ id }) => id);

describe('the page of checks', () => {
  it.each(Object.keys(HONEST))('has no mark on an honest model: %s', async (name) => {
    const results = await audit(HONEST[name]!);
    expect(results.checks!.measures).toHaveLength(12);
    expect(marks(results)).toEqual([]);
  });
  it.each([
    ['rounded input', roundedInput, ['straight-through']],
    ['a saturated softmax', saturated, ['softmax']],
    ['a class for what is rejected', rejecting, ['unseen-class']],
  ])('marks %s, and nothing else of it', async (_, planted, expected) => {
    // The pictures' folders are found among them.
    const names = join(root, 'classes.txt');
    writeFileSync(
      names,
      ['class 0', 'class 1', 'class 2', 'class 3', 'rejected'].slice(0, expected.includes('unseen-class') ? 5 : 4).join('\n'),
    );
    const results = await audit(planted(), { classNames: names, threats: LARGE });
    expect(marks(results)).toEqual(expected);
  });

  // What docs/checks.md says that it misses: of each image it judges the smallest success.
  it('misses a class for what is rejected where another attack finds smaller changes', async () => {
    const names = join(root, 'classes.txt');
    writeFileSync(names, ['class 0', 'class 1', 'class 2', 'class 3', 'rejected'].join('\n'));
    const run = (...attacks: { id: string }[]) =>
      audit(rejecting(0.3), { classNames: names, threats: [{ norm: 'linf', eps: [120 / 255], attacks }] });
    const alone = await run({ id: 'random' });
    expect(alone.findings.map(({ prediction }) => prediction)).toEqual(alone.images.map(() => 4));
    expect(marks(alone)).toEqual(['unseen-class']);
    // Noise still ends in the alarm on every image, and nothing says so.
    const both = await run({ id: 'random' }, { id: 'fmn' });
    const noise = both.findings.filter(({ attack }) => attack === 'random');
    expect(noise.map(({ prediction }) => prediction)).toEqual(both.images.map(() => 4));
    expect(marks(both)).toEqual([]);
  });

  it('marks a layer with a gradient of zero', async () => {
    const results = await audit(zeroGradient());
    expect(marks(results)).toEqual(['unbounded', 'gradients']);
  });

  it('is the same whatever the batches and workers, and after a kill', async () => {
    const { checks } = await audit(HONEST['two layers']!, { batch: 1 });
    expect((await audit(HONEST['two layers']!, { batch: 7 }, { pool: new Here(2) })).checks).toEqual(checks);
    const pool = new Here();
    // The model, 4 batches of clean images, 4 attacks, one batch of checks: then it dies.
    pool.before = (_, asked) => {
      if (asked > 10) throw new Error('killed');
    };
    const folder = join(root, 'killed');
    const plan = planOf(HONEST['two layers']!, { batch: 7 });
    const run = (more: { pool: Here; resume: boolean }) =>
      runAudit({ plan, folder, control: more.pool.control, onImage() {}, onFinding() {}, onProgress() {}, ...more });
    await expect(run({ pool, resume: false })).rejects.toThrow('killed');
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8').match(/"type":"check"/g)).toHaveLength(7);
    expect((await run({ pool: new Here(), resume: true })).checks).toEqual(checks);
  });

  it('costs no more than is said before', async () => {
    const results = await audit(HONEST['convolution']!);
    const shape = { channels: 1, height: 8, width: 8, count: 20 };
    const { threats } = results.plan as AuditPlan;
    const of = (images: number) =>
      passes(planCost({ threats, maxQueries: null, checks: { images } }, [shape], { classes: 4, outputs: 0 }).all);
    let spent = 0;
    const model = await new Models({ ...(results.plan as AuditPlan), provider: 'cpu' }).differentiable(shape, 1);
    const image = { pixels: new Float32Array(64).fill(0.5), hash: 'grey', label: 0, goal: null };
    const counted: Differentiable = {
      ...model,
      forward: (...given) => (spent++, model.forward(...given)),
      gradient: (...given) => ((spent += 2), model.gradient(...given)),
    };
    const { norm, budgets } = results.checks!;
    await measureChecks({ model: counted, images: [image], norm, budgets, seed: 0, gate: { check() {} } });
    expect(of(1) - of(0)).toBeGreaterThanOrEqual(spent);
    expect(of(12) - of(0)).toBe(12 * (of(1) - of(0)));
    // Not more than twice as much either, where nothing is found.
    const held: Differentiable = {
      ...counted,
      gradient: async (...given) => ({ ...(await counted.gradient(...given)), logits: Float32Array.of(9, 0, 0, 0) }),
      forward: async (...given) => (await counted.forward(...given), { logits: Float32Array.of(9, 0, 0, 0) }),
    };
    spent = 0;
    await measureChecks({ model: held, images: [image], norm, budgets, seed: 0, gate: { check() {} } });
    expect(of(1) - of(0)).toBe(spent);
  });

  it('is put together anew by verify, which names what was forged', async () => {
    const folder = join(root, 'forged');
    const results = await audit(zeroGradient(), { checks: { images: 3 } }, { folder });
    writeFileSync(join(folder, 'results.json'), canonicalJson(Results.parse(results)));
    const verified = (told: Results) => verifyAudit(folder, told, {}, OURS);
    expect((await verified(results)).problems).toEqual([]);
    const forged = structuredClone(results);
    Object.assign(
      forged.checks!.checks.find(({ id }) => id === 'gradients')!,
      { state: 'passed', figures: { zero: 0, tiny: 0, 'not-finite': 0, images: 3 } },
    );
    forged.checks!.measures[0]!.values['slope'] = 1;
    const { problems } = await verified(forged);
    expect(problems).toContainEqual(
      expect.stringContaining('check gradients, state: the report says "passed", its journal gives "failed"'),
    );
    expect(problems).toContainEqual(expect.stringContaining('check gradients, figures, zero: the report says 0, its journal gives 3'));
    expect(problems).toContainEqual(expect.stringMatching(/measured on .*, values, slope: the report says 1, its journal gives 0/));
    const left: Partial<Results> = structuredClone(results);
    delete left.checks;
    expect((await verified(left as Results)).lacks).toContainEqual(expect.stringContaining('checks'));
    // A page that rests on an image that the plan does not draw.
    const journal = join(folder, 'journal.jsonl');
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    const other = results.images.find(({ id }) => !results.checks!.measures.some(({ image }) => image === id))!.id;
    const changed = lines.map((line) =>
      line.startsWith('{"type":"check"') ? line.replace(/"image":"[^"]+"/, `"image":"${other}"`) : line,
    );
    writeFileSync(journal, changed.join('\n') + '\n');
    expect((await verified(results)).problems).toContainEqual(
      expect.stringContaining('page of checks rests on 1 images that its plan does not draw'),
    );
  });

  it('is left out, in a sentence, where nobody attacks a classifier with its gradients', async () => {
    const surrogate = writeModel(join(root, 'surrogate.onnx'), HONEST['linear']!);
    const { checks, warnings } = await audit(HONEST['two layers']!, {
      threats: [
        { norm: 'linf', eps: [8 / 255], attacks: [{ id: 'fgsm' }], knowledge: { kind: 'transfer', surrogates: [{ model: surrogate }] } },
      ],
    });
    expect(checks).toBeUndefined();
    expect(warnings).toContainEqual(expect.stringContaining('The page of checks is left out'));
    expect((await audit(HONEST['linear']!, { checks: { images: 0 } })).checks).toBeUndefined();
  });

  it('stands on the terminal and in the PDF', async () => {
    const folder = join(root, 'shown');
    const results = await audit(zeroGradient(), {}, { folder });
    const terminal = summaryLines(results).join('\n');
    const pdf = (await open(await renderPdf(results, (file) => Promise.resolve(readFileSync(join(folder, file)))))).pages.join(' ');
    for (const text of [terminal, pdf]) {
      expect(text).toContain('Can I trust this?');
      expect(text).toContain('Measured on 12 images under ℓ∞');
      expect(text).toContain('2 of 11 checks failed');
      expect(text).toMatch(/tentative, page of checks\s+not clean/);
      expect(text.replace(/\s+/g, ' ')).toContain('Of 12 images the gradient is zero on 12');
    }
  });
});
