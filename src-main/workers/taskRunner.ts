import type { Gate } from '../attacks/problem/counted.ts';
import type { Report } from '../audit/pool.ts';
import { HANDLERS, Kept } from './handlers.ts';
import type { TaskName, Tasks } from './tasks.ts';

/** A worker's side of the tasks; keeps the sessions of the model it last worked on. */
export class TaskRunner {
  private readonly kept: Kept;

  constructor(gate: Gate) {
    this.kept = new Kept(gate);
  }

  /** @throws Error for a name that is no task's; and whatever the task throws */
  async run<N extends TaskName>(name: N, input: Tasks[N]['in'], report: Report = () => undefined): Promise<Tasks[N]['out']> {
    if (!Object.hasOwn(HANDLERS, name)) throw new Error(`There is no task ${String(name)}.`);
    return HANDLERS[name](input, this.kept, report);
  }
}
