/** Below so many values a selection by itself is quicker than a sample first. */
const FEW = 16_384;
const SAMPLE = 4096;

/**
 * The k-th largest value (k = 1: the largest). Of many, two values of a sample enclose it in nearly every case, and only what lies
 * between them is looked at closely (Floyd and Rivest 1975); the sample is every so-maniest value, not a random one, so that the
 * time is the same on every run, and so is the result in any case.
 * @param values left as they are
 * @throws RangeError when k is outside 1..values.length
 */
export function kthLargest(values: Float32Array | Float64Array, k: number): number {
  const n = values.length;
  if (!(k >= 1 && k <= n)) throw new RangeError(`k = ${k} of ${n} values`);
  if (n >= FEW) {
    const [low, high] = enclosing(values, k / n);
    const near = new Float64Array(n >> 3);
    let [above, count] = [0, 0];
    for (let i = 0; i < n; i++) {
      const value = values[i]!;
      if (value > high) above++;
      else if (value >= low) near[count++] = value;
    }
    if (above < k && k <= above + count) {
      if (low === high) return low;
      if (count <= near.length) return select(near.subarray(0, count), k - above);
    }
  }
  return select(values.slice(), k);
}

/** Values of a sample that are three of its standard deviations from the place asked for, below and above. */
function enclosing(values: Float32Array | Float64Array, share: number): [number, number] {
  const stride = Math.floor(values.length / SAMPLE);
  const sample = Float64Array.from({ length: SAMPLE }, (_, i) => values[i * stride]!).sort();
  const [at, slack] = [(1 - share) * SAMPLE, 1 + 3 * Math.sqrt(share * (1 - share) * SAMPLE)];
  return [sample[Math.floor(at - slack)] ?? -Infinity, sample[Math.ceil(at + slack)] ?? Infinity];
}

/** The same by Hoare's selection with a median-of-three pivot: no random choice, so that it goes the same way on every run. Reorders `values`. */
function select(values: Float32Array | Float64Array, k: number): number {
  let lo = 0;
  let hi = values.length - 1;
  const at = k - 1;
  while (lo < hi) {
    const pivot = median(values[lo]!, values[(lo + hi) >> 1]!, values[hi]!);
    let i = lo;
    let j = hi;
    while (i <= j) {
      while (values[i]! > pivot) i++;
      while (values[j]! < pivot) j--;
      if (i <= j) {
        const swap = values[i]!;
        values[i++] = values[j]!;
        values[j--] = swap;
      }
    }
    if (at <= j) hi = j;
    else if (at >= i) lo = i;
    else return values[at]!;
  }
  return values[at]!;
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** How many places are put in order at first, and how many times as many whenever these were too few. */
const BATCH = { first: 256, growth: 8 };

/**
 * Places by falling value, the lower one first where equal. Few are asked for, so they are put in order a batch at a time: those
 * whose value is at least the batch's smallest and below that of the one before.
 * @param values 0 or more
 */
export function* falling(values: Float64Array): Generator<number> {
  let above = Infinity;
  for (let size = BATCH.first; above > 0; size *= BATCH.growth) {
    const least = size < values.length ? kthLargest(values, size) : 0;
    const batch: number[] = [];
    for (let j = 0; j < values.length; j++) if (values[j]! >= least && values[j]! < above) batch.push(j);
    yield* batch.sort((a, b) => values[b]! - values[a]! || a - b);
    above = least;
  }
}

let scratch = new Float64Array(0);

let pair: [Float32Array, Float32Array] = [new Float32Array(0), new Float32Array(0)];

/** Two shared working arrays of float32, on the same terms as `borrowScratch`. */
export function borrowPair(size: number): [Float32Array, Float32Array] {
  if (pair[0].length < size) pair = [new Float32Array(size), new Float32Array(size)];
  return [pair[0].subarray(0, size), pair[1].subarray(0, size)];
}

/** A shared working array for code that neither awaits nor calls another user of it while it holds it. */
export function borrowScratch(size: number): Float64Array {
  if (scratch.length < size) scratch = new Float64Array(size);
  return scratch.subarray(0, size);
}
