/**
 * Half-widths of the differences, in pixel units. A network of rectifiers has a kink every few thousandths of a pixel
 * along any direction, closer than float32 can resolve; so the difference over a wide interval is held against the mean
 * of the derivative over that interval (the fundamental theorem of calculus, which kinks do not disturb).
 */
const WIDTHS = [1e-2, 3e-2, 3e-3, 3e-4];
/** Points the mean is first taken over, and at most. */
const FEWEST = 16;
const MOST = 1024;
/**
 * Pictures are moved by uniform noise of this size before the gradient is checked. Flat regions of a real picture put
 * max-pooling windows and rectifiers exactly on their kinks, where a network has no derivative to compare with.
 */
const DITHER = 0.05;

/** A number made of a picture, and what is claimed to be its derivative along v. */
export interface Along {
  values(points: readonly Float32Array[]): Promise<number[]>;
  /** @returns at each point the derivative along v, and the size it usually has along such a direction */
  slopes(points: readonly Float32Array[], v: Float32Array): Promise<{ slope: number; size: number }[]>;
}

/**
 * Error of a derivative along v at x: |difference quotient - mean slope|, relative to the largest of
 * the two and of the slope's usual size. The least over the widths, and over finer and finer means; stops once it is
 * well inside the tolerance.
 * @param rough whether one look is enough, as for a surrogate, which no width and no mean will agree with
 */
export async function directionError(f: Along, x: Float32Array, v: Float32Array, tolerance: number, rough: () => boolean): Promise<number> {
  let best = Infinity;
  for (let points = FEWEST; points <= MOST; points *= 4)
    for (const h of WIDTHS) {
      const [ahead, behind] = await f.values([along(x, v, h), along(x, v, -h)]);
      const quotient = (ahead! - behind!) / (2 * h);
      const { slope, size } = await meanSlope(f, x, v, h, points);
      const error = Math.abs(quotient - slope) / Math.max(Math.abs(quotient), Math.abs(slope), size, 1e-12);
      if (error < best) best = error;
      if (best <= 0.8 * tolerance || rough()) return best;
    }
  return best;
}

const along = (x: Float32Array, v: Float32Array, t: number) => x.map((value, j) => value + t * v[j]!);

/** Points asked for at once. */
const CHUNK = 16;

/** Mean over evenly spread points of the segment x ± h v. */
async function meanSlope(f: Along, x: Float32Array, v: Float32Array, h: number, points: number): Promise<{ slope: number; size: number }> {
  const mean = { slope: 0, size: 0 };
  for (let at = 0; at < points; at += CHUNK) {
    const part = Array.from({ length: Math.min(CHUNK, points - at) }, (_, k) => along(x, v, h * ((2 * (at + k) + 1) / points - 1)));
    for (const { slope, size } of await f.slopes(part, v)) {
      mean.slope += slope / points;
      mean.size += size / points;
    }
  }
  return mean;
}

/** g·v and ‖g‖₂ of row r of packed gradients. */
export function slopeOf(gradient: Float32Array, r: number, v: Float32Array): { slope: number; size: number } {
  let dot = 0;
  let square = 0;
  for (let j = 0; j < v.length; j++) {
    const g = gradient[r * v.length + j]!;
    dot += g * v[j]!;
    square += g * g;
  }
  return { slope: dot, size: Math.sqrt(square) };
}

/** Calls a function of full blocks for any number of points, and cuts what it gives into rows. */
export async function inBlocks<T>(points: readonly Float32Array[], rows: number, run: (block: Float32Array) => Promise<T>, row: (out: T, r: number) => void): Promise<void> {
  const d = points[0]!.length;
  for (let at = 0; at < points.length; at += rows) {
    const block = new Float32Array(rows * d);
    for (let r = 0; r < rows; r++) block.set(points[at + r] ?? points[at]!, r * d);
    const out = await run(block);
    for (let r = 0; r < Math.min(rows, points.length - at); r++) row(out, r);
  }
}

/** A picture off the kinks that flat regions put it on. */
export function dithered(x: Float32Array, seed: number): Float32Array {
  const next = stream(seed + 1000);
  return x.map((value) => value + DITHER * (2 * ((next() >>> 8) / 2 ** 24) - 1));
}

/** A fixed sequence of ±1, another one for every seed. */
export function signs(count: number, seed: number): Float32Array {
  const next = stream(seed);
  return Float32Array.from({ length: count }, () => (next() & 0x100 ? 1 : -1));
}

/** Marsaglia's xorshift32. */
function stream(seed: number): () => number {
  let state = Math.imul(seed, 0x85ebca6b) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}
