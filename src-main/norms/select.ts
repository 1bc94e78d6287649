/**
 * The k-th largest value (k = 1: the largest) by Hoare's selection with a median-of-three pivot: no random
 * choice, so the time and the result are the same on every run. Reorders `values`.
 * @throws RangeError when k is outside 1..values.length
 */
export function kthLargest(values: Float32Array | Float64Array, k: number): number {
  let lo = 0;
  let hi = values.length - 1;
  const at = k - 1;
  if (at < lo || at > hi) throw new RangeError(`k = ${k} of ${values.length} values`);
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

let scratch = new Float64Array(0);

/** A shared working array for code that neither awaits nor calls another user of it while it holds it. */
export function borrowScratch(size: number): Float64Array {
  if (scratch.length < size) scratch = new Float64Array(size);
  return scratch.subarray(0, size);
}
