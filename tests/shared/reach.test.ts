import { describe, expect, it } from 'vitest';
import { within } from '../../shared/norms.ts';
import { budgetNote, budgetNotes, coversAll, isHollow, levels } from '../../shared/reach.ts';

const photo = { channels: 3, height: 4, width: 5 };

describe('a budget that covers every picture', () => {
  it('asks whether levels are meant', () => {
    expect(coversAll('linf', 8)).toMatch(/^A budget of 8 under ℓ∞ covers every picture.*did you mean 8\/255\?$/);
    expect(coversAll('linf', 1.5)).toMatch(/1\.5\/255\?$/);
    // Neither of these can be meant as levels of 255.
    for (const eps of [255, 65, 300 / 255, 4 / 3, 200]) expect(coversAll('linf', eps)).toMatch(/give a budget below 1, such as 8\/255\.$/);
    expect(coversAll('linf', 64)).toMatch(/did you mean 64\/255\?$/);
    expect([coversAll('linf', 1) === null, coversAll('linf', 254 / 255)]).toEqual([false, null]);
  });

  it('is one beyond the largest change there can be, by norm and size', () => {
    // 60 values of at most 1 each.
    for (const [norm, most] of [
      ['l1', 60],
      ['l2', Math.sqrt(60)],
      ['l0', 60],
      ['l0Pixels', 20],
    ] as const) {
      expect(coversAll(norm, most, photo), norm).toBeNull();
      expect(coversAll(norm, most + 1, photo), norm).toMatch(/covers every picture of 5 × 4 in colour/);
      expect(coversAll(norm, most + 1)).toBeNull();
    }
  });
});

describe('a budget on 8-bit pictures', () => {
  it('below one level proves nothing', () => {
    expect([0.5, 0.99, 1, 1.5].map((n) => isHollow('linf', n / 255))).toEqual([true, true, false, false]);
    expect(isHollow('l2', 0.5 / 255)).toBe(false);
    expect(budgetNote('linf', 0.5 / 255)).toMatch(/^No 8-bit picture lies within 0\.5\/255 .* no evidence/);
  });

  it('is so many whole levels as a distance within it can have', () => {
    expect(budgetNote('linf', 4.9 / 255)).toMatch(/^4\.9\/255 is 4\/255 on 8-bit pictures/);
    for (const eps of [0.3, 1, 2, 4.9, 7.9999, 8, 254.5].map((n) => n / 255).concat([0.03, 0.1, Math.fround(8 / 255)])) {
      const most = Array.from({ length: 256 }, (_, n) => n)
        .filter((n) => within(n / 255, eps))
        .at(-1);
      expect(levels(eps), String(eps)).toBe(most);
    }
    expect([budgetNote('linf', 8 / 255), budgetNote('l1', 4.9 / 255), budgetNote('l0', 5)]).toEqual([null, null, null]);
  });

  it('is told once, however often it comes', () => {
    expect(
      budgetNotes([
        { norm: 'linf', eps: [4.9 / 255, 8 / 255] },
        { norm: 'linf', eps: [4.9 / 255] },
        { norm: 'l2', eps: [0.001] },
      ]),
    ).toHaveLength(1);
  });
});
