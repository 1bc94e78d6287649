/**
 * How many seconds of an audit are left, at the pace of this session: what an earlier one had done when this one began took none of its time.
 * @param now milliseconds of a clock that nobody sets back
 */
export class TimeLeft {
  private readonly now: () => number;
  private readonly began: number;
  private first: number | null = null;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
    this.began = now();
  }

  /** @returns null as long as nothing was done in this session */
  after(done: number, total: number): number | null {
    this.first ??= total > 0 ? done : null;
    const fresh = done - (this.first ?? done);
    return fresh > 0 ? (((this.now() - this.began) / 1000) * (total - done)) / fresh : null;
  }
}
