import type { ChildProcess } from 'node:child_process';
import { Cancelled, Crashed, UserError } from '../../shared/errors.ts';
import type { TaskName, Tasks } from './tasks.ts';
import type { FromChild, ToChild } from './child.ts';
import { onDeath } from './death.ts';
import { forkChild } from './forkChild.ts';
import { CANCEL } from './gate.ts';
import type { Switch } from './gate.ts';
import { gigabytes, limitsOf, residentBytes } from './limits.ts';
import { errorOf } from './pool.ts';

/** How often memory is looked at, in ms: what the process takes in that time goes beyond the limit. */
const LOOK = 50;
/** A cancelled audit ends between two queries; where a query does not end within so many ms, the process is ended. */
const GRACE = 10_000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * The worker threads of one audit, in a process of their own. It ends with the audit, and all that the library, its sessions and
 * its threads took goes back to the system; and a library that crashes does not take the engine along. A model may behave at the
 * pictures that it was checked on and ask for all memory, or never come back, at another one: the process has a limit of
 * memory, and ends when it is cancelled, whatever it is at work on.
 */
export class WorkersProcess {
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private over: Error | null = null;
  private readonly watch: NodeJS.Timeout;
  private readonly bytes: number;
  private patience: NodeJS.Timeout | undefined;

  /**
   * @param entry file of the built `child.ts` @param worker file of the built worker @param control passed on, whatever it says
   * @param weights bytes of the model's @param grace ms that a cancelled audit has to end by itself
   */
  constructor(
    entry: string,
    worker: string,
    size: number,
    control: Switch,
    { weights = 0, grace = GRACE }: { weights?: number; grace?: number } = {},
  ) {
    this.bytes = limitsOf('job', size * weights).bytes;
    this.child = forkChild(entry, { worker, threads: size, background: true });
    this.child.on('message', (message: FromChild) => this.receive(message));
    onDeath(this.child, (reason) => this.end(new Crashed(reason)));
    this.watch = setInterval(() => this.look(residentBytes(this.child.pid ?? 0)), LOOK);
    control.follow((flag) => {
      this.post({ flag });
      if (flag === CANCEL) this.patience ??= setTimeout(() => this.kill(new Cancelled()), grace);
    });
  }

  /** @throws Crashed when the process ended; Cancelled when the switch said so; and whatever the task throws. */
  run<N extends TaskName>(name: N, input: Tasks[N]['in']): Promise<Tasks[N]['out']> {
    return new Promise((resolve, reject) => {
      if (this.over) return reject(this.over);
      const id = this.nextId++;
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.post({ id, name, input });
    });
  }

  /** Ends the process, and whatever it is at work on. */
  close(): void {
    this.kill(new Error('The workers were closed.'));
  }

  private kill(error: Error): void {
    this.end(error);
    // Not SIGTERM: a thread inside session.run would not let the process end in good order.
    this.child.kill('SIGKILL');
  }

  private post(message: ToChild): void {
    // A process that is gone is told of by its death.
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private receive(message: FromChild): void {
    if ('resident' in message) return this.look(message.resident);
    if ('progress' in message) return;
    const task = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (message.ok) task?.resolve(message.value);
    else task?.reject(errorOf(message));
  }

  private look(resident: number | null): void {
    if (resident !== null && resident > this.bytes)
      this.kill(
        new UserError(
          `The attacks took more than ${gigabytes(this.bytes)} of memory and were stopped; what was found is kept. Give them more with --limit-memory (HAIRLINE_LIMIT_GB) or fewer --workers, and go on with --resume.`,
        ),
      );
  }

  private end(error: Error): void {
    clearInterval(this.watch);
    clearTimeout(this.patience);
    this.over ??= error;
    for (const { reject } of this.pending.values()) reject(this.over);
    this.pending.clear();
  }
}
