import { renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { encodePng } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import { codeOf, makeFolder } from './folder.ts';
import type { JobImage } from './jobs.ts';

export function pictureOf(image: JobImage): Picture {
  return { width: image.width, height: image.height, channels: image.channels, data: image.data };
}

/**
 * Writes under another name first, and to the disk: a file with the final name is whole, and there before the journal
 * speaks of it.
 * @throws UserError when it cannot be written.
 */
export async function writePng(file: string, picture: Picture): Promise<void> {
  const png = await encodePng(picture);
  try {
    makeFolder(dirname(file));
    writeFileSync(`${file}.part`, png, { flush: true });
    renameSync(`${file}.part`, file);
  } catch (error) {
    throw new UserError(`${file} cannot be written (${codeOf(error)}): make room or mend the folder, then go on with --resume.`);
  }
}
