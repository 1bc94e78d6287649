import { expect, it } from 'vitest';
import { compareOutput, outputPicture, outputResult } from '../../src-main/audit/outputFigures.ts';
import { distanceAt } from '../../src-main/goals/distance.ts';
import type { NetworkOutput } from '../../src-main/model/field.ts';

const field: NetworkOutput = { name: 'y', dims: [1, 16, 16], width: 256, picture: { channels: 1, height: 16, width: 16, layout: 'nchw' } };
const ramp = Float64Array.from({ length: 256 }, (_, i) => i / 255);
const shifted = ramp.map((v, i) => v + (i % 2 ? 0.1 : -0.1));

it('a peak of 255 says of levels what a peak of 1 says of shares', () => {
  const ofShares = compareOutput({ peak: 1 }, shifted, ramp, field);
  const ofLevels = compareOutput(
    { peak: 255 },
    shifted.map((v) => 255 * v),
    ramp.map((v) => 255 * v),
    field,
  );
  // A constant difference of a tenth is 20 dB by definition.
  expect(ofShares.psnr).toBeCloseTo(20, 9);
  expect(ofLevels.psnr).toBeCloseTo(20, 9);
  expect(ofShares.ssim).toBeLessThan(0.99);
  expect(ofLevels.ssim).toBeCloseTo(ofShares.ssim!, 9);
  // And read by the wrong peak the same rows are 48 dB from that.
  expect(compareOutput({ peak: 255 }, shifted, ramp, field).psnr).toBeCloseTo(20 + 20 * Math.log10(255), 9);
});

it('what attacks aim at is the root mean square distance of so many dB at that peak', () => {
  expect(distanceAt(20, 1)).toBeCloseTo(0.1, 12);
  expect(distanceAt(20, 255)).toBeCloseTo(25.5, 12);
  expect(distanceAt(0, 2)).toBeCloseTo(2, 12);
});

it('white in the picture of an output is its peak, and what lies beyond is clipped', () => {
  const levels = (peak: number, layout: 'nchw' | 'nhwc'): number[] =>
    Array.from(outputPicture(Float64Array.of(-1, 0, 2, 4, 8, 100), { picture: { channels: 3, height: 1, width: 2, layout } }, peak)!.data);
  expect(levels(8, 'nhwc')).toEqual([0, 0, 64, 128, 255, 255]);
  expect(levels(4, 'nhwc')).toEqual([0, 0, 128, 255, 255, 255]);
  // Planes one after the other become colours side by side.
  expect(levels(8, 'nchw')).toEqual([0, 64, 255, 0, 128, 255]);
  expect(outputPicture(ramp, { picture: { channels: 4, height: 8, width: 8, layout: 'nchw' } }, 1)).toBeNull();
  expect(outputPicture(ramp, { picture: null }, 1)).toBeNull();
});

it('equal rows are an infinite number of dB, for which the results have no number', () => {
  const { psnr, ssim } = compareOutput({ peak: 1 }, ramp, ramp, field);
  expect([psnr, ssim]).toEqual([Infinity, 1]);
  expect(outputResult({ psnr, ssim }, 'a.png')).toEqual({ psnr: null, ssim: 1, file: 'a.png' });
});
