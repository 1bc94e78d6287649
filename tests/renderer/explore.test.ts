import { createPinia, setActivePinia } from 'pinia';
import { nextTick } from 'vue';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CALLS } from '../../shared/contract.ts';
import type { AttackCard, CallIn, Host, ModelCard } from '../../shared/contract.ts';
import { NORMS, type Norm } from '../../shared/norms.ts';
import { AuditPlan, Preprocessing } from '../../shared/plan.ts';
import type { Probe } from '../../shared/probe.ts';
import { budgetStops, namedStops, nearestStop, placeOf } from '../../src-renderer/logic/budget.ts';
import { breaksAt, tipOf, trialOf, verdictOf, withTrial, type Trial } from '../../src-renderer/logic/trials.ts';

/** A host whose answers come when the test says so; pictures are one pixel, which a browser would decode. */
interface Asked {
  input: CallIn<'probe'>;
  answer(value: Probe | null | Error): Promise<void>;
}
const asked: Asked[] = [];
let stops = 0;
const other: Record<string, unknown> = {};
const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
  await nextTick();
};
const host = {
  call: (name: string, input: never) =>
    name !== 'probe'
      ? Promise.resolve(name === 'probeStop' ? (stops++, {}) : other[name])
      : new Promise((resolve, reject) => {
          asked.push({
            input: CALLS.probe.in.parse(input),
            answer: (value) => {
              if (value instanceof Error) reject(value);
              else resolve(value);
              return settle();
            },
          });
        }),
  listen: () => () => undefined,
  pictureUrl: (address: unknown) => JSON.stringify(address),
} as unknown as Host;
vi.stubGlobal('window', { hairline: host, matchMedia: () => ({ matches: false, addEventListener: () => undefined }) });
class OnePixel {
  src = '';
  naturalWidth = 1;
  naturalHeight = 1;
  decode = (): Promise<void> => Promise.resolve();
}
vi.stubGlobal('Image', OnePixel);
const context = { drawImage: () => undefined, getImageData: () => ({ width: 1, height: 1, data: new Uint8ClampedArray(4) }) };
vi.stubGlobal('document', { documentElement: { dataset: {} }, createElement: () => ({ getContext: () => context }) });

const { goalCards } = await import('../../src-main/goals/index.ts');
const { useApp } = await import('../../src-renderer/stores/app.ts');
const { useExplore } = await import('../../src-renderer/stores/explore.ts');
const { useImages } = await import('../../src-renderer/stores/images.ts');
const { useModel } = await import('../../src-renderer/stores/model.ts');
const { useThreat } = await import('../../src-renderer/stores/threat.ts');

const attack = (id: string, kind: AttackCard['kind'], norms: Norm[], targeted = true): AttackCard => ({
  id,
  title: id.toUpperCase(),
  norms,
  kind,
  targeted,
  access: 'gradient',
  needsOutput: false,
  summary: '',
  source: '',
  options: { type: 'object', properties: { steps: { type: 'integer', default: 100 } } },
});
const image = (id: string) => ({ id, source: `/i/${id}.png`, width: 8, height: 8, channels: 3, label: 0 });
const seen = (prediction: number, margin: number) => ({ prediction, top: [], margin, figures: null });
const at = (linf: number) => ({ l0: 3, l0Pixels: 1, l1: linf, l2: linf, linf });
const answer = (more: Partial<Probe> = {}): Probe => ({
  probe: '1',
  state: 'held',
  reason: null,
  success: false,
  label: 0,
  target: null,
  clean: seen(0, 5),
  changed: { ...seen(0, 2), eightBit: at(4 / 255) },
  float: null,
  noise: null,
  forwards: 3,
  backwards: 2,
  milliseconds: 7,
  pictures: ['adversarial', 'difference'],
  ...more,
});
const broken = (linf: number): Probe =>
  answer({ state: 'broken', success: true, changed: { ...seen(1, -1), eightBit: at(linf) }, float: at(linf) });

describe('the slider', () => {
  it.each(NORMS)('has ascending steps for %s, none far from the one before, and finds its way back', (norm) => {
    for (const size of [
      { width: 8, height: 8, channels: 1 },
      { width: 32, height: 32, channels: 3 },
      { width: 500, height: 375, channels: 3 },
    ]) {
      const stops = budgetStops(norm, size);
      expect(stops.length).toBeGreaterThan(7);
      stops.forEach((stop, index) => {
        const before = stops[index - 1];
        if (before !== undefined) {
          expect(stop).toBeGreaterThan(before);
          if (stop - before > 1 || norm !== 'l0') expect(stop / before).toBeLessThanOrEqual(2);
        }
        expect(nearestStop(stops, stop)).toBe(index);
        expect(placeOf(stops, stop)).toBeCloseTo(index / (stops.length - 1), 9);
      });
    }
  });

  it('has the whole levels that papers use, counts without fractions, and places in between by ratio', () => {
    const size = { width: 32, height: 32, channels: 3 };
    const levels = budgetStops('linf', size).map((eps) => Math.round(eps * 255 * 1e6) / 1e6);
    expect(levels).toEqual(expect.arrayContaining([0.5, 1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64]));
    expect(budgetStops('l0', size).every(Number.isInteger)).toBe(true);
    expect(budgetStops('l0Pixels', size).at(-1)).toBe(256);
    expect(placeOf([1, 2, 4], Math.SQRT2)).toBeCloseTo(0.25, 12);
    expect([placeOf([1, 2, 4], 0.1), placeOf([1, 2, 4], 9), nearestStop([1, 2, 4], 2.9), nearestStop([1, 2, 4], 2.7)]).toEqual([
      0, 1, 2, 1,
    ]);
    expect([namedStops([1, 2, 4, 8, 16, 32, 64], 4), namedStops([1, 2], 5), namedStops([], 5)]).toEqual([[1, 4, 16, 64], [1, 2], []]);
  });
});

describe('what was tried', () => {
  const trial = (eps: number, broke: boolean): Trial => ({ eps, value: 1, broke });

  it('is kept by budget, the newest of each, and tells where it tips', () => {
    const all = [trial(4, false), trial(1, false), trial(8, true), trial(6, true)].reduce<Trial[]>(withTrial, []);
    expect(all.map(({ eps }) => eps)).toEqual([1, 4, 6, 8]);
    expect(tipOf(all)).toEqual({ held: 4, broke: 6 });
    expect(tipOf(withTrial(all, trial(6, false)))).toEqual({ held: 6, broke: 8 });
    // A failure at a larger budget says nothing of smaller ones.
    expect(tipOf(withTrial(all, trial(7, false)))).toEqual({ held: 4, broke: 6 });
    expect([tipOf([]), tipOf([trial(2, false)]), tipOf([trial(2, true)])]).toEqual([
      { held: null, broke: null },
      { held: 2, broke: null },
      { held: null, broke: 2 },
    ]);
  });

  it('reads an answer against a budget', () => {
    expect([breaksAt(broken(8 / 255), 'linf', 8 / 255), breaksAt(broken(8 / 255), 'linf', 7 / 255), breaksAt(answer(), 'linf', 1)]).toEqual(
      [true, false, false],
    );
    expect(['breaks', 'beyond']).toEqual([0.1, 0.01].map((eps) => verdictOf(broken(0.05), 'linf', eps)));
    expect([verdictOf(answer(), 'linf', 1), verdictOf(answer({ float: at(0.1) }), 'linf', 1)]).toEqual(['holds', 'float']);
    expect([
      verdictOf(answer({ state: 'wrong-already', changed: null }), 'linf', 1),
      verdictOf(answer({ state: 'failed', changed: null }), 'linf', 1),
    ]).toEqual(['wrong', 'failed']);
    expect(trialOf(answer(), 'linf', 0.1, true, 'psnr')).toEqual({ eps: 0.1, value: 2, broke: false });
    expect(trialOf(answer({ changed: null }), 'linf', 0.1, false, 'psnr').value).toBe(5);
    expect(
      trialOf(answer({ changed: { ...answer().changed!, margin: null, figures: { psnr: 21, ssim: 0.5 } } }), 'linf', 0.1, false, 'psnr')
        .value,
    ).toBe(21);
    // A minimum-norm attack says where it tips, whatever the budget.
    expect([true, false].map((minimal) => trialOf(broken(0.05), 'linf', 0.1, minimal, 'psnr').eps)).toEqual([0.05, 0.1]);
  });
});

describe('exploring', () => {
  let leave = (): void => undefined;

  beforeEach(async () => {
    vi.useFakeTimers();
    setActivePinia(createPinia());
    asked.length = 0;
    Object.assign(other, {
      inspect: { path: '/m.onnx', input: 'x', classes: 3, preprocessing: Preprocessing.parse({}) } as ModelCard,
      gradcheck: { ok: true, forwardError: 0, gradientError: 0, tangentError: null, directions: 1, straightThrough: [], fallbacks: [] },
      images: { images: [image('a'), image('b')], total: 2, classNames: null, warnings: [], leftOut: { total: 0, files: [] } },
    });
    useApp().goals = goalCards();
    useApp().attacks = [
      attack('fmn', 'minimum-norm', ['l0', 'l2', 'linf']),
      attack('fool', 'minimum-norm', ['linf'], false),
      attack('pgd', 'fixed-budget', ['l2', 'linf']),
    ];
    await useModel().open('/m.onnx');
    await useImages().add(['/i']);
    leave = useExplore().follow();
  });
  afterEach(() => {
    leave();
    vi.useRealTimers();
  });
  const rest = async (ms = 100): Promise<void> => {
    await settle();
    await vi.advanceTimersByTimeAsync(ms);
  };

  it('asks once the hand rests, and shows the answer to the newest question alone', async () => {
    const explore = useExplore();
    await rest();
    expect(asked.map(({ input }) => [input.image, input.norm, input.eps, input.attack.id])).toEqual([['a', 'linf', 4 / 255, 'pgd']]);
    for (const levels of [5, 6, 7]) {
      explore.epsNow = levels / 255;
      await rest(10);
    }
    await rest();
    expect(asked.map(({ input }) => Math.round(input.eps * 255))).toEqual([4, 7]);
    expect(explore.pending).toBe(true);
    await asked[0]!.answer(answer());
    expect(explore.shown).toBeNull();
    await asked[1]!.answer(broken(7 / 255));
    expect(explore.shown!.answer.state).toBe('broken');
    expect([explore.verdict, explore.pending]).toEqual(['breaks', false]);

    // What is on show stays, and is said of its own budget, until the next answer has come.
    explore.epsNow = 2 / 255;
    await rest();
    expect([explore.verdict, explore.held, explore.pending]).toEqual(['breaks', 7 / 255, true]);
    await asked[2]!.answer(answer());
    expect([explore.verdict, explore.held]).toEqual(['holds', 2 / 255]);
    expect(explore.trials.map(({ eps, broke }) => [Math.round(eps * 255), broke])).toEqual([
      [2, false],
      [7, true],
    ]);
  });

  it('notes nothing of a budget that no 8-bit picture can use, and knows an image of the target class', async () => {
    const explore = useExplore();
    explore.epsNow = 0.5 / 255;
    await rest();
    await asked[0]!.answer(answer({ changed: null }));
    expect([explore.verdict, explore.trials]).toEqual(['holds', []]);
    explore.epsNow = 1 / 255;
    await rest();
    await asked[1]!.answer(answer({ changed: null }));
    expect(explore.trials.map(({ broke }) => broke)).toEqual([false]);
    explore.epsNow = 2 / 255;
    await rest();
    await asked[2]!.answer(answer({ state: 'target-already', changed: null }));
    expect(explore.verdict).toBe('own');
  });

  it('is not confused by an answer that was overtaken at the engine', async () => {
    const explore = useExplore();
    await rest();
    await asked[0]!.answer(null);
    expect([explore.shown, explore.error]).toEqual([null, null]);
  });

  it('runs a minimum-norm attack once, and holds what it found against every budget', async () => {
    const explore = useExplore();
    explore.chosen.linf = 'fmn';
    await rest();
    expect(asked).toHaveLength(1);
    await asked[0]!.answer(broken(6 / 255));
    expect([explore.verdict, explore.found]).toEqual(['beyond', 6 / 255]);
    explore.epsNow = 8 / 255;
    await rest();
    expect([asked.length, explore.verdict]).toEqual([1, 'breaks']);
  });

  it('begins its list anew for another image, and keeps to attacks that can do the goal', async () => {
    const explore = useExplore();
    await rest();
    await asked[0]!.answer(answer());
    explore.move(1);
    await rest();
    expect(asked[1]!.input.image).toBe('b');
    await asked[1]!.answer(answer());
    expect(explore.trials).toHaveLength(1);
    explore.move(1);
    expect(explore.image!.id).toBe('b');
    explore.chosen.linf = 'fool';
    explore.goal = { kind: 'targeted', target: 2 };
    await rest();
    expect(explore.attacks.filter(({ able }) => !able).map(({ card }) => card.id)).toEqual(['fool']);
    expect(asked.at(-1)!.input).toMatchObject({ goal: { kind: 'targeted', target: 2 }, attack: { id: 'pgd' } });
    explore.norm = 'l0';
    await rest();
    expect(asked.at(-1)!.input).toMatchObject({ norm: 'l0', eps: 10, attack: { id: 'fmn' } });
  });

  it('lists nothing that was not attacked', async () => {
    const explore = useExplore();
    await rest();
    await asked[0]!.answer(answer());
    expect(explore.trials).toHaveLength(1);
    explore.move(1);
    await rest();
    await asked[1]!.answer(answer({ state: 'wrong-already', changed: null, pictures: [] }));
    expect([explore.verdict, explore.trials]).toEqual(['wrong', []]);
  });

  it('says what the engine refuses, and asks again when something changes', async () => {
    const explore = useExplore();
    await rest();
    await asked[0]!.answer(new Error('The target class 10 does not exist.'));
    expect([explore.error, explore.shown, explore.pending]).toEqual(['The target class 10 does not exist.', null, false]);
    explore.epsNow = 1 / 255;
    await rest();
    await asked[1]!.answer(answer());
    expect([explore.error, explore.verdict]).toEqual([null, 'holds']);
    // Gone from the screen, nothing is asked or taken any more.
    explore.epsNow = 3 / 255;
    leave();
    await rest();
    expect([asked.length, explore.pending]).toEqual([2, false]);
  });

  it('is ended by Stop, and asked again by hand', async () => {
    const explore = useExplore();
    await rest();
    expect([explore.pending, explore.stopped]).toEqual([true, false]);
    explore.stop();
    expect([stops, explore.pending, explore.stopped]).toEqual([1, false, true]);
    // What was under way says nothing any more.
    await asked[0]!.answer(broken(2 / 255));
    expect(explore.shown).toBeNull();
    void explore.ask();
    await settle();
    expect([explore.pending, explore.stopped]).toEqual([true, false]);
    await asked[1]!.answer(broken(3 / 255));
    expect([explore.shown!.answer.state, explore.pending]).toEqual(['broken', false]);
  });

  it('puts norm, budget, attack, options and goal into the plan of an audit', async () => {
    const [explore, threat] = [useExplore(), useThreat()];
    threat.norms.l2.on = false;
    explore.norm = 'l2';
    explore.epsNow = 0.35;
    explore.setOption('steps', 7);
    explore.goal = { kind: 'targeted', target: 1 };
    await rest();
    expect(asked.at(-1)!.input.attack).toEqual({ id: 'pgd', options: { steps: 7 } });
    explore.use();
    const planned = AuditPlan.parse(threat.plan()).threats.find(({ norm }) => norm === 'l2')!;
    expect(planned.eps).toContain(0.35);
    expect(planned.attacks).toContainEqual({ id: 'pgd', options: { steps: 7 } });
    expect(planned.goal).toEqual({ kind: 'targeted', target: 1 });
    expect(useApp().toasts.at(-1)).toMatchObject({ kind: 'note', message: 'In the threat model now: ℓ₂ ≤ 0.35, PGD.' });
  });
});
