import { isLanguage, type Language } from '../shared/languages.ts';
import { theHost } from './host/index.ts';
import { readSetting } from './logic/storage.ts';
import { language } from './strings.ts';

/** What the user chose last time, else the browser's language where we speak it. */
export function storedLanguage(): Language {
  const value = readSetting('language') ?? navigator.language.slice(0, 2);
  return isLanguage(value) ? value : 'en';
}

/** Shows the window in a language now: its words, what screen readers pronounce, and the menu around it. */
export function applyLanguage(value: Language): void {
  language.value = value;
  document.documentElement.lang = value;
  void theHost().setLanguage?.(value);
}
