import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Norm } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { attackCards } from '../../src-main/attacks/registry.ts';
import { farther } from '../../src-main/goals/distance.ts';
import type { OpenOutput } from '../../src-main/runtime/openOutput.ts';
import { smallField } from './fields.ts';
import { linearCase, OPEN } from './linear.ts';
import { watch } from './watched.ts';

type Options = Record<string, unknown>;

/** Where an option matters: another value of it, and what it is set beside, if not the defaults. */
interface Row {
  to: unknown;
  beside?: Options;
  norm?: Norm;
  eps?: number;
  /** Classes of the model that it is tried on. */
  classes?: number;
}

const SHAPE = { channels: 3, height: 3, width: 4 };
const SHORT = { steps: 6 };
/** Beneath every optimum: nothing ends the run early. */
const SMALL = 1e-3;
const areas = {
  partition: { to: 'row' },
  block: { to: 2, beside: { partition: 'block' } },
  superpixels: { to: 12, beside: { partition: 'superpixel', superpixels: 2 } },
  compactness: { to: 0.01, beside: { partition: 'superpixel', superpixels: 6, compactness: 500 } },
  mask: { to: Array.from({ length: 12 }, (_, p) => 1 + (p % 5)), beside: { partition: 'mask', mask: new Array<number>(12).fill(1) } },
  subsets: { to: 3 },
  perStep: { to: 3, beside: { subsets: 3 } },
};
const ROWS: Record<string, Record<string, Row>> = {
  fgsm: { loss: { to: 'margin' } },
  bim: {
    steps: { to: 5 },
    stepSize: { to: 0.4 },
    share: { to: 0.5, norm: 'l1' },
    confidence: { to: 0.5, eps: 0.3 },
    loss: { to: 'margin' },
  },
  pgd: {
    steps: { to: 5 },
    stepSize: { to: 0.2 },
    decay: { to: false },
    randomStart: { to: false },
    restarts: { to: 2 },
    multiTargeted: { to: false, beside: { restarts: 2, steps: 3 } },
    share: { to: 0.5, norm: 'l1' },
    confidence: { to: 0.5, eps: 0.3 },
    loss: { to: 'cross-entropy' },
  },
  ddn: {
    steps: { to: 5 },
    rivals: { to: 1 },
    epsilon0: { to: 0.2, beside: { rivals: 0, steps: 3 } },
    alpha: { to: 1 },
    alphaEnd: { to: 0.5 },
    gamma: { to: 0.3 },
    gammaEnd: { to: 0.05 },
    levels: { to: 4 },
    settle: { to: 2 },
    loss: { to: 'cross-entropy' },
  },
  fmn: {
    steps: { to: 5 },
    rivals: { to: 1 },
    alpha: { to: 0.3 },
    alphaEnd: { to: 0.5 },
    gamma: { to: 0.3 },
    gammaEnd: { to: 0.05 },
    overshoot: { to: 0.5, beside: { rivals: 0, steps: 3 } },
    loss: { to: 'cross-entropy' },
    direction: { to: 'signs' },
    schedule: { to: 'plateau' },
    factor: { to: 0.2, beside: { schedule: 'plateau', patience: 1, steps: 20 } },
    patience: { to: 2, beside: { schedule: 'plateau', steps: 20 } },
    finish: { to: 2 },
  },
  'sigma-zero': {
    steps: { to: 5 },
    eta0: { to: 0.3 },
    sigma: { to: 0.5 },
    tau0: { to: 0.1 },
    t: { to: 0.2 },
    epsilonBudget: { to: 70, beside: { steps: 20 } },
    patience: { to: 0.05, beside: { steps: 40 } },
    restarts: { to: 2 },
    rivals: { to: 0 },
    polish: { to: 0 },
  },
  gnm: {
    steps: { to: 3 },
    loss: { to: 'cross-entropy' },
    rivals: { to: 1 },
    lengths: { to: [3, 2, 1], beside: { steps: 3 } },
    dither: { to: [0.5] },
    p: { to: 3 },
    clip: { to: false, eps: 3 },
  },
  'gnm-simple': { steps: { to: 3 }, p: { to: 3 }, clip: { to: false, eps: 3 } },
  'linear-minimum': {
    steps: { to: 1, norm: 'linf', classes: 8 },
    rivals: { to: 1 },
    overshoot: { to: 0.2 },
    rounds: { to: 1 },
    finish: { to: 1 },
  },
  deepfool: {
    steps: { to: 1, classes: 8 },
    rivals: { to: 1 },
    overshoot: { to: 0.2 },
    variant: { to: 'step' },
    nudge: { to: 0.5 },
    finish: { to: 1 },
  },
  subset: { ...areas, rivals: { to: 1 } },
  quadratic: {
    steps: { to: 2, eps: 0.5 },
    lanczos: { to: 1, beside: { dense: 0 } },
    directions: { to: 1 },
    power: { to: 1, beside: { dense: 0 } },
    restarts: { to: 0 },
    dense: { to: 0 },
    probes: { to: 3, beside: { dense: 0 }, norm: 'l1' },
    tries: { to: 1 },
  },
  'quadratic-subset': {
    ...areas,
    candidates: { to: 1, beside: { subsets: 3 } },
    exact: { to: 0, beside: { partition: 'channel', subsets: 3 }, eps: 0.3 },
    dense: { to: 0 },
    probes: { to: 3, beside: { dense: 0 } },
  },
  random: { draws: { to: 3 } },
  apgd: {
    steps: { to: 5 },
    restarts: { to: 2 },
    loss: { to: 'margin', norm: 'linf', classes: 8 },
    rho: { to: 0.1, beside: { steps: 20 } },
    alpha: { to: 1 },
    checkpoint: { to: 0.5, beside: { steps: 20 } },
    direction: { to: 'momentum', classes: 8 },
    share: { to: 0.5, norm: 'l1' },
    wide: { to: false, norm: 'l1' },
    confidence: { to: 0.5, eps: 0.1 },
  },
  'apgd-targeted': {
    steps: { to: 5 },
    targets: { to: 1 },
    order: { to: 'score' },
    candidates: { to: 1 },
    restarts: { to: 2 },
    loss: { to: 'cross-entropy', norm: 'linf', classes: 8 },
    rho: { to: 0.1, beside: { steps: 20 } },
    alpha: { to: 1 },
    checkpoint: { to: 0.5, beside: { steps: 20 } },
    direction: { to: 'momentum', classes: 8 },
    share: { to: 0.5, norm: 'l1' },
    wide: { to: false, norm: 'l1' },
    confidence: { to: 0.5, eps: 0.1 },
  },
  pma: { steps: { to: 5 }, rounds: { to: 1 }, confidence: { to: 0.5, eps: 0.1 } },
  'apgd-minimal': {
    steps: { to: 5 },
    searches: { to: 3 },
    rivals: { to: 1 },
    loss: { to: 'margin', norm: 'linf', classes: 8 },
    rho: { to: 0.1, beside: { steps: 20 } },
    alpha: { to: 1 },
    checkpoint: { to: 0.5, beside: { steps: 20 } },
    direction: { to: 'momentum', classes: 8 },
    share: { to: 0.5, norm: 'l1', beside: { rivals: 0, steps: 20 } },
    finish: { to: 2 },
  },
  pdpgd: {
    steps: { to: 5 },
    rivals: { to: 1 },
    penalty: { to: 'hard', norm: 'l0' },
    inner: { to: 3 },
    ratio: { to: 1 },
    rate: { to: 0.03 },
    rateEnd: { to: 0.5 },
    dualRate: { to: 0.5 },
    dualRateEnd: { to: 1 },
    finish: { to: 2 },
  },
  pdgd: {
    steps: { to: 5 },
    rivals: { to: 1 },
    ratio: { to: 1 },
    rate: { to: 0.03 },
    rateEnd: { to: 0.5 },
    dualRate: { to: 0.5 },
    dualRateEnd: { to: 1 },
    settle: { to: 2 },
  },
  alma: {
    steps: { to: 5 },
    average: { to: 0.7 },
    first: { to: 0.3 },
    rateEnd: { to: 0.5, beside: { steps: 20 } },
    multiplier: { to: 2 },
    penalty: { to: 2 },
    growth: { to: 3, beside: { steps: 40, first: 1e-3 } },
    settle: { to: 2 },
  },
  ead: {
    steps: { to: 5 },
    searches: { to: 3 },
    initial: { to: 0.1 },
    confidence: { to: 2 },
    abort: { to: false, beside: { steps: 40 } },
    beta: { to: 3 },
    rate: { to: 0.1 },
    settle: { to: 2 },
  },
  'carlini-wagner': {
    steps: { to: 5 },
    searches: { to: 3 },
    initial: { to: 0.1 },
    confidence: { to: 2, beside: { rate: 0.3 } },
    abort: { to: false, beside: { steps: 40 } },
    rate: { to: 0.1 },
    decrease: { to: 0.5, norm: 'linf', beside: { initial: 1, steps: 40 } },
    least: { to: 0.5, norm: 'linf', beside: { initial: 1, steps: 40 } },
    settle: { to: 2, beside: { rate: 0.3 } },
  },
  'super-deepfool': {
    steps: { to: 1, classes: 8, beside: { overshoot: 0 } },
    inner: { to: 1, classes: 8 },
    rivals: { to: 1, classes: 8 },
    overshoot: { to: 0.2 },
    variant: { to: 'single', classes: 8 },
    settle: { to: 2 },
  },
  'trust-region': {
    steps: { to: 5 },
    rivals: { to: 0, classes: 8 },
    radius: { to: 0.1 },
    least: { to: 0.04, beside: { radius: 0.03 } },
    most: { to: 0.005, beside: { radius: 0.05 } },
    settle: { to: 2, beside: { radius: 1, most: 10 } },
  },
  fab: {
    steps: { to: 5 },
    rivals: { to: 1, classes: 8 },
    targets: { to: 2 },
    alphaMax: { to: 0 },
    eta: { to: 1.3 },
    beta: { to: 0.5 },
    restarts: { to: 2 },
    radius: { to: 0.1, beside: { restarts: 2 } },
    settle: { to: 2 },
  },
};

const cards = attackCards();
const field = smallField('options', SHAPE, 9, 20);
const classifiers = new Map([4, 8].map((classes) => [classes, linearCase('options', classes, SHAPE, 2, false)]));
const ways = new Map<string, Promise<string>>();
let network: OpenOutput | undefined;
beforeAll(async () => void (network = await field.open()));
afterAll(() => network?.close());

/** The way that an attack takes on a batch of pictures. */
function wayOf(attack: string, options: Options, norm: Norm, eps: number, classes: number): Promise<string> {
  const key = JSON.stringify([attack, options, norm, eps, classes]);
  if (!ways.has(key)) ways.set(key, take(attack, options, norm, eps, classes));
  return ways.get(key)!;
}

async function take(attack: string, options: Options, norm: Norm, eps: number, classes: number): Promise<string> {
  const { needsOutput } = cards.find(({ id }) => id === attack)!;
  const test = classifiers.get(classes)!;
  const { model, way } = watch(needsOutput ? await network!.scored(farther(50)) : test.differentiable);
  const images = needsOutput ? field.images(6, 0) : test.images;
  await attackBatch({ model, images, norm, eps: [eps], attack, options, seed: 3, maxQueries: null, gate: OPEN });
  return way();
}

const optionsOf = (id: string): string[] => Object.keys(cards.find((card) => card.id === id)!.options['properties'] as object);

it('every option of every attack has a row here', () => {
  // A preset has none.
  expect(Object.fromEntries(Object.entries(ROWS).map(([id, rows]) => [id, Object.keys(rows)]))).toEqual(
    Object.fromEntries(cards.filter(({ stages }) => !stages).map(({ id }) => [id, optionsOf(id)])),
  );
});

// An option that the search does not look at leaves every question the same.
it.each(Object.entries(ROWS).flatMap(([id, rows]) => Object.entries(rows).map(([option, row]) => [id, option, row] as const)))(
  '%s asks other points where %s is another',
  async (id, option, { to, beside = {}, norm, eps = SMALL, classes = 4 }) => {
    const { norms, options } = cards.find((card) => card.id === id)!;
    const usual = {
      ...('steps' in (options['properties'] as object) && SHORT),
      ...beside,
    };
    const chosen = norm ?? (norms.includes('l2') ? 'l2' : norms.includes('linf') ? 'linf' : norms[0]!);
    const budget = norm === 'l1' ? Math.max(eps, 0.05) : eps;
    expect(await wayOf(id, { ...usual, [option]: to }, chosen, budget, classes)).not.toBe(await wayOf(id, usual, chosen, budget, classes));
  },
);
