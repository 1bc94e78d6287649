import { describe, expect, it } from 'vitest';
import { psnr, rootMeanSquare, ssim } from '../../src-main/norms/similarity.ts';

interface Planes {
  channels: number;
  height: number;
  width: number;
}

/** Pictures that any language can write down: ((7y² + 13x + 29c + k (xy mod 11)) mod 64) / 64. */
function picture({ channels, height, width }: Planes, k: number, peak: number): Float64Array {
  return Float64Array.from({ length: channels * height * width }, (_, j) => {
    const [c, y, x] = [Math.floor(j / (height * width)), Math.floor(j / width) % height, j % width];
    return (peak * ((7 * y * y + 13 * x + 29 * c + k * ((x * y) % 11)) % 64)) / 64;
  });
}

/**
 * NumPy, float64, from the definition: for each place of the 11 x 11 Gaussian window (deviation 1.5, sum 1) the weighted means, the
 * weighted central moments, and Wang et al.'s eq. 13; the mean over places and channels.
 */
const NUMPY = [
  { shape: { channels: 1, height: 28, width: 28 }, peak: 1, far: 0.7132283312854534, near: 0.9970014702703577, dB: 32.95320490450336 },
  { shape: { channels: 3, height: 20, width: 17 }, peak: 1, far: 0.6822735436879577, near: 0.9966870230304516, dB: 32.59430593854163 },
  { shape: { channels: 1, height: 11, width: 11 }, peak: 255, far: 0.17584225809094187, near: 0.9909167015581563, dB: 31.224363166458193 },
];

describe.each(NUMPY)('$shape, peak $peak', ({ shape, peak, far, near, dB }) => {
  const [a, b] = [picture(shape, 0, peak), picture(shape, 1, peak)];
  const between = a.map((v, j) => 0.9 * v + 0.1 * b[j]!);
  it('SSIM and PSNR are NumPy’s', () => {
    expect(ssim(a, b, shape, peak)).toBeCloseTo(far, 10);
    expect(ssim(a, between, shape, peak)).toBeCloseTo(near, 10);
    expect(psnr(a, between, peak)).toBeCloseTo(dB, 10);
  });
  it('symmetric, at most 1, and 1 for the same picture', () => {
    expect(ssim(b, a, shape, peak)).toBeCloseTo(far, 12);
    expect(ssim(a, a, shape, peak)).toBeCloseTo(1, 12);
    expect(psnr(a, a, peak)).toBe(Infinity);
  });
});

describe('closed forms', () => {
  it('two even pictures differ by their means alone: (2 μν + c₁) / (μ² + ν² + c₁)', () => {
    const shape = { channels: 1, height: 12, width: 15 };
    const even = (value: number): Float64Array => new Float64Array(180).fill(value);
    for (const [mu, nu] of [
      [0.2, 0.5],
      [0, 1],
      [1, 1],
    ] as const)
      expect(ssim(even(mu), even(nu), shape, 1)).toBeCloseTo((2 * mu * nu + 1e-4) / (mu * mu + nu * nu + 1e-4), 12);
  });
  it('PSNR of a constant difference d is 20 log₁₀(peak / d); ten times nearer is 20 dB more', () => {
    const zero = new Float64Array(7);
    expect(
      psnr(
        zero,
        zero.map(() => 0.1),
        1,
      ),
    ).toBeCloseTo(20, 12);
    expect(
      psnr(
        zero,
        zero.map(() => 0.01),
        1,
      ),
    ).toBeCloseTo(40, 12);
    expect(
      psnr(
        zero,
        zero.map(() => 25.5),
        255,
      ),
    ).toBeCloseTo(20, 12);
    expect(rootMeanSquare([1, 2, 3], [1, 5, -1])).toBeCloseTo(5 / Math.sqrt(3), 12);
  });
  it('no SSIM below the window, no comparison of different lengths', () => {
    expect(ssim(new Float64Array(110), new Float64Array(110), { channels: 1, height: 10, width: 11 }, 1)).toBeNull();
    expect(() => rootMeanSquare([1], [1, 2])).toThrow(RangeError);
  });
});
