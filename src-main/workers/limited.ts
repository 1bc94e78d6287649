import type { ChildProcess } from 'node:child_process';
import { basename } from 'node:path';
import { Cancelled, UserError } from '../../shared/errors.ts';
import type { Report } from '../audit/pool.ts';
import type { TaskName, Tasks } from './tasks.ts';
import type { FromChild, ToChild } from './child.ts';
import { forkChild } from './forkChild.ts';
import { CANCEL, GO } from './gate.ts';
import { gigabytes, limitsOf, residentBytes } from './limits.ts';
import type { Limits } from './limits.ts';
import { errorOf } from './pool.ts';
import type { Ended } from './pool.ts';
import { Tail } from './tail.ts';

/** How often the memory of a process at work is looked at, in ms: what it takes in that time goes beyond the limit. */
const LOOK = 25;
/** A task that was cancelled ends between two queries; one that has not after this many ms is ended with its process. */
const GRACE = 10_000;

interface Waiting {
  name: TaskName;
  input: unknown;
  report: Report | undefined;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface Current {
  task: Waiting;
  /** The size of its model is being found out; the task itself comes next. */
  weighing: boolean;
  id: number;
  limits: Limits;
  clock: NodeJS.Timeout | undefined;
}

/**
 * A process for tasks on a model that nobody has vouched for, one at a time in the order they came. A model may ask for more
 * memory than there is, run for ever, or crash the library: the process is ended then, and the next task gets a new one.
 * It is started with the first task and keeps its model open between tasks, as a worker thread does.
 */
export class LimitedProcess {
  private readonly entry: string;
  private readonly worker: string | undefined;
  private readonly grace: number;
  private readonly background: boolean;
  private child: ChildProcess | null = null;
  private tail = new Tail();
  private readonly queue: Waiting[] = [];
  private current: Current | null = null;
  private nextId = 1;
  private watch: NodeJS.Timeout | undefined;
  private patience: NodeJS.Timeout | undefined;
  /** Bytes of weights of each model by its path; several may be open at a time. */
  private readonly weights = new Map<string, number>();

  /**
   * @param entry file of the built `child.ts`
   * @param options.worker file of the built worker, when it is not the one beside it
   * @param options.grace ms that a cancelled task has to end by itself
   * @param options.background whether whatever else is at work goes first
   */
  constructor(
    entry: string,
    { worker, grace = GRACE, background = false }: { worker?: string; grace?: number; background?: boolean } = {},
  ) {
    this.entry = entry;
    this.worker = worker;
    this.grace = grace;
    this.background = background;
  }

  /**
   * @throws UserError when the task took more than its limits or ended its process; Cancelled when it was cancelled; and
   * whatever the task throws.
   */
  run<N extends TaskName>(name: N, input: Tasks[N]['in'], report?: Report): Promise<Tasks[N]['out']> {
    return new Promise((resolve, reject) => {
      this.queue.push({ name, input, report, resolve: resolve as (value: unknown) => void, reject });
      this.next();
    });
  }

  /** Starts the process, which the next task would have to wait for. */
  warm(): void {
    try {
      this.child ??= this.start();
    } catch {
      // Whoever asks it something is told.
    }
  }

  /** Asks the task at work to end between two queries; tasks that wait are given up. */
  cancel(): void {
    for (const task of this.queue.splice(0)) task.reject(new Cancelled());
    if (!this.current) return;
    this.post({ flag: CANCEL });
    this.patience ??= setTimeout(() => this.end(new Cancelled()), this.grace);
  }

  /** Ends the process and whatever it is at work on. */
  close(): void {
    for (const task of this.queue.splice(0)) task.reject(new Cancelled());
    this.end(new Cancelled());
  }

  private next(): void {
    if (this.current) return;
    const task = this.queue.shift();
    if (!task) return;
    const model = modelOf(task.input);
    // A large model may take more memory than a small one, and how large it is is found out within the limits of a small one.
    const weighing = model !== null && !this.weights.has(model);
    try {
      this.begin(task, weighing ? { name: 'weigh', input: { model } } : task);
    } catch (error) {
      this.settled();
      task.reject(error as Error);
      this.next();
    }
  }

  /** @param step of the task: all of it, or what comes before */
  private begin(task: Waiting, step: Pick<Waiting, 'name' | 'input'>): void {
    const limits = limitsOf(step.name, Math.max(0, ...this.weights.values()));
    const late = () =>
      this.end(
        new UserError(
          `${nameOf(task.input)} was not through after ${limits.seconds} s and was stopped: give it longer with --limit-seconds (HAIRLINE_LIMIT_SECONDS), or take another model.`,
        ),
      );
    const clock = limits.seconds === Infinity ? undefined : setTimeout(late, 1000 * limits.seconds);
    this.current = { task, weighing: step !== task, id: this.nextId++, limits, clock };
    this.child ??= this.start();
    this.watch ??= setInterval(() => this.look(residentBytes(this.child?.pid ?? 0)), LOOK);
    this.post({ flag: GO });
    this.post({ id: this.current.id, name: step.name, input: step.input });
  }

  private start(): ChildProcess {
    const child = forkChild(this.entry, { worker: this.worker, background: this.background });
    const tail = (this.tail = new Tail());
    child.stdout?.on('data', (chunk) => tail.add(chunk));
    child.stderr?.on('data', (chunk) => tail.add(chunk));
    child.on('message', (message: FromChild) => {
      if (this.child !== child) return;
      if ('resident' in message) this.look(message.resident);
      else if (this.current?.id !== message.id) return;
      else if ('progress' in message) this.current.task.report?.(...message.progress);
      else this.receive(this.current, message);
    });
    child.on('error', (error) => this.lost(child, error.message));
    child.on('exit', (code, signal) => this.lost(child, signal ?? `exit code ${code}`));
    return child;
  }

  private post(message: ToChild): void {
    if (this.child?.connected) this.child.send(message, () => undefined);
  }

  private look(resident: number | null): void {
    const { current } = this;
    if (current && resident !== null && resident > current.limits.bytes)
      this.end(
        new UserError(
          `${nameOf(current.task.input)} took more than ${gigabytes(current.limits.bytes)} of memory and was stopped: give it more with --limit-memory (HAIRLINE_LIMIT_GB), or take another model or smaller pictures.`,
        ),
      );
  }

  private receive({ task, weighing }: Current, answer: Ended & { last?: boolean }): void {
    if (answer.last) {
      this.child?.kill('SIGKILL');
      this.child = null;
    }
    const cancelled = this.patience !== undefined;
    this.settled();
    if (weighing && answer.ok) {
      this.weights.set(modelOf(task.input)!, (answer.value as Tasks['weigh']['out']).bytes);
      if (cancelled) task.reject(new Cancelled());
      else this.queue.unshift(task);
    } else if (answer.ok) task.resolve(answer.value);
    else task.reject(errorOf(answer));
    this.next();
  }

  /** The process went by itself: what it was at work on did that. */
  private lost(child: ChildProcess, how: string): void {
    if (this.child !== child) return;
    const said = this.tail.after('').trim().split('\n').at(-1)?.slice(0, 200);
    const name = this.current ? nameOf(this.current.task.input) : 'The model';
    this.end(new UserError(`${name} made the process that worked on it crash (${how}${said ? `, ${said}` : ''}): it cannot be used here.`));
  }

  /** Ends the process, and the task with this error. */
  private end(error: Error): void {
    const { current, child } = this;
    this.child = null;
    this.settled();
    // Not SIGTERM: a thread inside session.run would not let the process end in good order.
    child?.kill('SIGKILL');
    current?.task.reject(error);
    this.next();
  }

  private settled(): void {
    clearTimeout(this.current?.clock);
    clearTimeout(this.patience);
    clearInterval(this.watch);
    this.current = null;
    this.patience = this.watch = undefined;
  }
}

/** Path of the model that a task is about; null where it is about none, or about one that is open already. */
function modelOf(input: unknown): string | null {
  const { model, plan, source } = input as { model?: unknown; plan?: { model?: unknown }; source?: { model?: unknown } };
  const path = model ?? plan?.model ?? source?.model;
  return typeof path === 'string' ? path : null;
}

function nameOf(input: unknown): string {
  const model = modelOf(input);
  return model === null ? 'The model' : basename(model);
}
