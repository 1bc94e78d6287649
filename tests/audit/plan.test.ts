import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlanInput } from '../../shared/plan.ts';
import { checkPlan, readPlan } from '../../src-main/audit/plan.ts';
import { planHash } from '../../src-main/audit/begin.ts';

const threat = { norm: 'l2' as const, eps: [1, 0.5, 1], attacks: [{ id: 'ddn' }] };
const input: AuditPlanInput = {
  model: 'm.onnx',
  preprocessing: {},
  images: ['pictures', resolve('/data/more')],
  labels: 'labels.txt',
  threats: [threat],
};
const base = resolve('/somewhere');

describe('checkPlan', () => {
  it('fills in defaults, sorts budgets, and makes paths absolute', () => {
    const plan = checkPlan(input, base);
    expect(plan).toMatchObject({
      model: join(base, 'm.onnx'),
      images: [join(base, 'pictures'), resolve('/data/more')],
      labels: join(base, 'labels.txt'),
      classNames: null,
      seed: 0,
      workers: null,
    });
    expect(plan.threats[0]).toMatchObject({ eps: [0.5, 1], goal: { kind: 'untargeted' } });
    expect(Object.keys(plan.threats[0]!.attacks[0]!.options).length).toBeGreaterThan(2);
  });

  it('takes an attack on outputs for a goal of deviation', () => {
    expect(
      checkPlan({ ...input, threats: [{ ...threat, goal: { kind: 'deviation', psnr: 20 }, attacks: [{ id: 'quadratic' }] }] }, base)
        .threats[0]!.attacks[0]!.id,
    ).toBe('quadratic');
  });

  it('gives the same when done twice', () => {
    const plan = checkPlan(input, base);
    expect(checkPlan(plan, '/elsewhere')).toEqual(plan);
    expect(planHash(checkPlan(plan, '/elsewhere'))).toBe(planHash(plan));
  });

  it.each<[string, unknown, RegExp]>([
    ['no model', { ...input, model: undefined }, /model: this is missing/],
    ['no threats', { ...input, threats: [] }, /threats/],
    ['a field nobody knows', { ...input, epsilon: 1 }, /"epsilon"/],
    ['ε = 0', { ...input, threats: [{ ...threat, eps: [0] }] }, /threats\.0\.eps\.0/],
    ['ε as a text', { ...input, threats: [{ ...threat, eps: ['1'] }] }, /threats\.0\.eps\.0/],
    ['no ε', { ...input, threats: [{ ...threat, eps: [] }] }, /threats\.0\.eps/],
    ['a norm nobody knows', { ...input, threats: [{ ...threat, norm: 'l3' }] }, /threats\.0\.norm/],
    ['half a feature', { ...input, threats: [{ norm: 'l0', eps: [1.5], attacks: [{ id: 'fmn' }] }] }, /whole numbers/],
    ['an attack nobody knows', { ...input, threats: [{ ...threat, attacks: [{ id: 'hammer' }] }] }, /no attack called hammer/],
    ['an attack of another norm', { ...input, threats: [{ ...threat, norm: 'l0', attacks: [{ id: 'ddn' }] }] }, /ddn has no l0 form/],
    ['an attack twice', { ...input, threats: [{ ...threat, attacks: [{ id: 'ddn' }, { id: 'ddn' }] }] }, /named twice for l2/],
    ['an option nobody knows', { ...input, threats: [{ ...threat, attacks: [{ id: 'ddn', options: { stepps: 3 } }] }] }, /stepps/],
    [
      'an attack on outputs for a goal on classes',
      { ...input, threats: [{ ...threat, attacks: [{ id: 'quadratic' }] }] },
      /quadratic drives an output away.*deviation/,
    ],
    [
      'and for an output to be matched',
      { ...input, threats: [{ ...threat, goal: { kind: 'match', picture: 'p.png', psnr: 30 }, attacks: [{ id: 'quadratic' }] }] },
      /quadratic drives an output away.*deviation/,
    ],
    ['no plan at all', null, /object is expected here, not null/],
  ])('refuses %s in one sentence', (_, plan, says) => {
    expect(() => checkPlan(plan as AuditPlanInput, base)).toThrow(UserError);
    expect(() => checkPlan(plan as AuditPlanInput, base)).toThrow(says);
    expect(() => checkPlan(plan as AuditPlanInput, base)).toThrow(/^[^\n]+\.$/);
  });
});

describe('planHash', () => {
  it('changes with whatever can change a result, and not with workers and batch', () => {
    const hash = (more: Partial<AuditPlanInput>): string => planHash(checkPlan({ ...input, ...more }, base));
    const first = hash({});
    expect(hash({ workers: 7, batch: 3 })).toBe(first);
    const others = [
      { seed: 1 },
      { limit: 5 },
      { offset: 1 },
      { model: 'n.onnx' },
      { maxQueries: 9 },
      { preprocessing: { scale: 255 } },
      { threats: [{ ...threat, eps: [0.5] }] },
      { provider: 'cuda' as const },
    ];
    expect(new Set([first, ...others.map(hash)]).size).toBe(others.length + 1);
  });
});

describe('readPlan', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hairline-plan-'));
    mkdirSync(join(folder, 'plans'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("counts relative paths from the plan's own folder", () => {
    const file = join(folder, 'plans', 'plan.json');
    writeFileSync(file, JSON.stringify({ ...input, model: '../m.onnx' }));
    expect(readPlan(file)).toMatchObject({ model: join(folder, 'm.onnx'), labels: join(folder, 'plans', 'labels.txt') });
  });

  it('says what is wrong with a file in one sentence', () => {
    const file = join(folder, 'broken.json');
    writeFileSync(file, '{\n  "model": m.onnx\n}\n');
    expect(() => readPlan(file)).toThrow(/^The plan .*broken\.json is no JSON: [^\n]+\.$/);
    expect(() => readPlan(join(folder, 'absent.json'))).toThrow(/cannot be read/);
    expect(() => readPlan(folder)).toThrow(UserError);
  });
});
