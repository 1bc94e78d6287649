import { Worker } from 'node:worker_threads';
import { Cancelled, messageOf, UserError } from '../../shared/errors.ts';
import type { WorkerPool, Report } from '../audit/pool.ts';
import type { TaskName, Tasks } from './tasks.ts';
import { isCancelled } from './gate.ts';

export interface ToWorker {
  id: number;
  name: string;
  input: unknown;
}
/** What a worker is told when it starts. */
export interface WorkerData {
  /** The run's switch. */
  shared: SharedArrayBuffer;
  /** Long work that nobody waits for at the moment: other threads go first. */
  background: boolean;
}
/** How a task ended. */
export type Ended =
  | { id: number; ok: true; value: unknown }
  | { id: number; ok: false; kind: 'cancelled' | 'user' | 'fault'; message: string; stack?: string };
type Failure = Extract<Ended, { ok: false }>;

/** What a task threw, as data. */
export function failureOf(id: number, error: unknown): Failure {
  return {
    id,
    ok: false,
    kind: error instanceof Cancelled ? 'cancelled' : error instanceof UserError ? 'user' : 'fault',
    message: messageOf(error),
    ...(error instanceof Error && error.stack !== undefined && { stack: error.stack }),
  };
}

/** The same as an error again. */
export function errorOf({ kind, message, stack }: Failure): Error {
  if (kind === 'cancelled') return new Cancelled();
  // Of a fault its own stack counts, not that of whoever waits for it.
  return kind === 'user' ? new UserError(message) : Object.assign(new Error(message), stack !== undefined && { stack });
}

/** How far it is. */
export type Underway = { id: number; progress: Parameters<Report> };
export type FromWorker = { ready: true } | Underway | Ended;

interface Waiting {
  message: ToWorker;
  report: Report | undefined;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Worker threads with a queue. They are started one after another, because native modules that load in several threads
 * at once have crashed; and they are never terminated while at work, because that aborts the whole process: a closed
 * pool ends a thread when its task is over.
 */
export class Pool implements WorkerPool {
  readonly size: number;
  private readonly idle: Worker[] = [];
  private readonly queue: Waiting[] = [];
  private readonly busy = new Map<Worker, Waiting>();
  private readonly all: Worker[] = [];
  private nextId = 1;
  private dead: Error | null = null;
  private closed = false;

  private constructor(size: number) {
    this.size = size;
  }

  /** @param entry file of the worker's code @throws Cancelled when the switch is set so before all have started */
  static async start(entry: string | URL, size: number, shared: SharedArrayBuffer, background = false): Promise<Pool> {
    const pool = new Pool(size);
    try {
      for (let i = 0; i < size; i++) {
        if (isCancelled(shared)) throw new Cancelled();
        await pool.add(entry, { shared, background });
      }
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  /** Whether it takes tasks: false after a thread failed, and once closed. */
  get alive(): boolean {
    return this.dead === null;
  }

  private add(entry: string | URL, workerData: WorkerData): Promise<void> {
    const worker = new Worker(entry, { workerData });
    this.all.push(worker);
    return new Promise((ready, failed) => {
      worker.on('message', (message: FromWorker) => {
        if ('ready' in message) {
          this.idle.push(worker);
          ready();
          this.dispatch();
        } else if ('progress' in message) this.busy.get(worker)?.report?.(...message.progress);
        else this.finish(worker, message);
      });
      worker.on('error', (error) => {
        failed(error);
        this.fail(error);
      });
      worker.on('exit', (code) => {
        const error = new Error(`A worker thread ended with code ${code}.`);
        failed(error);
        if (!this.closed) this.fail(error);
      });
    });
  }

  run<N extends TaskName>(name: N, input: Tasks[N]['in'], report?: Report): Promise<Tasks[N]['out']> {
    return new Promise((resolve, reject) => {
      if (this.dead) return reject(this.dead);
      this.queue.push({ message: { id: this.nextId++, name, input }, report, resolve: resolve as (value: unknown) => void, reject });
      this.dispatch();
    });
  }

  private dispatch(): void {
    while (this.idle.length > 0 && this.queue.length > 0) {
      const worker = this.idle.shift()!;
      const task = this.queue.shift()!;
      this.busy.set(worker, task);
      worker.postMessage(task.message);
    }
  }

  private finish(worker: Worker, answer: Ended): void {
    const task = this.busy.get(worker);
    this.busy.delete(worker);
    if (this.closed) void worker.terminate();
    else this.idle.push(worker);
    if (answer.ok) task?.resolve(answer.value);
    else task?.reject(errorOf(answer));
    this.dispatch();
  }

  private fail(error: Error): void {
    this.dead ??= error;
    for (const task of [...this.busy.values(), ...this.queue]) task.reject(error);
    this.busy.clear();
    this.queue.length = 0;
  }

  /** Ends the threads: idle ones now, one at work when its task is over. Tasks that wait are given up. */
  async close(): Promise<void> {
    this.closed = true;
    this.dead ??= new Error('The workers were closed.');
    for (const task of this.queue.splice(0)) task.reject(this.dead);
    await Promise.all(this.all.filter((w) => !this.busy.has(w)).map((w) => w.terminate()));
  }
}
