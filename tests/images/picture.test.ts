import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromUnit, pictureHash, toUnit } from '../../src-main/images/index.ts';
import { noise } from './files.ts';

describe('a picture', () => {
  it('becomes planes of levels / 255 in float32', () => {
    const unit = toUnit({ width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 51, 255, 1, 2, 3) });
    expect(Array.from(unit)).toEqual([0, 1 / 255, 51 / 255, 2 / 255, 1, 3 / 255].map(Math.fround));
  });

  it.each([1, 3] as const)('survives the way to [0,1] and back, %i channels', (channels) => {
    const picture = { width: 16, height: 16 * (4 - channels), channels, data: noise(16 * 16 * (4 - channels) * channels) };
    expect(fromUnit(toUnit(picture), channels, picture.height, picture.width)).toEqual(picture);
    const all = { width: 256, height: 1, channels: 1 as const, data: Uint8Array.from({ length: 256 }, (_, i) => i) };
    expect(fromUnit(toUnit(all), 1, 1, 256)).toEqual(all);
  });

  it('rounds to the nearest level and clamps', () => {
    const picture = fromUnit(Float32Array.of(-0.2, 0.4 / 255, 0.6 / 255, 1.7), 1, 2, 2);
    expect(Array.from(picture.data)).toEqual([0, 0, 1, 255]);
  });

  it('is hashed with its shape', () => {
    const data = noise(12);
    const hash = pictureHash({ width: 4, height: 3, channels: 1, data });
    expect(hash).toBe(
      createHash('sha256')
        .update(Buffer.concat([Buffer.from('3x4x1\n'), data]))
        .digest('hex'),
    );
    expect(pictureHash({ width: 3, height: 4, channels: 1, data })).not.toBe(hash);
    expect(pictureHash({ width: 2, height: 2, channels: 3, data })).not.toBe(hash);
  });
});
