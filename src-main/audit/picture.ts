import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { codeOf, Folder } from '../files/folder.ts';
import { decodeImage, decodePlainPng, encodePng } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import { SIZES } from './jobs.ts';
import type { JobFile, JobImage } from './jobs.ts';

export function pictureOf(image: JobImage): Picture {
  return { width: image.width, height: image.height, channels: image.channels, data: image.data };
}

/** A picture as a file of an audit. */
export async function pngFile(file: string, picture: Picture): Promise<JobFile> {
  return { file, bytes: await encodePng(picture) };
}

/**
 * Writes a file of an audit: one with the final name is whole, and on the disk before the journal speaks of it.
 * @throws UserError when it cannot be written.
 */
export function writeFile(folder: string, { file: name, bytes }: JobFile): void {
  try {
    new Folder(folder).write(name, bytes);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${join(folder, name)} cannot be written (${codeOf(error)}): make room or mend the folder, then go on with --resume.`,
    );
  }
}

/** A picture of a file that is at hand. @throws UserError for what is no picture */
export async function decodePng({ file, bytes }: JobFile): Promise<Picture> {
  return decodePlainPng(bytes) ?? (await decodeImage(bytes, file));
}

/**
 * A picture of an audit, decoded from its folder.
 * @throws UserError for what is no picture, or no file of the folder; an error of the file system when it cannot be read.
 */
export async function readPng(folder: string, name: string): Promise<Picture> {
  return (await readAnyPng(folder, name)).picture;
}

/** The same, and whether the file is one as `pngFile` makes it, with nothing in it but the picture. */
export async function readAnyPng(folder: string, name: string): Promise<{ picture: Picture; plain: boolean }> {
  const bytes = await new Folder(folder).readLater(name, SIZES.picture);
  const picture = decodePlainPng(bytes);
  return { picture: picture ?? (await decodeImage(bytes, name)), plain: picture !== null };
}
