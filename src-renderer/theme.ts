export type Theme = 'system' | 'light' | 'dark';

const KEY = 'hairline.theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');

/** What the user chose last time; `system` when nothing was, or storage is closed to us. */
export function storedTheme(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

/** Shows the theme now and remembers it. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A private window without storage simply forgets.
  }
}

dark.addEventListener('change', () => {
  if (storedTheme() === 'system') applyTheme('system');
});
