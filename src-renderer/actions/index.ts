import { ACTIONS, type ActionId } from '../../shared/actions.ts';
import { DESTINATIONS, type Destination } from '../../shared/screens.ts';
import { EXPLORE_ACTIONS, toExplore } from '../screens/exploreActions.ts';
import { EXPORT_ACTIONS } from '../screens/exportActions.ts';
import { IMAGE_ACTIONS } from '../screens/imageActions.ts';
import { MAP_ACTIONS, toMap } from '../screens/mapActions.ts';
import { MODEL_ACTIONS } from '../screens/modelActions.ts';
import { RESULTS_ACTIONS } from '../screens/resultsActions.ts';
import { RUN_ACTIONS } from '../screens/runActions.ts';
import { useApp } from '../stores/app.ts';
import { useCompare } from '../stores/compare.ts';
import { useHistory } from '../stores/history.ts';
import { useIntake } from '../stores/intake.ts';
import type { Theme } from '../theme.ts';
import { diagnostics } from './diagnostics.ts';
import type { ActionHandler } from './handler.ts';
import { isText } from './keys.ts';
import { ACCEPT, pickFiles } from './pick.ts';

const appearance = (theme: Theme): ActionHandler => ({ run: () => useApp().setTheme(theme) });
const pick = (options: Parameters<typeof pickFiles>[0]): ActionHandler => ({
  run: async () => useIntake().takeSome(await pickFiles(options)),
});

/** Whether somebody types: text has an undo of its own, which the browser keeps. A menu leaves the focus where it was. */
const inText = (): boolean => isText(document.activeElement);

/** Screens that show something at once when they are gone to. */
const OPENING: Partial<Record<Destination, () => unknown>> = { compare: () => useCompare().open(), map: toMap, explore: toExplore };
const GOING = Object.fromEntries(
  DESTINATIONS.map(({ step }) => [`go.${step}`, { run: OPENING[step] ?? (() => (useApp().step = step)) }]),
) as Record<`go.${Destination}`, ActionHandler>;

/** When each action is possible, and what it does; those of a screen stand beside it. */
const HANDLERS: Record<ActionId, ActionHandler> = {
  'file.model': pick({ accept: ACCEPT.model, multiple: true }),
  'file.pictures': pick({ accept: ACCEPT.pictures, multiple: true }),
  'file.folder': pick({ folder: true }),
  'file.labels': pick({ accept: ACCEPT.labels }),
  'file.names': { run: async () => useIntake().takeNames(await pickFiles({ accept: ACCEPT.names })) },
  'file.sample': { enabled: () => !useIntake().sampling, run: () => useIntake().sample() },
  'file.autoencoder': { enabled: () => !useIntake().sampling, run: () => useIntake().sample('autoencoder') },
  'file.colorizer': { enabled: () => !useIntake().sampling, run: () => useIntake().sample('colorizer') },
  'edit.undo': {
    enabled: () => inText() || useHistory().undoable > 0,
    run: () => (inText() ? document.execCommand('undo') : useHistory().undo()),
  },
  'edit.redo': {
    enabled: () => inText() || useHistory().redoable > 0,
    run: () => (inText() ? document.execCommand('redo') : useHistory().redo()),
  },
  ...GOING,
  ...EXPORT_ACTIONS,
  ...MODEL_ACTIONS,
  ...RUN_ACTIONS,
  ...RESULTS_ACTIONS,
  ...IMAGE_ACTIONS,
  ...EXPLORE_ACTIONS,
  ...MAP_ACTIONS,
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
  return HANDLERS[id].enabled?.() ?? true;
}

/** Carries an action out, if it is possible; what goes wrong is shown. */
export async function perform(id: ActionId): Promise<void> {
  if (!canDo(id)) return;
  try {
    await HANDLERS[id].run();
  } catch (error) {
    useApp().fail(error);
  }
}

/** An id that came from outside, as Electron's menu sends it. */
export function isAction(id: string): id is ActionId {
  return ACTIONS.some((action) => action.id === id);
}
