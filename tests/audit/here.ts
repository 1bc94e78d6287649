import { writeFileSync } from 'node:fs';
import type { WorkerPool } from '../../src-main/audit/pool.ts';
import type { TaskName, Tasks } from '../../src-main/workers/tasks.ts';
import { TaskRunner } from '../../src-main/workers/taskRunner.ts';
import { sharedGate, Switch } from '../../src-main/workers/gate.ts';
import { encodePng } from '../../src-main/images/index.ts';

/** The real tasks, in this thread instead of workers; `before` may interfere. */
export class Here implements WorkerPool {
  readonly control = new Switch();
  readonly asked: TaskName[] = [];
  readonly size: number;
  before: (name: TaskName, count: number) => unknown = () => undefined;
  private readonly runners: TaskRunner[];
  private next = 0;

  constructor(size = 1) {
    this.size = size;
    this.runners = Array.from({ length: size }, () => new TaskRunner(sharedGate(this.control.shared)));
  }
  async run<N extends TaskName>(name: N, input: Tasks[N]['in']): Promise<Tasks[N]['out']> {
    this.asked.push(name);
    await this.before(name, this.asked.length);
    return this.runners[this.next++ % this.size]!.run(name, input);
  }
}

/** Whoever runs these audits has begun them. */
export const OURS = { began: () => true };

/** A PNG of values in [0,1], planes CHW, rounded to 8 bits. */
export async function writePicture(file: string, planes: ArrayLike<number>, channels: 1 | 3, side: number): Promise<void> {
  const plane = side * side;
  const data = new Uint8Array(channels * plane);
  for (let p = 0; p < plane; p++) for (let c = 0; c < channels; c++) data[p * channels + c] = Math.round(255 * planes[c * plane + p]!);
  writeFileSync(file, await encodePng({ width: side, height: side, channels, data }));
}
