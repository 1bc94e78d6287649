import { describe, expect, it } from 'vitest';
import type { Norm } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { linearCase, logitsOf, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 6, width: 5 };

/** How much longer an 8-bit picture may be than the float point, in the norm's own unit, when 90 features round. */
const PRICE: Record<Norm, number> = { l0: 0, l0Pixels: 0, l1: 0.25, l2: 0.03, linf: 1.01 / 255 };

describe.each([
  ['ddn', 'l2'],
  ['fmn', 'l0'],
  ['fmn', 'l1'],
  ['fmn', 'l2'],
  ['fmn', 'linf'],
  ['sigma-zero', 'l0'],
] as const)('8-bit pictures of %s %s', (attack, norm) => {
  it.each([false, true])('keep every float success at a small price (targeted %s)', async (targeted) => {
    const test = linearCase('eight', 6, SHAPE, 16, targeted);
    const found = await attackBatch({
      model: test.differentiable,
      images: test.images,
      norm,
      eps: [1],
      attack,
      options: { steps: 150 },
      seed: 2,
      maxQueries: null,
      gate: OPEN,
    });
    found.forEach((finding, i) => {
      const { pixels, label, goal } = test.images[i]!;
      if (!finding.float) return;
      expect(finding.state).toBe('broken');
      const seen = Float32Array.from(finding.eightBit!, (level) => level / 255);
      const logits = logitsOf(test.model.weights, test.model.bias, seen, 6);
      const prediction = logits.indexOf(Math.max(...logits));
      if (goal === null) expect(prediction).not.toBe(label);
      else expect(prediction).toBe(goal);
      const changed = seen.filter((p, j) => p !== pixels[j]).length;
      expect(finding.eightBitDistances!.l0).toBe(changed);
      expect(finding.eightBitDistances![norm]).toBeLessThanOrEqual(finding.float[norm] + PRICE[norm]);
      // Pictures are float points too: none is nearer than the best float point.
      expect(finding.eightBitDistances![norm]).toBeGreaterThanOrEqual(finding.float[norm]);
    });
  });
});
