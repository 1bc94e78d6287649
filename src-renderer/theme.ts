import { writeSetting, readSetting } from './logic/storage.ts';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');

/** What the user chose last time; `system` when nothing was, or storage is closed to us. */
export function storedTheme(): Theme {
  const value = readSetting(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

/** Shows the theme now and remembers it. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
  writeSetting(KEY, theme);
}

dark.addEventListener('change', () => {
  if (storedTheme() === 'system') applyTheme('system');
});
