/** Most starts within a minute, the first one included. */
const MOST_STARTS = 5;
const MINUTE = 60_000;
/** Pause before the first restart; doubles with every death that follows without an answer. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 4000;

/** Time, so that tests need not wait. Milliseconds. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

const realClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
};

/** When the engine may be started again after it died: exponential back-off, and a bound per minute. */
export class Respawn {
  private starts: number[] = [];
  private deaths = 0;
  private lastDeath = '';
  private readonly clock: Clock;

  constructor(clock: Clock = realClock) {
    this.clock = clock;
  }

  /**
   * Waits for the next start's turn.
   * @throws Error with the reason of the last death when the engine was started too often.
   */
  async turn(): Promise<void> {
    const now = this.clock.now();
    this.starts = this.starts.filter((start) => now - start < MINUTE);
    if (this.starts.length >= MOST_STARTS) {
      const wait = Math.ceil((MINUTE - (now - this.starts[0]!)) / 1000);
      throw new Error(`The engine died ${MOST_STARTS} times within a minute; try again in ${wait} s (${this.lastDeath}).`);
    }
    this.starts.push(now);
    if (this.deaths > 0) await this.clock.sleep(Math.min(FIRST_PAUSE * 2 ** (this.deaths - 1), LONGEST_PAUSE));
  }

  /** The engine answered: the next death is the first one again. */
  healthy(): void {
    this.deaths = 0;
  }

  died(reason: string): void {
    this.deaths++;
    this.lastDeath = reason;
  }
}
