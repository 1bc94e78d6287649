import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Crashed } from '../../shared/errors.ts';
import type { TaskName, Tasks } from '../audit/crew.ts';
import type { FromChild, ToChild } from './child.ts';
import { onDeath } from './death.ts';
import { engineEnvironment } from './environment.ts';
import type { Switch } from './gate.ts';
import { errorOf } from './pool.ts';

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * The worker threads of one audit, in a process of their own. It ends with the audit, and all that the library, its sessions and
 * its threads took goes back to the system; and a library that crashes does not take the engine along.
 */
export class CrewProcess {
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private over: Error | null = null;

  /** @param entry file of the built `child.ts` @param worker file of the built worker @param control passed on, whatever it says */
  constructor(entry: string, worker: string, size: number, control: Switch) {
    this.child = fork(entry, [worker, String(size)], { serialization: 'advanced', execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: engineEnvironment(process.env) });
    this.child.on('message', (message: FromChild) => this.receive(message));
    onDeath(this.child, (reason) => this.end(new Crashed(reason)));
    control.follow((flag) => this.post({ flag }));
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
    this.end(new Error('The workers were closed.'));
    // Not SIGTERM: a thread inside session.run would not let the process end in good order.
    this.child.kill('SIGKILL');
  }

  private post(message: ToChild): void {
    // A process that is gone is told of by its death.
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private receive(message: FromChild): void {
    if ('resident' in message || 'done' in message) return;
    const task = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (message.ok) task?.resolve(message.value);
    else task?.reject(errorOf(message));
  }

  private end(error: Error): void {
    this.over ??= error;
    for (const { reject } of this.pending.values()) reject(this.over);
    this.pending.clear();
  }
}
