import { describe, expect, it } from 'vitest';
import { ACCESS } from '../../shared/access.ts';
import type { Norm } from '../../shared/norms.ts';
import { cost } from '../../src-main/attacks/cost.ts';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import { attackOf } from '../../src-main/attacks/registry.ts';
import { roundingCost, toEightBit } from '../../src-main/attacks/rounding/eight-bit.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { linearCase, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 3, width: 5 };
const test = linearCase('access', 4, SHAPE, 8, false, 4);

function problem(access: (typeof ACCESS)[number], norm: Norm = 'l2', epsilon?: number): CountedProblem {
  return new CountedProblem(test.differentiable, test.images, { norm, epsilon, stream: 'access', limits: null, gate: OPEN, access });
}

/** So far along the way that lowers the margin that every image is broken. */
function across(of: CountedProblem): Float32Array {
  return gradients.map((slope) => -0.9 * Math.sign(slope)).slice(0, of.clean.length);
}
/** The margin of a linear model falls along minus the difference of two rows of its matrix, by a problem of full access. */
const { gradient: gradients } = await problem('gradient').gradient(new Float32Array(test.images.length * 45), 'margin');

describe('what an attack has no access to', () => {
  it.each(['scores', 'decision'] as const)('cannot be asked of a problem of %ss: gradients, differences, products', async (access) => {
    const of = problem(access);
    const delta = new Float32Array(of.clean.length);
    const words = access === 'scores' ? /sees scores alone/ : /sees decisions alone/;
    await expect(of.gradient(delta, 'margin')).rejects.toThrow(words);
    await expect(of.at(of.clean, 'margin')).rejects.toThrow(words);
    await expect(of.differences(delta, [{ image: 0, class: 1 }], () => undefined)).rejects.toThrow(words);
    expect(() => of.vjp(delta, delta)).toThrow(words);
    expect(() => of.jvp(delta, delta)).toThrow(words);
    expect([...of.forwards, ...of.backwards].every((n) => n === 0)).toBe(true);
  });

  it('is told by no answer: of decisions neither scores nor margins, but the same successes', async () => {
    const [full, scores, decision] = ACCESS.map((access) => problem(access));
    const delta = across(full!);
    delta.fill(0, 45, 90);
    const [a, b, c] = [await full!.query(delta), await scores!.query(delta), await decision!.query(delta)];
    expect([...b.logits]).toEqual([...a.logits]);
    expect([...b.margin]).toEqual([...a.margin]);
    expect([...c.success]).toEqual([...a.success]);
    expect([...a.success]).toEqual(expect.arrayContaining([0, 1]));
    expect([...c.logits].every(Number.isNaN)).toBe(true);
    expect([...c.margin]).toEqual([...c.success].map((success) => (success ? -1 : 1)));
  });
});

describe('rounding for those', () => {
  it.each(
    (['scores', 'decision'] as const).flatMap((access) =>
      (['l0', 'l1', 'l2', 'linf'] as const).flatMap((norm) => [true, false].map((fixed) => [access, norm, fixed] as const)),
    ),
  )('asks %s for no gradient under %s (fixed budget: %s), keeps to its bound, and finds pictures', async (access, norm, fixed) => {
    const epsilon = { l0: 45, l1: 45, l2: 7, linf: 0.95 }[norm];
    const of = problem(access, norm, fixed ? epsilon : undefined);
    await of.query(across(of));
    const before = [...of.forwards];
    of.revive();
    const pictures = await toEightBit(of);
    expect(pictures.filter((levels) => levels !== null).length).toBe(test.images.length);
    expect([...of.backwards].every((n) => n === 0)).toBe(true);
    const bound = roundingCost(norm, fixed, access);
    expect(bound.gradients).toBe(0);
    for (const [i, n] of of.forwards.entries()) expect(n - before[i]!).toBeLessThanOrEqual(bound.forwards);
    // Each picture is a success of the model itself.
    const full = problem('gradient', norm);
    const levels = Float32Array.from(pictures.flatMap((one) => [...one!].map((level) => Math.fround(level / 255))));
    expect([...(await full.at(levels, null)).success]).toEqual(test.images.map(() => 1));
  });

  it('costs an attack with gradients what it did', () => {
    expect(roundingCost('linf', true, 'gradient')).toEqual(cost(10, 12));
    expect(roundingCost('l2', true, 'gradient')).toEqual(cost(10, 2));
  });
});

it('random noise knows decisions alone, and spends no backward pass on any norm', async () => {
  expect(attackOf('random').access).toBe('decision');
  for (const norm of ['l0', 'l1', 'l2', 'linf'] as const) {
    const found = await attackBatch({
      model: test.differentiable,
      images: test.images,
      norm,
      eps: [{ l0: 45, l1: 40, l2: 6, linf: 1 }[norm]],
      attack: 'random',
      options: { draws: 40 },
      seed: 3,
      maxQueries: null,
      gate: OPEN,
    });
    expect(found.map(({ backwards }) => backwards)).toEqual(test.images.map(() => 0));
    expect(found.some(({ state }) => state === 'broken')).toBe(true);
  }
});
