import { expect, it } from 'vitest';
import { outputPicture } from '../../src-main/audit/outputPicture.ts';

const ramp = Float64Array.from({ length: 256 }, (_, i) => i / 255);

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
