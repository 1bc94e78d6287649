import type { Crew, Report, TaskName, Tasks } from '../audit/crew.ts';
import type { LimitedProcess } from './limited.ts';
import type { Pool } from './pool.ts';

/**
 * The workers of one audit. What comes before the first attack is done on a model that nobody has looked at yet, so a process
 * with limits does it; the threads are started when there are attacks to run, and that process is ended then, for its memory.
 */
export class AuditCrew implements Crew {
  readonly size: number;
  private readonly checker: LimitedProcess;
  private readonly hire: () => Promise<Pool>;
  private hired: Promise<Pool> | null = null;

  /** @param hire starts `size` threads */
  constructor(size: number, checker: LimitedProcess, hire: () => Promise<Pool>) {
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
    return (await this.hired).run(name, input);
  }

  async close(): Promise<void> {
    this.checker.close();
    await (await this.hired?.catch(() => null))?.close();
  }
}
