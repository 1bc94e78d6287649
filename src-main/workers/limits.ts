import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { UserError } from '../../shared/errors.ts';
import type { TaskName } from './tasks.ts';

/** What one task may take of the machine before its process is ended. */
export interface Limits {
  /** Infinity: as long as it takes, since somebody can stop it. */
  seconds: number;
  /** Resident memory of the process that works on it. */
  bytes: number;
}

const GiB = 2 ** 30;
/** Loading reads a file and asks for the shapes of its values; no honest model of any size comes near this. */
const LOADING: Limits = { seconds: 120, bytes: 4 * GiB };
/** Checking runs the network and its gradient dozens of times. */
const CHECK_SECONDS = 10 * LOADING.seconds;
/** Copies of the weights that may lie in memory at a time: the file's own, and those of the original's and the gradient's sessions. */
const COPIES = 3;

/** Tasks that look at a model, and those that somebody watches and can stop; all others check it. */
const LOAD: ReadonlySet<TaskName> = new Set<TaskName>(['weigh', 'load', 'inspect', 'identity', 'values', 'unclearInputs']);
const WATCHED: ReadonlySet<TaskName> = new Set<TaskName>([
  'gradcheck',
  'probe',
  'preview',
  'map',
  'mapMore',
  'mapAttack',
  'mapTable',
  'vulnerability',
  'verify',
  'repeat',
  'documents',
]);

/**
 * Limits of a task on a model with so many bytes of weights. `HAIRLINE_LIMIT_SECONDS` (loading; checking gets ten times as
 * many) and `HAIRLINE_LIMIT_GB` (both) in the environment take the place of the usual ones; the command line's flags set them.
 * @throws UserError for a limit that is no number above 0
 */
export function limitsOf(task: TaskName, weights: number, env: NodeJS.ProcessEnv = process.env): Limits {
  const seconds = fromEnvironment(env, 'HAIRLINE_LIMIT_SECONDS');
  const gigabytes = fromEnvironment(env, 'HAIRLINE_LIMIT_GB');
  const load = LOAD.has(task);
  const loading = LOADING.bytes + COPIES * weights;
  return {
    seconds: WATCHED.has(task) ? Infinity : load ? (seconds ?? LOADING.seconds) : seconds ? 10 * seconds : CHECK_SECONDS,
    bytes: gigabytes !== null ? gigabytes * 1e9 : load ? loading : Math.max(loading, totalmem() / 2),
  };
}

function fromEnvironment(env: NodeJS.ProcessEnv, name: string): number | null {
  const text = env[name];
  return text === undefined || text === '' ? null : limit(text, name);
}

/** The number of a limit. @param source the option or variable it stands in @throws UserError when it is no number above 0 */
export function limit(text: string, source: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new UserError(`${source} takes a number above 0, not ${text}.`);
  return value;
}

/** Resident memory of a process in bytes, where the system tells it by a file (Linux); null elsewhere, and once the process is gone. */
export function residentBytes(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

/** For sentences: `4.3 GB`. */
export function gigabytes(bytes: number): string {
  return `${Number((bytes / 1e9).toPrecision(2))} GB`;
}
