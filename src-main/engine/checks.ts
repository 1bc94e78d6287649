import { resolve } from 'node:path';
import type { ModelCheck, RunEvent } from '../../shared/contract.ts';
import { Cancelled } from '../../shared/errors.ts';
import { UNCHECKED } from '../../shared/gradientCheck.ts';
import type { GradientCheck } from '../../shared/results.ts';
import type { GradcheckRequest } from '../audit/gradcheck.ts';
import { SECONDS } from '../audit/gradcheck.ts';
import type { LatestOnly } from '../workers/latestOnly.ts';

/** Seconds beyond its own time after which a check is ended from outside: it may be in the middle of one long run. */
const GRACE = 15;

/**
 * The gradient check of the model that is loaded, in a process of its own, so that nothing waits for it: it may take as long as it is
 * given. Another check takes its place, and so does another model.
 */
export class Checks {
  private readonly live: LatestOnly;
  private readonly tell: (event: RunEvent) => void;
  /** What is being checked, and what is known of it. */
  private current: { model: string; soFar: GradientCheck; ended: 'stopped' | 'late' | null } | null = null;

  constructor(live: LatestOnly, tell: (event: RunEvent) => void) {
    this.live = live;
    this.tell = tell;
  }

  /**
   * @returns what was found in the time given, or before it was stopped; null when another check or another model took its place
   * @throws UserError for a model that cannot be checked, one sentence
   */
  async check(request: GradcheckRequest): Promise<ModelCheck | null> {
    const model = resolve(request.model);
    const mine = (this.current = { model, soFar: UNCHECKED, ended: null });
    const clock = setTimeout(() => this.end(mine, 'late'), 1000 * ((request.seconds ?? SECONDS) + GRACE));
    try {
      return await this.live.run('gradcheck', request, (done, total, soFar = UNCHECKED) => {
        if (this.current !== mine) return;
        mine.soFar = soFar;
        this.tell({ type: 'check', model, done, total, check: soFar });
      });
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
      return mine.ended === null ? null : { ...mine.soFar, ...(mine.ended === 'stopped' && { stopped: true }) };
    } finally {
      clearTimeout(clock);
      if (this.current === mine) this.current = null;
    }
  }

  /** Ends the check at work, whose answer is then what is known. */
  stop(): void {
    this.end(this.current, 'stopped');
  }

  private end(which: typeof this.current, why: 'stopped' | 'late'): void {
    if (which === null || which !== this.current) return;
    which.ended = why;
    this.live.rest();
  }

  /** Another model is looked at: nobody waits for the check of the one before. */
  turnTo(model: string): void {
    if (this.current !== null && this.current.model !== resolve(model)) this.rest();
  }

  /** Ends the check at work and gives its memory back. */
  rest(): void {
    this.live.rest();
  }
}
