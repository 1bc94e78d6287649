import { ACTIONS, type ActionId } from '../../shared/actions.ts';
import { useApp, type Step } from '../stores/app.ts';
import { useCompare } from '../stores/compare.ts';
import { useExplore } from '../stores/explore.ts';
import { useExports, type Format } from '../stores/exports.ts';
import { useHistory } from '../stores/history.ts';
import { useImages } from '../stores/images.ts';
import { useIntake } from '../stores/intake.ts';
import { useMap } from '../stores/map.ts';
import { useMapAsk } from '../stores/mapAsk.ts';
import { useModel } from '../stores/model.ts';
import { useResults } from '../stores/results.ts';
import { useRun } from '../stores/run.ts';
import { useThreat } from '../stores/threat.ts';
import { useView } from '../stores/view.ts';
import type { Theme } from '../theme.ts';
import { diagnostics } from './diagnostics.ts';
import { isText } from './keys.ts';
import { ACCEPT, pickFiles } from './pick.ts';

interface Deed {
  /** Absent: always. */
  enabled?: () => boolean;
  run(): unknown;
}

const go = (step: Step): Deed => ({ run: () => (useApp().step = step) });
const appearance = (theme: Theme): Deed => ({ run: () => useApp().setTheme(theme) });
const save = (format: Format): Deed => ({ enabled: () => useResults().audit !== null, run: () => useExports().save(format) });
const pick = (options: Parameters<typeof pickFiles>[0]): Deed => ({ run: async () => useIntake().takeSome(await pickFiles(options)) });
const onImage = (enabled: () => boolean, run: () => unknown): Deed => ({
  enabled: () => useApp().step === 'image' && useResults().image !== null && enabled(),
  run,
});
/** Where pictures are looked at closely. */
const closely = (enabled: () => boolean, run: () => unknown): Deed => ({
  enabled: () =>
    ((useApp().step === 'image' && useResults().image !== null) ||
      (onMap() && useMap().drawn !== null) ||
      (exploring() && useExplore().shown !== null)) &&
    enabled(),
  run,
});
const onMap = (): boolean => useApp().step === 'map';
const exploring = (): boolean => useApp().step === 'explore';
const comparing = (run: () => unknown): Deed => onImage(() => useResults().finding?.file != null, run);
const nextImage = (by: number): Deed => ({
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
const onResults = (run: () => unknown): Deed => ({ enabled: () => useApp().step === 'results' && useResults().results !== null, run });
const threatBy = (by: number): Deed => ({
  enabled: () => ['results', 'image'].includes(useApp().step) && useResults().results?.threats[useResults().threat + by] !== undefined,
  run: () => (useResults().threat += by),
});

/** Whether somebody types: text has an undo of its own, which the browser keeps. A menu leaves the focus where it was. */
const inText = (): boolean => isText(document.activeElement);

/** When each action is possible, and what it does. */
const DEEDS: Record<ActionId, Deed> = {
  'file.model': pick({ accept: ACCEPT.model, multiple: true }),
  'file.pictures': pick({ accept: ACCEPT.pictures, multiple: true }),
  'file.folder': pick({ folder: true }),
  'file.labels': pick({ accept: ACCEPT.labels }),
  'file.names': { run: async () => useIntake().takeNames(await pickFiles({ accept: ACCEPT.names })) },
  'file.sample': { enabled: () => !useIntake().sampling, run: () => useIntake().sample() },
  'file.autoencoder': { enabled: () => !useIntake().sampling, run: () => useIntake().sample('autoencoder') },
  'file.colorizer': { enabled: () => !useIntake().sampling, run: () => useIntake().sample('colorizer') },
  'export.pdf': save('pdf'),
  'export.csv': save('csv'),
  'export.json': save('json'),
  'edit.undo': {
    enabled: () => inText() || useHistory().undoable > 0,
    run: () => (inText() ? document.execCommand('undo') : useHistory().undo()),
  },
  'edit.redo': {
    enabled: () => inText() || useHistory().redoable > 0,
    run: () => (inText() ? document.execCommand('redo') : useHistory().redo()),
  },
  'go.model': go('model'),
  'go.images': go('images'),
  'go.threat': go('threat'),
  'go.run': go('run'),
  'go.results': go('results'),
  'go.export': go('export'),
  'go.map': { run: toMap },
  'go.explore': { run: toExplore },
  'go.compare': { run: () => useCompare().open() },
  'model.check': { enabled: () => useModel().card !== null && !useModel().checking, run: () => useModel().runCheck() },
  'model.checkStop': { enabled: () => useModel().checking, run: () => useModel().stopCheck() },
  'run.start': { enabled: () => useThreat().missing === null && !useRun().busy && !useRun().starting, run: begin },
  'run.pause': { enabled: () => useRun().status?.state === 'running', run: () => useRun().act('pause') },
  'run.resume': {
    enabled: () => ['paused', 'cancelled', 'interrupted', 'crashed', 'failed'].includes(useRun().status?.state ?? ''),
    run: () => useRun().act('resume'),
  },
  'run.cancel': { enabled: () => useRun().busy && !useRun().cancelling, run: () => useRun().act('cancel') },
  'run.results': {
    enabled: () => useRun().status?.state === 'finished' || (useRun().status !== null && useResults().audit === useRun().status!.audit),
    run: see,
  },
  'results.gallery': onResults(() => (useResults().view = 'gallery')),
  'results.table': onResults(() => (useResults().view = 'table')),
  'results.search': onResults(() => document.querySelector<HTMLElement>('#main input[type=search]')?.focus()),
  'results.nextThreat': threatBy(1),
  'results.previousThreat': threatBy(-1),
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
  'explore.use': {
    enabled: () => exploring() && useExplore().attack !== null && useExplore().image !== null,
    run: () => useExplore().use(),
  },
  'map.stop': { enabled: () => onMap() && useMap().busy, run: () => useMap().stop() },
  'map.save': { enabled: () => onMap() && useMap().drawn !== null, run: () => useMap().save() },
  'map.region': { enabled: () => onMap() && useMap().drawn !== null && useMap().selected.size > 0, run: () => useMap().attackOnly() },
  'view.palette': { run: () => useApp().toggle('palette') },
  'view.system': appearance('system'),
  'view.light': appearance('light'),
  'view.dark': appearance('dark'),
  'view.english': { run: () => useApp().setLanguage('en') },
  'view.german': { run: () => useApp().setLanguage('de') },
  'help.keys': { run: () => useApp().toggle('keys') },
  'help.diagnostics': { run: () => navigator.clipboard.writeText(diagnostics()) },
};

/** Whether an action is possible now. Reads stores, so a template that asks follows them. */
export function canDo(id: ActionId): boolean {
  return DEEDS[id].enabled?.() ?? true;
}

/** Carries an action out, if it is possible; what goes wrong is shown. */
export async function perform(id: ActionId): Promise<void> {
  if (!canDo(id)) return;
  try {
    await DEEDS[id].run();
  } catch (error) {
    useApp().fail(error);
  }
}

/** Networks that put out pictures know no labels. */
function labelling(): boolean {
  return useApp().step === 'images' && useImages().images.length > 0 && useModel().card?.field == null;
}

/** An id that came from outside, as Electron's menu sends it. */
export function isAction(id: string): id is ActionId {
  return ACTIONS.some((action) => action.id === id);
}

async function begin(): Promise<void> {
  const app = useApp();
  app.step = 'run';
  if (!(await useRun().start())) app.step = 'threat';
}

/** The image at hand that can be explored: chosen in the grid or, of a result, loaded with the same model; else null. */
function explorable(): string | null {
  const [app, results, images, card] = [useApp(), useResults(), useImages(), useModel().card];
  if (!card) return null;
  if (app.step === 'images') return images.current;
  const { image } = results;
  if (app.step !== 'image' || !image || results.results!.model.sha256 !== card.identity.sha256) return null;
  return images.images.find(({ id, source }) => id === image.id && source === image.source)?.id ?? null;
}

/** The image at hand where it can be explored, else the last one. */
function toExplore(): void {
  const id = explorable();
  if (id === null) useApp().step = 'explore';
  else useExplore().show(id);
}

/** The map of the image at hand: of the result that is looked at, or the picture that is chosen; else the last one, or the first there is. */
function toMap(): void {
  const [app, results, images, map] = [useApp(), useResults(), useImages(), useMapAsk()];
  if (app.step === 'image' && results.image) map.show(results.image.id, 'results');
  else if (app.step === 'images' && images.current) map.show(images.current, 'images');
  else if (map.subject) app.step = 'map';
  else if (useModel().card && images.images.length > 0) map.show(images.current, 'images');
  else if (results.results) map.show(results.imageId, 'results');
  else app.step = 'map';
}

/** The results of the audit that ran. */
async function see(): Promise<void> {
  const { audit } = useRun().status!;
  const results = useResults();
  if (results.audit === audit || (await results.open(audit))) useApp().step = 'results';
}
