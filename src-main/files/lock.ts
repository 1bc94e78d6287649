import { closeSync, lstatSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../shared/errors.ts';
import { makeFolder } from './folder.ts';
import { isDead, isSame, ourselves } from './holder.ts';
import type { Holder } from './holder.ts';

/*
 * One process at a time writes a folder. Node has no locks of the system's, so a lock is a file whose name says it all: who
 * holds it, or wants it, and in which folder. No name is used twice, so that what was left behind can be taken away without a
 * race, and nothing is ever read from such a file. Whoever wants the folder says so first and looks around then; of two who
 * see each other the one with the smaller name goes on. What a dead process left, or came along in a copy, is no lock.
 */

const STEM = 'hairline-lock';
/** A holder shows in this rhythm that it lives, to those who cannot ask the system about it; in ms. */
const BEAT = 1000;
/** How long a file of such a holder must lie still to be a dead one's. */
const STILL = 10_000;
/** How long somebody else is waited for: an engine whose host was killed takes a moment to end. */
const PATIENCE = 2000;
const GLANCE = 20;

/** Whether a name is that of a lock, alive or left behind. */
export function isLockFile(name: string): boolean {
  return name.startsWith(`${STEM}.`);
}

export interface Lock {
  release(): void;
}

/**
 * Takes a folder, which is made where it is missing, for this process alone.
 * @throws UserError when somebody writes it already, or it cannot be written
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const watched: Watched = new Map();
  for (const last = performance.now() + PATIENCE; ; await sleep(5 * GLANCE)) {
    const claim = claimOn(folder);
    try {
      if (await claim.outlasts(watched)) return claim;
    } catch (error) {
      claim.release();
      throw error;
    }
    claim.release();
    if (performance.now() > last)
      throw new UserError(`Another Hairline is writing ${folder}: wait until it is through, or choose another folder.`);
  }
}

function claimOn(folder: string): Claim {
  try {
    makeFolder(folder);
    return new Claim(folder);
  } catch {
    throw new UserError(`${folder} cannot be written: choose another output folder.`);
  }
}

/** Runs some work with the folder locked. @throws as `lockFolder`, and what the work throws */
export async function locked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = await lockFolder(folder);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Claims of this process: an end in the middle of something leaves none behind. */
const claims = new Set<Claim>();
process.on('exit', () => claims.forEach((claim) => claim.release()));

class Claim implements Lock {
  private readonly folder: string;
  private readonly place: string;
  private readonly fd: number;
  private readonly beat: NodeJS.Timeout;
  private name: string;

  constructor(folder: string) {
    this.folder = folder;
    this.place = placeOf(folder);
    const { host, boot, space, pid, start } = ourselves();
    this.name = [STEM, 'wants', this.place, host, boot, space, pid, start, randomBytes(6).toString('hex')].join('.');
    this.fd = openSync(join(folder, this.name), 'wx');
    this.beat = setInterval(() => this.show(), BEAT).unref();
    claims.add(this);
  }

  /**
   * Waits for those who give way to this claim, and for signs of life of those of whom the system says nothing.
   * @returns whether the folder is held now
   */
  async outlasts(watched: Watched): Promise<boolean> {
    // A name that is just being changed may be overlooked, but not twice.
    for (let clear = 0, glances = 0; clear < 2;) {
      const others = this.others().filter((other) => !this.isOver(other, watched));
      const sure = others.filter(({ known, name }) => known || watched.get(name)!.moved);
      if (sure.some(({ holds, name }) => holds || name < this.name) || (sure.length > 0 && ++glances > PATIENCE / GLANCE)) return false;
      clear = others.length === 0 ? clear + 1 : 0;
      if (others.length > 0) await sleep(GLANCE);
    }
    const held = this.name.replace('.wants.', '.holds.');
    renameSync(join(this.folder, this.name), join(this.folder, held));
    this.name = held;
    return true;
  }

  release(): void {
    if (!claims.delete(this)) return;
    clearInterval(this.beat);
    closeSync(this.fd);
    rmSync(join(this.folder, this.name), { force: true });
  }

  private show(): void {
    try {
      writeSync(this.fd, '.', 0);
    } catch {
      // A full disk, say: who works here will hear of it.
    }
  }

  private others(): Other[] {
    const names = readdirSync(this.folder).filter((name) => name.startsWith(`${STEM}.`) && name !== this.name);
    return names.flatMap((name) => otherIn(name, this.place) ?? (this.sweep(name), []));
  }

  private isOver({ name, holder, known }: Other, watched: Watched): boolean {
    if (known) return isDead(holder) && this.sweep(name);
    const time = timeOf(join(this.folder, name));
    if (time === null) return true;
    const watch = watched.get(name) ?? { since: performance.now(), time, moved: false };
    watch.moved ||= watch.time !== time;
    watched.set(name, watch);
    return (isDead(holder) || (!watch.moved && performance.now() - watch.since > STILL)) && this.sweep(name);
  }

  /** What is no lock is taken away where that can be; it is in nobody's way. */
  private sweep(name: string): true {
    try {
      rmSync(join(this.folder, name), { force: true });
    } catch {
      // A folder of that name, say.
    }
    return true;
  }
}

type Watched = Map<string, Watch>;

interface Watch {
  since: number;
  time: number;
  moved: boolean;
}

interface Other {
  name: string;
  holds: boolean;
  holder: Holder;
  /** Whether this process can tell if the holder lives. */
  known: boolean;
}

/** Who a lock's name speaks of; null for what is no lock of this folder. */
function otherIn(name: string, place: string): Other | null {
  const [stem, state, where, host, boot, space, pid, start, own, ...rest] = name.split('.');
  if (stem !== STEM || own === undefined || rest.length > 0 || (state !== 'wants' && state !== 'holds') || where !== place) return null;
  const holder = { host: host!, boot: boot!, space: space!, pid: pid!, start: start! };
  return { name, holds: state === 'holds', holder, known: isSame(holder) };
}

/** The folder itself, wherever it is moved; a copy is another one. */
function placeOf(folder: string): string {
  return statSync(folder, { bigint: true }).ino.toString(36);
}

/** When a file was written last; null when it is gone. */
function timeOf(file: string): number | null {
  return lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
