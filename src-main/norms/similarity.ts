/** Root mean square difference of two rows of values, in their own units; sums run in double. @throws RangeError when lengths differ */
export function rootMeanSquare(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} values cannot be compared with ${b.length}`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum / a.length);
}

/** Peak signal-to-noise ratio in dB, 20 log₁₀(peak / rms); Infinity for equal rows. @param peak largest value possible */
export function psnr(a: ArrayLike<number>, b: ArrayLike<number>, peak: number): number {
  return 20 * Math.log10(peak / rootMeanSquare(a, b));
}

/** Window of SSIM: 11 x 11, Gaussian with deviation 1.5. */
const RADIUS = 5;
const WINDOW = Float64Array.from({ length: 2 * RADIUS + 1 }, (_, i) => Math.exp(-((i - RADIUS) ** 2) / (2 * 1.5 ** 2)));
const TOTAL = WINDOW.reduce((sum, w) => sum + w, 0);
for (let i = 0; i < WINDOW.length; i++) WINDOW[i]! /= TOTAL;

interface Planes {
  channels: number;
  height: number;
  width: number;
}

/**
 * Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004, eq. 13, K₁ = 0.01, K₂ = 0.03, their Gaussian window), the
 * mean over all windows that lie inside the picture and over the channels. 1 for equal pictures.
 * @param a, b planes CHW @param peak the range L of the values
 * @returns null for pictures smaller than the window
 */
export function ssim(a: ArrayLike<number>, b: ArrayLike<number>, { channels, height, width }: Planes, peak: number): number | null {
  if (height <= 2 * RADIUS || width <= 2 * RADIUS) return null;
  const [c1, c2] = [(0.01 * peak) ** 2, (0.03 * peak) ** 2];
  let [sum, count] = [0, 0];
  for (let c = 0; c < channels; c++) {
    const blur = (of: (i: number) => number) => blurred(of, c * height * width, height, width);
    const [ma, mb] = [blur((i) => a[i]!), blur((i) => b[i]!)];
    const [aa, bb, ab] = [blur((i) => a[i]! ** 2), blur((i) => b[i]! ** 2), blur((i) => a[i]! * b[i]!)];
    for (let i = 0; i < ma.length; i++) {
      const [x, y] = [ma[i]!, mb[i]!];
      sum += ((2 * x * y + c1) * (2 * (ab[i]! - x * y) + c2)) / ((x * x + y * y + c1) * (aa[i]! - x * x + (bb[i]! - y * y) + c2));
    }
    count += ma.length;
  }
  return sum / count;
}

/** The window's weighted means wherever it fits, along rows first. */
function blurred(of: (i: number) => number, start: number, height: number, width: number): Float64Array {
  const [h, w] = [height - 2 * RADIUS, width - 2 * RADIUS];
  const along = new Float64Array(height * w);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < w; x++) for (let k = 0; k < WINDOW.length; k++) along[y * w + x]! += WINDOW[k]! * of(start + y * width + x + k);
  const out = new Float64Array(h * w);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) for (let k = 0; k < WINDOW.length; k++) out[y * w + x]! += WINDOW[k]! * along[(y + k) * w + x]!;
  return out;
}
