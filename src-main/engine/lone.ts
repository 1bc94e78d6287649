import type { TaskName, Tasks } from '../audit/crew.ts';
import { Pool } from './pool.ts';

/** One worker thread, started when it is first asked for; one that failed, or never came up, is not asked again. */
export class LoneWorker {
  private readonly entry: string | URL;
  private readonly shared: SharedArrayBuffer;
  private started: Promise<Pool> | null = null;

  /** @param entry file of the worker's built code @param shared the switch it looks at between two queries */
  constructor(entry: string | URL, shared: SharedArrayBuffer) {
    this.entry = entry;
    this.shared = shared;
  }

  pool(): Promise<Pool> {
    const fresh = () => Pool.start(this.entry, 1, this.shared);
    this.started = this.started ? this.started.then((pool) => (pool.alive ? pool : fresh()), fresh) : fresh();
    return this.started;
  }

  async run<N extends TaskName>(name: N, input: Tasks[N]['in']): Promise<Tasks[N]['out']> {
    return (await this.pool()).run(name, input);
  }

  /** Gives the thread back; asked again, it starts anew. */
  async close(): Promise<void> {
    const { started } = this;
    this.started = null;
    await (await started?.catch(() => null))?.close();
  }
}
