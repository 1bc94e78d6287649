import type { Handlers } from '../actions/handler.ts';
import { useApp } from '../stores/app.ts';
import { useExplore } from '../stores/explore.ts';
import { useImages } from '../stores/images.ts';
import { useModel } from '../stores/model.ts';
import { useResults } from '../stores/results.ts';

/** What can be done where one image is explored. */
export const EXPLORE_ACTIONS: Handlers<'explore'> = {
  'explore.use': {
    enabled: () => useApp().step === 'explore' && useExplore().attack !== null && useExplore().image !== null,
    run: () => useExplore().use(),
  },
};

/** The image at hand that can be explored: chosen in the grid or, of a result, loaded with the same model; else null. */
export function explorable(): string | null {
  const [app, results, images, card] = [useApp(), useResults(), useImages(), useModel().card];
  if (!card) return null;
  if (app.step === 'images') return images.current;
  const { image } = results;
  if (app.step !== 'image' || !image || results.results!.model.sha256 !== card.identity.sha256) return null;
  return images.images.find(({ id, source }) => id === image.id && source === image.source)?.id ?? null;
}

/** The image at hand where it can be explored, else the last one. */
export function toExplore(): void {
  const id = explorable();
  if (id === null) useApp().step = 'explore';
  else useExplore().show(id);
}
