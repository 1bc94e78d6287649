import { expect, it } from 'vitest';
import { distanceAt } from '../../src-main/goals/distance.ts';
import { decibelsIn, likeness } from '../../src-main/goals/likeness.ts';
import type { NetworkOutput } from '../../src-main/model/networkOutput.ts';

const output: Pick<NetworkOutput, 'picture'> = { picture: { channels: 1, height: 16, width: 16, layout: 'nchw' } };
const ramp = Float64Array.from({ length: 256 }, (_, i) => i / 255);
const shifted = ramp.map((v, i) => v + (i % 2 ? 0.1 : -0.1));

it('a peak of 255 says of levels what a peak of 1 says of shares', () => {
  const ofShares = likeness(shifted, ramp, output, 1);
  const ofLevels = likeness(
    shifted.map((v) => 255 * v),
    ramp.map((v) => 255 * v),
    output,
    255,
  );
  // A constant difference of a tenth is 20 dB by definition.
  expect(ofShares.psnr).toBeCloseTo(20, 9);
  expect(ofLevels.psnr).toBeCloseTo(20, 9);
  expect(ofShares.ssim).toBeLessThan(0.99);
  expect(ofLevels.ssim).toBeCloseTo(ofShares.ssim!, 9);
  // And read by the wrong peak the same rows are 48 dB from that.
  expect(likeness(shifted, ramp, output, 255).psnr).toBeCloseTo(20 + 20 * Math.log10(255), 9);
});

it('what attacks aim at is the root mean square distance of so many dB at that peak', () => {
  expect(distanceAt(20, 1)).toBeCloseTo(0.1, 12);
  expect(distanceAt(20, 255)).toBeCloseTo(25.5, 12);
  expect(distanceAt(0, 2)).toBeCloseTo(2, 12);
});

it('equal rows are an infinite number of dB, for which the results have no number', () => {
  expect(likeness(ramp, ramp, output, 1)).toEqual({ psnr: null, ssim: 1 });
  expect([null, 20, undefined].map((dB) => decibelsIn(dB === undefined ? {} : { psnr: dB }))).toEqual([Infinity, 20, undefined]);
});

it('what is no picture, or a tiny one, has no similarity', () => {
  expect(Object.keys(likeness(shifted, ramp, { picture: null }, 1))).toEqual(['psnr']);
  const tiny = { picture: { channels: 4, height: 8, width: 8, layout: 'nchw' as const } };
  expect(Object.keys(likeness(shifted, ramp, tiny, 1))).toEqual(['psnr']);
});

it('channels that come last are compared as planes', () => {
  const [nchw, nhwc] = (['nchw', 'nhwc'] as const).map((layout) => ({ picture: { channels: 3, height: 12, width: 12, layout } }));
  const value = (c: number, p: number, by: number) => (((p * 7 + c * 5) % 11) / 11) * by;
  const planes = (by: number) => Float64Array.from({ length: 432 }, (_, i) => value(Math.floor(i / 144), i % 144, by));
  const rows = (by: number) => Float64Array.from({ length: 432 }, (_, i) => value(i % 3, Math.floor(i / 3), by));
  const found = likeness(planes(1), planes(0.8), nchw!, 1);
  expect(likeness(rows(1), rows(0.8), nhwc!, 1)).toEqual({ psnr: expect.closeTo(found.psnr!, 9), ssim: expect.closeTo(found.ssim!, 9) });
  // Read as planes, the rows are another picture.
  expect(likeness(rows(1), rows(0.8), nchw!, 1).ssim).not.toBeCloseTo(found.ssim!, 7);
});
