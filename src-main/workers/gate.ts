import { Cancelled } from '../../shared/errors.ts';
import type { Gate } from '../attacks/problem/counted.ts';

/** Words of the flag that all workers of a run share. */
export const GO = 0;
export const PAUSE = 1;
export const CANCEL = 2;

/** The run's switch, held by the engine's main thread; workers see it between two queries. */
export class Switch {
  readonly shared = new SharedArrayBuffer(4);
  private readonly flag = new Int32Array(this.shared);
  /** Rejects with Cancelled when the run is cancelled. */
  readonly cancellation: Promise<never>;
  private reject: (error: Error) => void = () => {};
  /** Whether it is the system that cancelled it, not a person. */
  interrupted = false;
  private readonly followers: ((word: number) => void)[] = [];

  constructor() {
    this.cancellation = new Promise((_, reject) => (this.reject = reject));
    // Most of the time nobody waits for it.
    this.cancellation.catch(() => {});
  }

  set(word: typeof GO | typeof PAUSE | typeof CANCEL): void {
    // A cancelled run stays cancelled: resuming is a new run.
    if (Atomics.load(this.flag, 0) === CANCEL) return;
    Atomics.store(this.flag, 0, word);
    Atomics.notify(this.flag, 0);
    for (const follower of this.followers) follower(word);
    if (word === CANCEL) this.reject(new Cancelled());
  }
  /** Tells what the switch says now, and whenever that changes: for a process that does not share it. */
  follow(follower: (word: number) => void): void {
    this.followers.push(follower);
    follower(Atomics.load(this.flag, 0));
  }
  cancel(): void {
    this.set(CANCEL);
  }
  interrupt(): void {
    if (!this.cancelled) this.interrupted = true;
    this.set(CANCEL);
  }
  get cancelled(): boolean {
    return Atomics.load(this.flag, 0) === CANCEL;
  }
  get paused(): boolean {
    return Atomics.load(this.flag, 0) === PAUSE;
  }
}

/** Whether the switch says so; for those who must not sleep while it says pause. */
export function isCancelled(shared: SharedArrayBuffer): boolean {
  return Atomics.load(new Int32Array(shared), 0) === CANCEL;
}

/**
 * A worker's view of the switch. While paused the thread sleeps: it has nothing else to do, and a running session cannot
 * be stopped from outside without ending the process.
 */
export function sharedGate(shared: SharedArrayBuffer): Gate {
  const flag = new Int32Array(shared);
  return {
    check() {
      while (Atomics.load(flag, 0) === PAUSE) Atomics.wait(flag, 0, PAUSE);
      if (Atomics.load(flag, 0) === CANCEL) throw new Cancelled();
    },
  };
}
