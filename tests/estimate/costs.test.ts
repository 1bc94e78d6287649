import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NORMS } from '../../shared/norms.ts';
import type { AuditPlan, AuditPlanInput } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import { passes } from '../../src-main/attacks/cost.ts';
import { roundingCost } from '../../src-main/attacks/rounding/eight-bit.ts';
import { attackCards, stageOf } from '../../src-main/attacks/registry.ts';
import { attackCost, planCost, planEstimate } from '../../src-main/estimate/costs.ts';
import { measure } from '../../src-main/estimate/measure.ts';
import { readAlike } from '../../src-main/estimate/passTime.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import { Here } from '../audit/here.ts';

/** What attacks say they cost, against what real audits of the samples record. */
const SAMPLES = join(import.meta.dirname, '../../assets/samples');
const SHAPE = { channels: 3, height: 32, width: 32 };
let root: string;
let n = 0;
beforeAll(() => void (root = mkdtempSync(join(tmpdir(), 'hairline-costs-'))));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function run(
  model: string,
  threats: AuditPlanInput['threats'],
  more: Partial<AuditPlanInput> = {},
): Promise<{ plan: AuditPlan; results: Results }> {
  const plan = checkPlan({ model: `${model}.onnx`, preprocessing: {}, images: ['images'], limit: 1, threats, ...more }, SAMPLES);
  const pool = new Here();
  const results = await runAudit({
    plan,
    folder: join(root, `${++n}`),
    resume: false,
    pool,
    control: pool.control,
    onImage: () => {},
    onFinding: () => {},
    onProgress: () => {},
  });
  return { plan, results };
}

/** Each finding's passes, beside the bound. */
function spent({ plan, results }: { plan: AuditPlan; results: Results }, puts: { classes: number; outputs: number }) {
  return results.findings
    .filter(({ state }) => state === 'broken' || state === 'held')
    .map(({ threat, attack, forwards, backwards, state }) => {
      const model = plan.threats[threat]!;
      const bound = passes(
        attackCost(
          model,
          model.attacks.find(({ id }) => id === attack)!,
          SHAPE,
          puts,
          plan.maxQueries,
        ),
      );
      return { what: `${attack} ${model.norm}`, attack, norm: model.norm, state, used: forwards + backwards, bound };
    });
}

const QUICK: Record<string, Record<string, unknown>> = {
  bim: { steps: 3 },
  pgd: { steps: 4, restarts: 2 },
  apgd: { steps: 10, restarts: 2 },
  'apgd-minimal': { steps: 4, searches: 3 },
  pma: { steps: 6 },
  'apgd-targeted': { steps: 3, targets: 3, candidates: 4 },
  ddn: { steps: 10 },
  fmn: { steps: 12 },
  'sigma-zero': { steps: 20, patience: null, polish: 20 },
  random: { draws: 3 },
  pdpgd: { steps: 12 },
  pdgd: { steps: 10 },
  alma: { steps: 10 },
  ead: { steps: 4, searches: 3 },
  'carlini-wagner': { steps: 4, searches: 3, initial: 1, decrease: 0.5, least: 0.2 },
  'super-deepfool': { steps: 2, inner: 3 },
  'trust-region': { steps: 6 },
  fab: { steps: 4, restarts: 2 },
  deepfool: { steps: 4 },
  gnm: { steps: 2 },
  'linear-minimum': { steps: 4, rounds: 4 },
  quadratic: { steps: 2, lanczos: 4, power: 2, restarts: 0, probes: 6 },
  subset: { partition: 'block', block: 8, subsets: 3 },
  'quadratic-subset': { partition: 'block', block: 8, candidates: 1, probes: 4, subsets: 1 },
};
const EPS = { l0: [4, 400], l0Pixels: [4, 200], l1: [0.5, 5], l2: [0.05, 1], linf: [0.001, 8 / 255] };
const threatsOf = (output: boolean, goal: AuditPlanInput['threats'][number]['goal']): AuditPlanInput['threats'] =>
  NORMS.flatMap((norm) => {
    const attacks = attackCards().filter(
      (card) => card.norms.includes(norm) && (output || !card.needsOutput) && (goal?.kind !== 'targeted' || card.targeted),
    );
    return [{ norm, eps: EPS[norm], goal: goal!, attacks: attacks.map(({ id }) => ({ id, options: QUICK[id] ?? {} })) }];
  });

describe('what attacks say they cost', () => {
  it.each([{ kind: 'untargeted' }, { kind: 'targeted', target: 'next' }] as const)(
    'is never exceeded by a classifier’s audit, any attack under any norm, $kind',
    { timeout: 120_000 },
    async (goal) => {
      const all = spent(await run('signs', threatsOf(false, goal)), { classes: 10, outputs: 0 });
      expect(new Set(all.map(({ what }) => what)).size).toBeGreaterThan(35);
      expect(all.filter(({ used, bound }) => used > bound)).toEqual([]);
      // Where nothing ends early, what is left of the bound is rounding: of nothing, or of one point.
      const held = all.filter(
        ({ attack, norm, state }) =>
          state === 'held' &&
          ['fgsm', 'bim', 'gnm', 'gnm-simple', 'random', ...(goal.kind === 'untargeted' ? ['pgd'] : [])].includes(attack) &&
          norm !== 'l0',
      );
      expect(held.length).toBeGreaterThan(8);
      expect(
        held.filter(({ attack, norm, used, bound }) => used !== bound - 2 * passes(roundingCost(norm, true, stageOf(attack).access))),
      ).toEqual([]);
      const whole = all.filter(({ attack, norm, state }) => state === 'broken' && ['ddn', 'fmn'].includes(attack) && norm !== 'l0');
      expect(whole.length).toBeGreaterThan(1);
      expect(whole.filter(({ norm, used, bound }) => used < bound - passes(roundingCost(norm, false, 'gradient')))).toEqual([]);
      // Nothing but a bound that may be far off: at most four times what is spent, over all attacks.
      const total = (key: 'used' | 'bound'): number => all.reduce((n, one) => n + one[key], 0);
      expect(total('bound')).toBeLessThan(4 * total('used'));
    },
  );

  it('is never exceeded by an audit of an output', { timeout: 120_000 }, async () => {
    const goal = { kind: 'deviation', psnr: 18 } as const;
    const threats = threatsOf(true, goal)
      .filter(({ norm }) => norm !== 'l0')
      .map((threat) => ({ ...threat, attacks: threat.attacks.filter(({ id }) => id.startsWith('quadratic') || id === 'subset') }));
    const all = spent(await run('autoencoder', threats, { limit: 1 }), { classes: 2, outputs: 3 * 1024 });
    expect(all.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['quadratic l1', 'quadratic linf', 'quadratic-subset linf', 'subset l0Pixels']),
    );
    expect(all.filter(({ used, bound }) => used > bound || used === 0)).toEqual([]);
  });

  it('keeps to the bound that the plan sets', async () => {
    const attacks = [{ id: 'fmn', options: { steps: 100 } }, { id: 'fgsm' }];
    const { plan, results } = await run('signs', [{ norm: 'linf', eps: [1e-4, 2e-4], attacks }], { limit: 1, maxQueries: 50 });
    const all = spent({ plan, results }, { classes: 10, outputs: 0 });
    expect(all.map(({ bound }) => Math.round(bound))).toEqual([50, 50]);
    expect(all.every(({ used }) => used <= 50)).toBe(true);
  });

  it('knows of every partition how many subsets there is room for', () => {
    const options = (more: Record<string, unknown>) => stageOf('subset').options.parse({ rivals: 1, ...more });
    const rounds = (norm: 'l0' | 'l0Pixels' | 'linf', epsilon: number, more: Record<string, unknown>): number =>
      stageOf('subset').cost({ norm, targeted: false, classes: 10, shape: SHAPE, outputs: 0, epsilon }, options(more)).gradients;
    expect(rounds('l0Pixels', 12, {})).toBe(12);
    expect(rounds('l0', 12, {})).toBe(4);
    expect(rounds('l0', 12, { partition: 'feature' })).toBe(12);
    expect(rounds('linf', 0.1, {})).toBe(1);
    expect(rounds('linf', 0.1, { subsets: 5000 })).toBe(1024);
    // Blocks of 20: one whole, two of 20 x 12, one of 12 x 12; the smallest three fit into 700 pixels.
    expect(rounds('l0Pixels', 700, { partition: 'block', block: 20 })).toBe(3);
    const mask = Array.from({ length: 1024 }, (_, p) => (p < 10 ? 7 : p < 12 ? 3 : 0));
    expect(rounds('l0Pixels', 11, { partition: 'mask', mask })).toBe(1);
    expect(rounds('l0Pixels', 12, { partition: 'mask', mask })).toBe(2);
  });
});

describe('the estimate of a plan', () => {
  const plan = checkPlan(
    {
      model: 'signs.onnx',
      preprocessing: {},
      images: ['images'],
      threats: [{ norm: 'l2', eps: [1, 2], attacks: [{ id: 'fgsm' }, { id: 'ddn' }] }],
    },
    SAMPLES,
  );

  it('adds up attacks, budgets and pictures', () => {
    const puts = { classes: 10, outputs: 0 };
    const one = planCost(plan, [{ ...SHAPE, count: 1 }], puts);
    // FGSM: a gradient and a query, and rounding, under each budget.
    expect(one.attacks[0]).toEqual({ threat: 0, attack: 'fgsm', passes: 2 * (3 + 2 + 20) });
    const many = planCost(
      plan,
      [
        { ...SHAPE, count: 3 },
        { ...SHAPE, height: 16, count: 4 },
      ],
      puts,
    );
    expect(passes(many.all)).toBe(7 * passes(one.all));
    // A mask fits pictures of one size alone; the attack refuses the others.
    const masked = {
      threats: [
        {
          ...plan.threats[0]!,
          norm: 'linf' as const,
          attacks: [{ id: 'subset', options: stageOf('subset').options.parse({ partition: 'mask', mask: [1, 0, 0, 1] }) }],
        },
      ],
      maxQueries: null,
    };
    expect(passes(planCost(masked, [{ ...SHAPE, count: 3 }], puts).all)).toBe(0);
  });

  it('takes its time from the model itself, and shares it among workers', { timeout: 60_000 }, async () => {
    const { model, input, fixed, output, preprocessing, provider } = plan;
    const measured = await measure({ source: { model, input, fixed, output, preprocessing, provider }, picture: SHAPE, images: 60 });
    expect(measured).toMatchObject({ rows: 4, classes: 10, outputs: 0, large: false });
    expect(measured.forward).toBeGreaterThan(0);
    // A gradient is a forward pass and more.
    expect(measured.gradient).toBeGreaterThan(measured.forward);
    const pictures = [{ ...SHAPE, count: 60 }];
    const alone = planEstimate({ ...plan, workers: 1 }, pictures, measured, [null, null], 4);
    const shared = planEstimate(plan, pictures, measured, [null, null], 4);
    expect(shared.seconds).toBeCloseTo(alone.seconds / 4, 9);
    expect(shared.workers).toBe(4);
    expect(alone.seconds).toBeGreaterThan((alone.passes * measured.forward) / 4 / 2 / 1000);
    // An attack's own arithmetic comes on top, by a short run of it.
    const passTimes: number[] = [];
    const {
      attacks: [fgsm, ddn],
    } = plan.threats[0]!;
    const pool = new Here();
    const some = await readAlike(plan, SHAPE, 4);
    expect(some).toHaveLength(4);
    for (const attack of [fgsm!, ddn!])
      passTimes.push(
        (await pool.run('passTime', {
          plan,
          threat: { ...plan.threats[0]!, attacks: [attack] },
          picture: SHAPE,
          pictures: some,
          rows: 4,
          passes: 60,
        }))!,
      );
    expect(Math.min(...passTimes)).toBeGreaterThan(0);
    const paced = planEstimate({ ...plan, workers: 1 }, pictures, measured, passTimes, 4);
    expect(paced.seconds).toBeCloseTo((paced.attacks[0]!.passes * passTimes[0]! + paced.attacks[1]!.passes * passTimes[1]!) / 1000, 9);
    // What refuses has no pace: a mask of another size.
    const options = stageOf('subset').options.parse({ partition: 'mask', mask: [1] });
    const masked = { ...plan.threats[0]!, norm: 'linf' as const, attacks: [{ id: 'subset', options }] };
    expect(await pool.run('passTime', { plan, threat: masked, picture: SHAPE, pictures: some, rows: 4, passes: 20 })).toBeNull();
    const field = await measure({ source: { ...plan, model: join(SAMPLES, 'autoencoder.onnx') }, picture: SHAPE, images: 2 });
    expect(field).toMatchObject({ rows: 2, classes: 2, outputs: 3 * 1024 });
  });
});
