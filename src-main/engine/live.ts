import { Cancelled } from '../../shared/errors.ts';
import type { TaskName, Tasks } from '../audit/crew.ts';
import { CANCEL, GO } from './gate.ts';
import { LoneWorker } from './lone.ts';

/**
 * A worker of its own for what a user plays with; it keeps its model open. A new request stops the one at work between
 * two queries and takes its place, so that the answer follows the hand: only the newest is answered.
 */
export class Live {
  private readonly worker: LoneWorker;
  private readonly flag = new Int32Array(new SharedArrayBuffer(4));
  private newest = 0;
  /** Whoever comes waits until this is over. */
  private last: Promise<unknown> = Promise.resolve();

  /** @param worker file of the worker's built code; the thread starts with the first request */
  constructor(worker: string | URL) {
    this.worker = new LoneWorker(worker, this.flag.buffer as SharedArrayBuffer);
  }

  /** @throws Cancelled when a newer request came, or `rest` was called; and whatever the task throws. */
  run<N extends TaskName>(name: N, input: Tasks[N]['in']): Promise<Tasks[N]['out']> {
    const mine = this.overtake();
    return this.turn(async () => {
      this.demand(mine);
      Atomics.store(this.flag, 0, GO);
      const pool = await this.worker.pool();
      this.demand(mine);
      const answer = await pool.run(name, input);
      this.demand(mine);
      return answer;
    });
  }

  /** Stops what is at work and gives the thread and its model back; a later request starts anew. */
  rest(): Promise<void> {
    this.overtake();
    return this.turn(() => this.worker.close());
  }

  private overtake(): number {
    Atomics.store(this.flag, 0, CANCEL);
    return ++this.newest;
  }

  private demand(mine: number): void {
    if (mine !== this.newest) throw new Cancelled();
  }

  private turn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}
