import { ACTIONS, type ActionId } from '../../shared/actions.ts';
import { useApp } from '../stores/app.ts';
import { whileMounted } from '../ui/mounted.ts';
import { canDo, perform } from './index.ts';
import { isSingle, isText, matches } from './keys.ts';

export const MAC = /^Mac|^iP/.test(navigator.platform);

/** Where typing means text, or the keys already mean something. */
const TYPING = 'input, textarea, select, [contenteditable]';
const MOVING = '[role="group"], [role="tablist"], [role="slider"]';

/** Shortcuts of the whole window, while its component lives. */
export function useShortcuts(): void {
  const hear = (event: KeyboardEvent): void => {
    const id = actionOf(event);
    if (!id) return;
    event.preventDefault();
    void perform(id);
  };
  whileMounted(() => {
    window.addEventListener('keydown', hear);
    return () => window.removeEventListener('keydown', hear);
  });
}

/** The action a key means here and now: several share a key where only one of them is possible at a time. */
function actionOf(event: KeyboardEvent): ActionId | null {
  if (event.defaultPrevented || event.isComposing) return null;
  const app = useApp();
  const at = event.target instanceof Element ? event.target : null;
  const found = ACTIONS.find(({ id, shortcut }) => {
    if (shortcut === null || !matches(shortcut, event, MAC)) return false;
    // Over a dialog only what opens and closes dialogs.
    if (app.panel !== null && id !== 'view.palette' && id !== 'help.keys') return false;
    if (id.startsWith('edit.') && isText(at)) return false;
    if (!shortcut.startsWith('Mod+')) {
      if (at?.closest(TYPING) || (isSingle(shortcut) && !app.singleKeys)) return false;
      if (shortcut.startsWith('Arrow') && at?.closest(MOVING)) return false;
    }
    return canDo(id);
  });
  return found?.id ?? null;
}
