/**
 * Half-widths of the differences, in pixel units. A network of rectifiers has a kink every few thousandths of a pixel
 * along any direction, closer than float32 can resolve; so the difference over a wide interval is held against the mean
 * of the derivative over that interval (the fundamental theorem of calculus, which kinks do not disturb).
 */
const WIDTHS = [1e-2, 3e-2, 3e-3, 3e-4];
/**
 * Points the mean is taken over: first of few at every width, then of three times as many, which take in those that are known (the
 * midpoints of a third of an interval are midpoints of the whole). A smooth network passes at the first look.
 */
const ROUNDS = [[4, 12], [36], [108], [324], [972]] as const;
/**
 * A mean over the second of these numbers of points that is off by more than this is wrong, though there is no time for a finer one:
 * in networks with the most kinks it comes within a few hundredths.
 */
const GROSS = 0.25;
/**
 * Pictures are moved by uniform noise of this size before the gradient is checked. Flat regions of a real picture put
 * max-pooling windows and rectifiers exactly on their kinks, where a network has no derivative to compare with.
 */
const DITHER = 0.05;

/** A number made of a picture, and by how much float32 may round it. */
export interface Value {
  value: number;
  rounding: number;
}

/**
 * Units in the last place by which a network's outputs differ from run to run, and from one order of its sums to another: four
 * were seen of a network of a few layers. Where outputs are large and the gradient small, a difference is made of little else.
 */
const ULPS = 4;

/** How far a number of this size, made of sums of float32, may be off. */
export function roundingOf(size: number): number {
  return ULPS * 2 ** -24 * size;
}

/** Differences of fewer times their rounding than this are no differences. */
const NOTHING = 4;

/** Rounding that makes up more than this of a difference hides mistakes, too, and is not granted. */
const BLIND = 2e-3;

/** Where rounding makes up more than this of every difference, nothing is held by them. */
const HALF_BLIND = 5e-2;

/** A number made of a picture, and what is claimed to be its derivative along v. */
export interface Along {
  /** Points that are worked out at once for the price of one. */
  rows: number;
  values(points: readonly Float32Array[]): Promise<Value[]>;
  /** @returns at each point the derivative along v, and the size it usually has along such a direction */
  slopes(points: readonly Float32Array[], v: Float32Array): Promise<{ slope: number; size: number }[]>;
}

/**
 * Error of a derivative along v at x: |difference quotient - mean slope|, relative to the largest of
 * the two and of the slope's usual size, less what float32 rounds. The least over the widths, and over finer and finer means; stops once it is
 * well inside the tolerance.
 * @param rough whether one look is enough, as for a surrogate, which no width and no mean will agree with
 * @param late asked after every few points: whether it is to end with what it has
 * @returns `open`: it ended before the derivative was held or refuted; `empty`: the function does not change along v by more than
 *   float32 rounds, nor is it claimed to, so that there was nothing to hold
 */
export async function directionError(
  f: Along,
  x: Float32Array,
  v: Float32Array,
  tolerance: number,
  rough: () => boolean,
  late: () => Promise<boolean>,
): Promise<DirectionError> {
  const widths = WIDTHS.map((h) => new Interval(f, x, v, h));
  let best = Infinity;
  let empty = false;
  for (const round of ROUNDS) {
    for (const width of widths)
      for (const points of round) {
        const through = await width.refine(points, late);
        if (through && width.isEmpty()) {
          if (width === widths[0]) return { error: 0, open: false, empty: true };
          empty = true;
          break;
        }
        if (through) best = Math.min(best, width.error());
        if (best <= 0.8 * tolerance || rough()) return { error: best, open: false, empty: false };
        if (!through || (await late())) {
          const gross = best > GROSS && widths[0]!.taken >= ROUNDS[0][1];
          return { error: best, open: best > tolerance && !gross, empty: false };
        }
      }
    // At the widest differences rounding blinds least; where it explains all that is off even there, no finer mean tells more.
    const clearest = Math.min(...widths.map((width) => width.granted()));
    const blind = clearest > BLIND && widths.some((width) => width.granted() === clearest && width.isRounding());
    if (blind) return { error: 0, open: false, empty: clearest > HALF_BLIND };
    // Flat nearby, and a step farther off that no slope tells of: saturated, and not differentiated wrongly.
    if (empty && best > GROSS) return { error: 0, open: false, empty };
  }
  return { error: best, open: false, empty: false };
}

export interface DirectionError {
  error: number;
  open: boolean;
  empty: boolean;
}

const along = (x: Float32Array, v: Float32Array, t: number) => x.map((value, j) => value + t * v[j]!);

/** Points asked for at once, at least. */
const CHUNK = 4;

/** The segment x ± h v: the difference of its ends, and the mean slope over more and more points of it. */
class Interval {
  private readonly f: Along;
  private readonly at: (t: number) => Float32Array;
  private readonly v: Float32Array;
  private readonly h: number;
  private quotient: Value | null = null;
  private mean = { slope: 0, size: 0 };
  /** Points that the mean is taken over. */
  taken = 0;

  constructor(f: Along, x: Float32Array, v: Float32Array, h: number) {
    this.f = f;
    this.v = v;
    this.h = h;
    this.at = (t) => along(x, v, h * t);
  }

  /**
   * Takes the mean over evenly spread points: the middles of as many parts.
   * @param points three times as many as the last time, or any number the first time
   * @returns false when it grew late before it was through
   */
  async refine(points: number, late: () => Promise<boolean>): Promise<boolean> {
    if (this.quotient === null) {
      const [ahead, behind] = await this.f.values([this.at(1), this.at(-1)]);
      this.quotient = {
        value: (ahead!.value - behind!.value) / (2 * this.h),
        rounding: (ahead!.rounding + behind!.rounding) / (2 * this.h),
      };
    }
    const fresh = Array.from({ length: points }, (_, k) => k).filter((k) => this.taken === 0 || k % 3 !== 1);
    const sum = { slope: 0, size: 0 };
    const chunk = Math.max(CHUNK, this.f.rows);
    for (let from = 0; from < fresh.length; from += chunk) {
      if (from > 0 && (await late())) return false;
      const part = fresh.slice(from, from + chunk).map((k) => this.at((2 * k + 1) / points - 1));
      for (const { slope, size } of await this.f.slopes(part, this.v)) {
        sum.slope += slope / points;
        sum.size += size / points;
      }
    }
    const known = this.taken / points;
    this.mean = { slope: known * this.mean.slope + sum.slope, size: known * this.mean.size + sum.size };
    this.taken = points;
    return true;
  }

  /** Whether both the change and the slope are too small to be told from rounding. */
  isEmpty(): boolean {
    const { value, rounding } = this.quotient!;
    const { slope, size } = this.mean;
    return Math.max(Math.abs(value), Math.abs(slope), size) <= NOTHING * rounding;
  }

  /** What rounding may make of the error at most. */
  granted(): number {
    return this.quotient!.rounding / this.scale();
  }

  /** Whether rounding alone may make all of the error. */
  isRounding(): boolean {
    return this.off() <= this.granted();
  }

  /** Less what rounding alone may make, where that is little; infinite where anything is no number. */
  error(): number {
    const off = this.off();
    const granted = this.granted();
    return Number.isNaN(off) ? Infinity : granted <= BLIND ? Math.max(0, off - granted) : off;
  }

  private off(): number {
    return Math.abs(this.quotient!.value - this.mean.slope) / this.scale();
  }

  private scale(): number {
    return Math.max(Math.abs(this.quotient!.value), Math.abs(this.mean.slope), this.mean.size, 1e-12);
  }
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
export async function inBlocks<T>(
  points: readonly Float32Array[],
  rows: number,
  run: (block: Float32Array) => Promise<T>,
  row: (out: T, r: number) => void,
): Promise<void> {
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
