/** A screen of the window, as plain data: what the window, its side bar, its shortcuts and Electron's menu need to know of it. */
interface Screen {
  step: string;
  /** What the action that goes there is called; English, as all titles of actions are. Absent: no action goes there by itself. */
  title?: string;
  /** Keys of that action, as `ActionInfo` has them. */
  shortcut?: string;
  /** Where the side bar lists it: among the steps of an audit, or beside them with an icon; else it belongs to the screen named. */
  place: 'step' | { icon: string } | { within: string };
  /** Whether an audit is set up here. */
  setup?: true;
}

/**
 * Every screen, in the order of menus and of the side bar. Its component is `src-renderer/screens/` with the step's name,
 * `MapScreen.vue` of `map`.
 */
export const SCREENS = [
  { step: 'model', title: 'Model', shortcut: 'Mod+1', place: 'step', setup: true },
  { step: 'images', title: 'Images', shortcut: 'Mod+2', place: 'step', setup: true },
  { step: 'threat', title: 'Threat model', shortcut: 'Mod+3', place: 'step', setup: true },
  { step: 'run', title: 'Run', shortcut: 'Mod+4', place: 'step' },
  { step: 'results', title: 'Results', shortcut: 'Mod+5', place: 'step' },
  { step: 'image', place: { within: 'results' } },
  { step: 'export', title: 'Export', shortcut: 'Mod+6', place: 'step' },
  { step: 'compare', title: 'Compare audits', shortcut: 'Mod+7', place: { icon: 'swap' } },
  { step: 'map', title: 'Vulnerability map', shortcut: 'Mod+8', place: { icon: 'map' } },
  { step: 'explore', title: 'Explore by hand', shortcut: 'Mod+9', place: { icon: 'sliders' } },
] as const satisfies readonly Screen[];

type AnyScreen = (typeof SCREENS)[number];
export type Step = AnyScreen['step'];
/** Those that an action goes to. */
export type Destination = Extract<AnyScreen, { title: string }>['step'];

/** The screens that an action goes to. */
export const DESTINATIONS = SCREENS.filter((screen) => 'title' in screen);

/** Whether an audit is set up on a screen; others show what may be gone. */
export const isSetup = (step: Step): boolean => SCREENS.some((screen) => screen.step === step && 'setup' in screen);
