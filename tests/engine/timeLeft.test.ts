import { expect, it } from 'vitest';
import { TimeLeft } from '../../src-main/engine/timeLeft.ts';

it('goes by the pace of this session: what was done before it took none of its time', () => {
  let now = 5_000;
  const left = new TimeLeft(() => now);
  // Preparing: nobody knows yet how much there is to do.
  expect(left.after(0, 0)).toBeNull();
  now += 10_000;
  // 60 of 100 are there from an earlier session.
  expect(left.after(60, 100)).toBeNull();
  now += 10_000;
  // 10 in 20 seconds, 30 to go.
  expect(left.after(70, 100)).toBeCloseTo(60, 9);
  now += 60_000;
  expect(left.after(100, 100)).toBe(0);
});

it('of an audit that was never stopped it goes by all that is done', () => {
  let now = 0;
  const left = new TimeLeft(() => now);
  expect(left.after(0, 8)).toBeNull();
  now = 3_000;
  expect(left.after(1, 8)).toBeCloseTo(21, 9);
});
