/** Pictures decoded at once, and pixels: large photographs take much memory, and the largest are decoded alone. */
const AT_ONCE = 4;
const PIXELS_AT_ONCE = 50e6;

/** Pictures in order, in groups of those that are decoded together. */
export function* turns<T extends { width: number; height: number }>(pictures: readonly T[]): Generator<T[]> {
  for (let first = 0, next = 0; first < pictures.length; first = next) {
    let pixels = 0;
    do {
      pixels += pictures[next]!.width * pictures[next]!.height;
      next++;
    } while (
      next < Math.min(pictures.length, first + AT_ONCE) &&
      pixels + pictures[next]!.width * pictures[next]!.height <= PIXELS_AT_ONCE
    );
    yield pictures.slice(first, next);
  }
}
