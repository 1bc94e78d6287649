/** Change by less than this share is none. */
const THRESHOLD = 1e-4;

/** One image's share of the first step: it falls by a factor whenever so many steps in a row have brought nothing. */
export class Plateau {
  private now = 1;
  private distance = Infinity;
  private margin = Infinity;
  private waited = 0;

  private readonly factor: number;
  private readonly patience: number;

  constructor(factor: number, patience: number) {
    this.factor = factor;
    this.patience = patience;
  }

  /** @param distance the best so far, Infinity while nothing has succeeded @param margin of the last point, which counts until then */
  share(distance: number, margin: number): number {
    const nearer =
      distance < Infinity ? distance < (1 - THRESHOLD) * this.distance : margin < this.margin - THRESHOLD * Math.abs(this.margin);
    if (nearer || (this.margin === Infinity && distance === Infinity)) {
      [this.distance, this.margin, this.waited] = [distance, margin, 0];
      return this.now;
    }
    if (++this.waited < this.patience) return this.now;
    this.waited = 0;
    this.now *= this.factor;
    return this.now;
  }
}
