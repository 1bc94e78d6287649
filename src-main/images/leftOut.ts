import { UserError } from '../../shared/errors.ts';
import type { LeftOut } from '../../shared/results.ts';

/** A file that cannot be taken. */
export interface Refused extends LeftOut {
  /** Where it lies; `source` is how results call it. */
  path: string;
}

/** Reasons that fit into one sentence. */
const TOLD = 3;

/**
 * The file that could not be read, from what reading it threw: the reason is the sentence without the name at its start.
 * @param names what the sentence may call it
 * @throws what was thrown, where that is no fault of a file
 */
export function refused(error: unknown, path: string, source: string, names: readonly string[] = [path, source]): Refused {
  if (!(error instanceof UserError)) throw error;
  const name = names.find((one) => error.message.startsWith(`${one} `));
  return { path, source, reason: name === undefined ? error.message : error.message.slice(name.length + 1) };
}

/** That nothing is left to work on, with the first reasons. */
export function nothingLeft(paths: readonly string[], out: readonly Refused[]): UserError {
  const [first] = out;
  // The one thing that was given, as a whole.
  if (first && paths.length === 1 && first.path === paths[0]) return new UserError(`${first.path} ${first.reason}`);
  const where = `${paths.slice(0, TOLD).join(', ')}${paths.length > TOLD ? ', ...' : ''}`;
  if (out.length === 0) return new UserError(`There are no images in ${where || 'what was given'}.`);
  const told = out.slice(0, TOLD).map(({ source, reason }) => `${source} ${reason.replace(/\.$/, '')}`);
  const rest = out.length > TOLD ? [`and ${(out.length - TOLD).toLocaleString('en')} more`] : [];
  return new UserError(`No image in ${where} can be taken: ${[...told, ...rest].join('; ')}.`);
}
