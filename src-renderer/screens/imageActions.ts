import type { ActionHandler, Handlers } from '../actions/handler.ts';
import { explorable, toExplore } from './exploreActions.ts';
import { toMap } from './mapActions.ts';
import { useApp } from '../stores/app.ts';
import { useExplore } from '../stores/explore.ts';
import { useImages } from '../stores/images.ts';
import { useMap } from '../stores/map.ts';
import { useMapAsk } from '../stores/mapAsk.ts';
import { useModel } from '../stores/model.ts';
import { useResults } from '../stores/results.ts';
import { useView } from '../stores/view.ts';

const onMap = (): boolean => useApp().step === 'map';
const exploring = (): boolean => useApp().step === 'explore';
const onImage = (enabled: () => boolean, run: () => unknown): ActionHandler => ({
  enabled: () => useApp().step === 'image' && useResults().image !== null && enabled(),
  run,
});
/** Where pictures are looked at closely. */
const closely = (enabled: () => boolean, run: () => unknown): ActionHandler => ({
  enabled: () =>
    ((useApp().step === 'image' && useResults().image !== null) ||
      (onMap() && useMap().drawn !== null) ||
      (exploring() && useExplore().shown !== null)) &&
    enabled(),
  run,
});
const comparing = (run: () => unknown): ActionHandler => onImage(() => useResults().finding?.file != null, run);
const nextImage = (by: number): ActionHandler => ({
  enabled() {
    if (exploring()) return useImages().images[useExplore().place + by] !== undefined;
    if (onMap()) return useMapAsk().subject?.images[useMapAsk().place + by] !== undefined;
    return (
      useApp().step === 'image' &&
      useResults().image !== null &&
      useResults().place >= 0 &&
      useResults().rows[useResults().place + by] !== undefined
    );
  },
  run: () => (exploring() ? useExplore() : onMap() ? useMapAsk() : useResults()).move(by),
});

/** What can be done with one image, on whatever screen it is. */
export const IMAGE_ACTIONS: Handlers<'image'> = {
  'image.back': onImage(
    () => true,
    () => (useApp().step = 'results'),
  ),
  'image.previous': nextImage(-1),
  'image.next': nextImage(1),
  'image.side': comparing(() => useView().setMode('side')),
  'image.swipe': comparing(() => useView().setMode('swipe')),
  'image.blink': comparing(() => useView().setMode('blink')),
  'image.hold': onImage(
    () => useView().mode === 'blink' && !useView().still,
    () => (useView().playing = !useView().playing),
  ),
  'image.flip': onImage(
    () => useView().mode === 'blink',
    () => useView().flip(),
  ),
  'image.swap': onImage(
    () => useView().mode !== 'side',
    () => useView().swap(),
  ),
  'image.zoomIn': closely(
    () => useView().view.zoom < useView().limit,
    () => useView().zoomBy(1.5),
  ),
  'image.zoomOut': closely(
    () => useView().view.zoom > 1,
    () => useView().zoomBy(1 / 1.5),
  ),
  'image.fit': closely(
    () => useView().view.zoom > 1,
    () => useView().fit(),
  ),
  'image.map': {
    enabled: () =>
      (useApp().step === 'image' && useResults().image !== null) ||
      (useApp().step === 'images' && useImages().current !== null && useModel().card !== null),
    run: toMap,
  },
  'image.label': { enabled: () => labelling() && useImages().current !== null, run: () => useApp().toggle('label') },
  'image.names': { enabled: labelling, run: () => useApp().toggle('names') },
  'image.explore': { enabled: () => explorable() !== null, run: toExplore },
};

/** Networks that put out pictures know no labels. */
function labelling(): boolean {
  return useApp().step === 'images' && useImages().images.length > 0 && useModel().card?.networkOutput == null;
}
