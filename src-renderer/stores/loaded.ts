import type { CallIn } from '../../shared/contract.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';
import { useThreat } from './threat.ts';

/** The files that are loaded: what the engine opens of an audit that was begun elsewhere. */
export function loadedFiles(): NonNullable<CallIn<'resume'>['files']> {
  const images = useImages();
  return {
    model: useModel().card?.path ?? null,
    images: [...images.paths],
    labels: images.labels,
    classNames: images.classNamesFile,
    pictures: useThreat().goalFiles.map(({ path }) => path),
  };
}
