import { S } from '../strings.ts';

/** What a key event tells, as far as shortcuts ask. */
export type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

/** Whether a key event is a shortcut. Digits go by place, since a French keyboard has them under Shift. */
export function matches(shortcut: string, event: Pressed, mac: boolean): boolean {
  const parts = partsOf(shortcut);
  const key = parts.at(-1)!;
  const mod = parts.includes('Mod');
  if (event.altKey || mod !== (mac ? event.metaKey : event.ctrlKey) || (mac ? event.ctrlKey : event.metaKey)) return false;
  if (mod && /^\d$/.test(key)) return event.code === `Digit${key}` && !event.shiftKey;
  // A sign such as ? needs Shift on some keyboards and not on others.
  const sign = key.length === 1 && !/[a-z]/i.test(key);
  if (!sign && event.shiftKey !== parts.includes('Shift')) return false;
  return event.key.toLowerCase() === key.toLowerCase();
}

/** Whether a shortcut is one character without Ctrl or Cmd, which people who dictate want switched off. */
export function isSingle(shortcut: string): boolean {
  return partsOf(shortcut).length === 1 && shortcut.length === 1;
}

/** The keys of a shortcut as caps: `['Ctrl', 'K']`, `['⌘', 'K']`. */
export function capsOf(shortcut: string, mac: boolean): string[] {
  return partsOf(shortcut).map((part) => {
    if (mac && (part === 'Mod' || part === 'Shift')) return part === 'Mod' ? '⌘' : '⇧';
    return S.keys.names[part] ?? (part.length === 1 ? part.toUpperCase() : part);
  });
}

/** Whether an element holds text that is being typed. */
export function isText(element: Element | null): boolean {
  return element?.closest('textarea, [contenteditable], input:not([type=radio], [type=checkbox], [type=range], [type=file])') != null;
}

/** A shortcut in one word, for tooltips: `Ctrl+K`, `⌘K`. */
export function keysText(shortcut: string, mac: boolean): string {
  return capsOf(shortcut, mac).join(mac ? '' : '+');
}

/** As `aria-keyshortcuts` wants it. */
export function ariaKeys(shortcut: string, mac: boolean): string {
  return shortcut.replace('Mod', mac ? 'Meta' : 'Control');
}

function partsOf(shortcut: string): string[] {
  // The last part may be the plus itself.
  return shortcut.length === 1 ? [shortcut] : shortcut.split(/\+(?=.)/);
}
