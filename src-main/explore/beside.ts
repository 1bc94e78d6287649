import type { AuditPlan } from '../../shared/plan.ts';
import { besideImages, fitsImages, imagesOf } from '../images/index.ts';
import { readText } from './tellFile.ts';

/** Files of labels and of class names that nobody named, but that lie in the folders given; null where there is none. */
export type Beside = Pick<AuditPlan, 'labels' | 'classNames'>;

/**
 * Looks for labels and class names beside images. Labels only where the images bring none of their own, as class folders do, and where the
 * file has these images.
 * @param classesOf how many classes the model has, asked where it matters; null while unknown
 * @throws UserError for images that do not exist
 */
export async function findBeside(paths: readonly string[], classesOf: () => Promise<number | null>): Promise<Beside> {
  const found: Beside = { labels: null, classNames: null };
  const files = await besideImages(paths);
  if (files.length === 0) return found;
  const [images, classes] = [await imagesOf(paths), await classesOf()];
  for (const file of files) {
    const text = await readText(file, images, classes);
    if (text?.kind === 'classNames' && (classes === null || text.names.length === classes)) found.classNames ??= file;
    if (text?.kind === 'labels' && !images.labelled && found.labels === null && (await fitsImages(text.labels, images)))
      found.labels = file;
  }
  return found;
}
