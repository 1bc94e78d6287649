import type { WorkerPool, Report } from '../audit/pool.ts';
import type { TaskName, Tasks } from './tasks.ts';
import type { WorkersProcess } from './workersProcess.ts';
import type { LimitedProcess } from './limited.ts';

/**
 * The workers of one audit. What comes before the first attack is done on a model that nobody has looked at yet, so a process
 * with limits does it; the one of the attacks is started when there are some to run, and the other ended then, for its memory.
 */
export class AuditWorkers implements WorkerPool {
  readonly size: number;
  private readonly checker: LimitedProcess;
  private readonly hire: () => WorkersProcess;
  private hired: WorkersProcess | null = null;

  /** @param hire starts a process of `size` threads */
  constructor(size: number, checker: LimitedProcess, hire: () => WorkersProcess) {
    this.size = size;
    this.checker = checker;
    this.hire = hire;
  }

  async run<N extends TaskName>(name: N, input: Tasks[N]['in'], report?: Report): Promise<Tasks[N]['out']> {
    if (name !== 'job') return this.checker.run(name, input, report);
    if (!this.hired) {
      this.checker.close();
      this.hired = this.hire();
    }
    return this.hired.run(name, input);
  }

  close(): void {
    this.checker.close();
    this.hired?.close();
  }
}
