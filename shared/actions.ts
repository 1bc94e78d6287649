import { DESTINATIONS } from './screens.ts';

/**
 * Everything a user can do in the window, as plain data. The window adds when each is possible and what it does
 * (src-renderer/actions); tooltips, shortcuts, the command palette, the help sheet and Electron's menu all read this list.
 * Its titles are English; languages.ts knows them in every language.
 */
export interface ActionInfo {
  id: string;
  title: string;
  group: ActionGroup;
  /**
   * Keys with `+` between: `Mod` is Ctrl, or Cmd on a Mac; then the name of the key as `KeyboardEvent.key` has it. One
   * without `Mod` works outside text fields only, and single characters can be switched off (WCAG 2.1.4).
   */
  shortcut: string | null;
}

/** In the order of menus, palette and help sheet. */
export const ACTION_GROUPS = {
  file: 'File',
  edit: 'Edit',
  go: 'Go to',
  run: 'Run',
  results: 'Results',
  image: 'Image view',
  view: 'Window',
  help: 'Help',
} as const;
export type ActionGroup = keyof typeof ACTION_GROUPS;

/** One for every screen that can be gone to, `go.model` of `model`. */
const GO = DESTINATIONS.map(
  ({ step, title, shortcut }) => ({ id: `go.${step}`, title, group: 'go', shortcut }) as const satisfies ActionInfo,
);

export const ACTIONS = [
  { id: 'file.model', title: 'Open model…', group: 'file', shortcut: 'Mod+O' },
  { id: 'file.pictures', title: 'Add pictures…', group: 'file', shortcut: 'Mod+I' },
  { id: 'file.folder', title: 'Add folder of pictures…', group: 'file', shortcut: 'Mod+Shift+I' },
  { id: 'file.labels', title: 'Open label file…', group: 'file', shortcut: null },
  { id: 'file.names', title: 'Open class names…', group: 'file', shortcut: null },
  { id: 'file.sample', title: 'Try the sample', group: 'file', shortcut: null },
  { id: 'file.autoencoder', title: 'Try the autoencoder', group: 'file', shortcut: null },
  { id: 'file.colorizer', title: 'Try the colorizer', group: 'file', shortcut: null },
  { id: 'export.pdf', title: 'Save report (PDF)', group: 'file', shortcut: 'Mod+S' },
  { id: 'export.csv', title: 'Save table (CSV)', group: 'file', shortcut: null },
  { id: 'export.json', title: 'Save results (JSON)', group: 'file', shortcut: null },

  { id: 'edit.undo', title: 'Undo', group: 'edit', shortcut: 'Mod+Z' },
  { id: 'edit.redo', title: 'Redo', group: 'edit', shortcut: 'Mod+Shift+Z' },

  ...GO,

  { id: 'model.check', title: 'Check the gradient again', group: 'run', shortcut: null },
  { id: 'model.checkStop', title: 'Stop the gradient check', group: 'run', shortcut: null },
  { id: 'run.start', title: 'Start audit', group: 'run', shortcut: 'Mod+Enter' },
  { id: 'run.pause', title: 'Pause', group: 'run', shortcut: 'Mod+.' },
  { id: 'run.resume', title: 'Resume', group: 'run', shortcut: 'Mod+.' },
  { id: 'run.cancel', title: 'Cancel', group: 'run', shortcut: null },
  { id: 'run.results', title: 'See results', group: 'run', shortcut: null },

  { id: 'results.gallery', title: 'Gallery', group: 'results', shortcut: 'g' },
  { id: 'results.table', title: 'Table', group: 'results', shortcut: 't' },
  { id: 'results.search', title: 'Search', group: 'results', shortcut: '/' },
  { id: 'results.nextThreat', title: 'Next threat model', group: 'results', shortcut: ']' },
  { id: 'results.previousThreat', title: 'Previous threat model', group: 'results', shortcut: '[' },

  { id: 'image.back', title: 'All results', group: 'image', shortcut: 'Escape' },
  { id: 'image.previous', title: 'Previous image', group: 'image', shortcut: 'ArrowLeft' },
  { id: 'image.next', title: 'Next image', group: 'image', shortcut: 'ArrowRight' },

  { id: 'image.side', title: 'Side by side', group: 'image', shortcut: 's' },
  { id: 'image.swipe', title: 'Swipe', group: 'image', shortcut: 'w' },
  { id: 'image.blink', title: 'Blink', group: 'image', shortcut: 'b' },
  { id: 'image.hold', title: 'Stop or go on blinking', group: 'image', shortcut: 'p' },
  { id: 'image.flip', title: 'Show the other', group: 'image', shortcut: 'f' },
  { id: 'image.swap', title: 'Swap the two pictures', group: 'image', shortcut: 'x' },
  { id: 'image.zoomIn', title: 'Zoom in', group: 'image', shortcut: '+' },
  { id: 'image.zoomOut', title: 'Zoom out', group: 'image', shortcut: '-' },
  { id: 'image.fit', title: 'Whole picture', group: 'image', shortcut: '0' },
  { id: 'image.map', title: 'Map of this image', group: 'image', shortcut: 'm' },
  { id: 'image.explore', title: 'Explore this image', group: 'image', shortcut: 'e' },
  { id: 'image.label', title: 'Label of this image…', group: 'image', shortcut: 'l' },
  { id: 'image.names', title: 'Class names…', group: 'image', shortcut: null },
  { id: 'explore.use', title: 'Use this in the threat model', group: 'image', shortcut: null },

  { id: 'map.stop', title: 'Stop', group: 'image', shortcut: null },
  { id: 'map.save', title: 'Save map (CSV)', group: 'image', shortcut: null },
  { id: 'map.region', title: 'Attack only this region', group: 'image', shortcut: 'r' },

  { id: 'view.palette', title: 'Command palette', group: 'view', shortcut: 'Mod+K' },
  { id: 'view.system', title: 'Appearance: system', group: 'view', shortcut: null },
  { id: 'view.light', title: 'Appearance: light', group: 'view', shortcut: null },
  { id: 'view.dark', title: 'Appearance: dark', group: 'view', shortcut: null },
  { id: 'view.english', title: 'Language: English', group: 'view', shortcut: null },
  { id: 'view.german', title: 'Language: German', group: 'view', shortcut: null },

  { id: 'help.keys', title: 'Keyboard shortcuts', group: 'help', shortcut: '?' },
  { id: 'help.diagnostics', title: 'Copy diagnostics', group: 'help', shortcut: null },
] as const satisfies readonly ActionInfo[];
export type ActionId = (typeof ACTIONS)[number]['id'];

/** One action of the list. */
export function actionInfo(id: ActionId): ActionInfo {
  return ACTIONS.find((action) => action.id === id)!;
}

/** A shortcut as Electron's menus write it; null for one that would fire while someone types. */
export function accelerator(shortcut: string | null): string | null {
  return shortcut?.startsWith('Mod+') ? shortcut.replace('Mod', 'CmdOrCtrl').replace('Arrow', '') : null;
}
