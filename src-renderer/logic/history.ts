/** Settings by name; values are data and replaced, never changed in place. */
export type Settings = Readonly<Record<string, unknown>>;

/** Changes of the same settings no farther apart than this, in ms, are one step: typing, a slider's keys. */
const TOGETHER = 1000;

/** Names of the settings in which two states differ. */
export function changed(a: Settings, b: Settings): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (name) => a[name] !== b[name] && JSON.stringify(a[name]) !== JSON.stringify(b[name]),
  );
}

/** One thing that was done. */
interface Step {
  before: Settings;
  after: Settings;
  names: string[];
}

/** The states that settings had, one step for each gesture of the user. */
export class History {
  private past: Step[] = [];
  private future: Step[] = [];
  private present: Settings;
  /** Of the newest step. */
  private gesture = -1;
  private time = -Infinity;

  constructor(present: Settings) {
    this.present = present;
  }

  get undoable(): number {
    return this.past.length;
  }

  get redoable(): number {
    return this.future.length;
  }

  /**
   * Takes what the settings are now. What belongs to one gesture of the pointer is one step, however long it lasts.
   * @param gesture another number for each press of the pointer @param time in ms
   */
  take(now: Settings, gesture: number, held: boolean, time: number): void {
    const names = changed(this.present, now);
    if (names.length === 0) return;
    const last = this.past.at(-1);
    const same = last !== undefined && this.future.length === 0 && gesture === this.gesture && last.names.join() === names.join();
    if (same && (held || time - this.time < TOGETHER)) last.after = now;
    else this.past.push({ before: this.present, after: now, names });
    if (this.past.length > MOST) this.past.shift();
    this.future = [];
    [this.present, this.gesture, this.time] = [now, gesture, time];
  }

  /** The state before the newest step, and what it changes; null where there is none. */
  undo(): { to: Settings; names: string[] } | null {
    const step = this.past.pop();
    if (!step) return null;
    this.future.push(step);
    return this.go(step.before, step.names);
  }

  redo(): { to: Settings; names: string[] } | null {
    const step = this.future.pop();
    if (!step) return null;
    this.past.push(step);
    return this.go(step.after, step.names);
  }

  private go(to: Settings, names: string[]): { to: Settings; names: string[] } {
    [this.present, this.time] = [to, -Infinity];
    return { to, names };
  }
}

/** Steps kept. */
const MOST = 200;
