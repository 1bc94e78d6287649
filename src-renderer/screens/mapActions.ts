import type { Handlers } from '../actions/handler.ts';
import { useApp } from '../stores/app.ts';
import { useImages } from '../stores/images.ts';
import { useMap } from '../stores/map.ts';
import { useMapAsk } from '../stores/mapAsk.ts';
import { useModel } from '../stores/model.ts';
import { useResults } from '../stores/results.ts';

const onMap = (): boolean => useApp().step === 'map';

/** What can be done with a map. */
export const MAP_ACTIONS: Handlers<'map'> = {
  'map.stop': { enabled: () => onMap() && useMap().busy, run: () => useMap().stop() },
  'map.save': { enabled: () => onMap() && useMap().drawn !== null, run: () => useMap().save() },
  'map.region': { enabled: () => onMap() && useMap().drawn !== null && useMap().selected.size > 0, run: () => useMap().attackOnly() },
};

/** The map of the image at hand: of the result that is looked at, or the picture that is chosen; else the last one, or the first there is. */
export function toMap(): void {
  const [app, results, images, map] = [useApp(), useResults(), useImages(), useMapAsk()];
  if (app.step === 'image' && results.image) map.show(results.image.id, 'results');
  else if (app.step === 'images' && images.current) map.show(images.current, 'images');
  else if (map.subject) app.step = 'map';
  else if (useModel().card && images.images.length > 0) map.show(images.current, 'images');
  else if (results.results) map.show(results.imageId, 'results');
  else app.step = 'map';
}
