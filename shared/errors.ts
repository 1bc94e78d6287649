import { printable, shortened } from './printable.ts';

/**
 * An error that the user can mend: one clear sentence that says what is wrong and what to do.
 * Hosts show the message as it is; the command line ends with exit code 2.
 */
export class UserError extends Error {
  override name = 'UserError';
}

/** Thrown out of a query when the run is cancelled; never shown as a failure. */
export class Cancelled extends Error {
  override name = 'Cancelled';
  constructor() {
    super('The run was cancelled.');
  }
}

/** The process that an audit ran in is gone. What is finished is on the disk. */
export class Crashed extends Error {
  override name = 'Crashed';
  /** How it ended and what it wrote last, on one line. */
  readonly reason: string;

  constructor(told: string) {
    const lines = told.split('\n').map((line) => line.trim());
    const reason = lines.filter(Boolean).join(' | ').slice(0, 1000).replace(/\.$/, '') || 'no reason was given';
    super(`The engine stopped unexpectedly; finished images are kept, and the audit can be resumed (${reason}).`);
    this.reason = reason;
  }
}

/** An error of the file system, or of Node about a path: it has a code such as ENOENT. */
export function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && typeof (error as Error & { code?: unknown }).code === 'string';
}

/** Calls of a trace that are kept. */
const CALLS = 12;

/** Where an error that nobody foresaw was thrown: the calls that led there, each with its file's bare name; null of a sentence of ours. */
export function traceOf(error: unknown): string | null {
  if (!(error instanceof Error) || error instanceof UserError || error instanceof Cancelled || error instanceof Crashed) return null;
  const calls = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  // A path would tell of the machine, and says no more than the name.
  const bare = calls.slice(0, CALLS).map((line) => line.trim().replace(/(?:\w+:\/\/)?(?:[^\s()]*[/\\])([^/\\\s()]+:\d+:\d+)/, '$1'));
  return bare.length > 0 ? printable(bare.join(' | ')) : null;
}

/** Characters of a message that anybody reads; a name in it may be as long as a file. */
const LONGEST = 2000;

/**
 * The message of anything that was thrown, as one line without a stack. A sentence of ours stays whole when a name in it breaks the
 * line; of anything else the first line says what happened.
 */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const message = error instanceof UserError ? text : text.split('\n')[0]!;
  return shortened(printable(message.trim()), LONGEST) || 'Unknown error.';
}
