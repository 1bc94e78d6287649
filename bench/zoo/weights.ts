/**
 * A seeded stream of numbers, uniform in [-1, 1): xorshift32 (Marsaglia 2003, Xorshift RNGs). Quick rather than fine:
 * a U-Net wants 31 million of them, and all they have to do is keep activations apart.
 */
export class Stream {
  private state: number;

  constructor(seed: number) {
    this.state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  }

  next(): number {
    let s = this.state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.state = s;
    return s / 2 ** 31;
  }

  /** `count` numbers of mean `mean` and standard deviation `deviation`. */
  fill(count: number, deviation: number, mean = 0): Float32Array {
    const bound = deviation * Math.sqrt(3);
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = mean + bound * this.next();
    return values;
  }
}
