import { closeSync, fstatSync, readSync } from 'node:fs';
import { dirname, join, posix, win32 } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { openRegular } from '../files/regular.ts';
import type { Graph } from './ir.ts';

/** Where a tensor's bytes lie outside its message: file (relative to the model), offset, length. */
export interface ExternalLocation {
  location: string;
  offset: number;
  length: number;
}

/**
 * Where a file of weights lies. onnxruntime's own rule is kept.
 * @throws UserError for one outside the model's folder
 */
export function externalFile(model: string, location: string): string {
  // Both spellings on every system: what one of them refuses should not be taken by another.
  if (posix.isAbsolute(location) || win32.isAbsolute(location) || location.split(/[\\/]/).includes('..'))
    throw new UserError(
      `The model keeps weights outside its folder (${location}), which is refused: export it with its weights beside it.`,
    );
  return join(dirname(model), location);
}

/** Runs something on a file of weights. @throws UserError when the file cannot be opened, or is none */
export function reading<T>(location: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`The model keeps weights in ${location}, which cannot be read: put that file beside the model.`);
  }
}

/** More is not read at once: it would take the memory that a model of this size needs itself. */
const MOST_BYTES = 2 ** 31;

/** The first bytes that a tensor keeps in another file. @throws UserError when they are not there */
export function readExternal(name: string, at: ExternalLocation, wanted: number, graph: Graph | undefined): Uint8Array {
  if (!graph?.path) throw new UserError(`Tensor ${name} keeps its data in ${at.location}, but the model was not read from a file.`);
  if (!(at.offset >= 0 && at.length >= 0))
    throw new UserError(`Tensor ${name} points nowhere in ${at.location}: the model file is damaged.`);
  if (wanted > MOST_BYTES)
    throw new UserError(
      `Tensor ${name} has ${wanted.toLocaleString('en')} bytes, more than Hairline reads at once: the model is too large for what is asked.`,
    );
  const file = externalFile(graph.path, at.location);
  return reading(at.location, () => {
    const fd = openRegular(file);
    try {
      if (fstatSync(fd).size < at.offset + at.length)
        throw new UserError(`${at.location} is shorter than the model needs: copy the whole file again.`);
      const bytes = new Uint8Array(Math.min(at.length, wanted));
      for (let done = 0, count; done < bytes.length; done += count)
        if ((count = readSync(fd, bytes, done, bytes.length - done, at.offset + done)) === 0)
          throw new Error('the file was shortened meanwhile');
      return bytes;
    } finally {
      closeSync(fd);
    }
  });
}
