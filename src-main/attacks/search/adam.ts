/** Adam (Kingma and Ba 2015, algorithm 1) for one image, with its usual constants. */
export class Adam {
  private readonly mean: Float32Array;
  private readonly square: Float32Array;
  private meanDecay = 1;
  private squareDecay = 1;

  constructor(size: number) {
    this.mean = new Float32Array(size);
    this.square = new Float32Array(size);
  }

  /** x ← x - rate · m̂ / (√v̂ + 1e-8), in place. */
  step(x: Float32Array, gradient: Float32Array, rate: number): void {
    const { mean, square } = this;
    this.meanDecay *= 0.9;
    this.squareDecay *= 0.999;
    const scale = rate / (1 - this.meanDecay);
    const unbias = 1 / Math.sqrt(1 - this.squareDecay);
    for (let j = 0; j < x.length; j++) {
      const g = gradient[j]!;
      const m = 0.9 * mean[j]! + 0.1 * g;
      const v = 0.999 * square[j]! + 0.001 * g * g;
      mean[j] = m;
      square[j] = v;
      if (m !== 0) x[j]! -= (scale * m) / (Math.sqrt(v) * unbias + 1e-8);
    }
  }

  /** The diagonal metric of the last step, √v̂ + 1e-8: what a proximal step that follows it is measured by. */
  metric(out: Float32Array): void {
    const unbias = 1 / Math.sqrt(1 - this.squareDecay);
    for (let j = 0; j < out.length; j++) out[j] = Math.sqrt(this.square[j]!) * unbias + 1e-8;
  }
}
