import { Cancelled } from '../../shared/errors.ts';
import type { Report } from '../audit/pool.ts';
import type { TaskName, Tasks } from './tasks.ts';
import type { LimitedProcess } from './limited.ts';

/**
 * A process of its own for what a user plays with; it keeps its model open. A new request stops the one at work between
 * two queries and takes its place, so that the answer follows the hand: only the newest is answered.
 */
export class LatestOnly {
  private readonly process: LimitedProcess;
  private newest = 0;

  /** @param process started with the first request */
  constructor(process: LimitedProcess) {
    this.process = process;
  }

  /** @throws Cancelled when a newer request came, or `rest` was called; and whatever the task throws. */
  async run<N extends TaskName>(name: N, input: Tasks[N]['in'], report?: Report): Promise<Tasks[N]['out']> {
    const mine = ++this.newest;
    this.process.cancel();
    const answer = await this.process.run(name, input, report);
    // It may have been through already when the newer one came.
    if (mine !== this.newest) throw new Cancelled();
    return answer;
  }

  /** Starts the process, which the next request would have to wait for. */
  warm(): void {
    this.process.warm();
  }

  /** Stops what is at work and gives its memory back; a later request starts anew. */
  rest(): void {
    this.newest++;
    this.process.close();
  }
}
