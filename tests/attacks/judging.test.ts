import { describe, expect, it } from 'vitest';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import { OPEN, linearModel } from './linear.ts';

const SHAPE = { channels: 1, height: 1, width: 2 };
const pixels = Float32Array.of(0.5, 0.5);

/** A model of these logits at every picture, and one picture of it. */
async function judged(logits: number[], label: number, goal: number | null): Promise<{ success: boolean; margin: number }> {
  const model = linearModel({ classes: logits.length, weights: new Float32Array(2 * logits.length), bias: logits }, SHAPE, 1);
  const problem = new CountedProblem(model, [{ pixels, hash: 'tie', label, goal }], { norm: 'l2', stream: 's', limits: null, gate: OPEN });
  const { success, margin } = await problem.query(new Float32Array(2));
  return { success: success[0] === 1, margin: margin[0]! };
}

describe('where logits are equal, the first of them is the class, as arg-max says', () => {
  const TIES = [
    [2, 2, 1],
    [2, 1, 2],
    [1, 2, 2],
    [2, 2, 2],
  ];
  it.each(TIES)('%d %d %d', async (...logits) => {
    const argMax = logits.indexOf(Math.max(...logits));
    for (let k = 0; k < 3; k++) {
      expect((await judged(logits, k, null)).success).toBe(argMax !== k);
      expect((await judged(logits, (k + 1) % 3, k)).success).toBe(argMax === k);
      const others = Math.max(...logits.filter((_, j) => j !== k));
      expect((await judged(logits, k, null)).margin).toBeCloseTo(logits[k]! - others, 12);
      expect((await judged(logits, (k + 1) % 3, k)).margin).toBeCloseTo(others - logits[k]!, 12);
    }
  });
});

describe('of equally near successes the one of lower margin is kept', () => {
  // Both pixels move the same way in l2 and l∞, the second moves the margin three times as far.
  const model = linearModel({ classes: 2, weights: [1, 3, 0, 0], bias: [-1.95, 0] }, SHAPE, 1);
  const [shallow, deep] = [Float32Array.of(-0.25, 0), Float32Array.of(0, -0.25)];

  it.each([
    ['the shallow one first', shallow, deep],
    ['the deep one first', deep, shallow],
  ])('%s', async (_, first, second) => {
    const problem = new CountedProblem(model, [{ pixels, hash: 'deep', label: 0, goal: null }], {
      norm: 'l2',
      stream: 's',
      limits: null,
      gate: OPEN,
    });
    for (const delta of [first, second]) expect((await problem.query(delta)).success[0]).toBe(1);
    expect([...problem.best(0)!]).toEqual([...deep]);
    // A nearer one counts before a deeper one.
    expect((await problem.query(Float32Array.of(-0.125, 0))).success[0]).toBe(1);
    expect([...problem.best(0)!]).toEqual([-0.125, 0]);
  });
});
