import { ref } from 'vue';
import { de } from './strings/de.ts';
import { en } from './strings/en.ts';
import type { Words } from './strings/en.ts';

/** The window's languages. What the engine says (errors, attack summaries) and what it writes (reports) is English. */
export const LANGUAGES = { en, de } as const satisfies Record<string, Words>;
export type Language = keyof typeof LANGUAGES;

export const language = ref<Language>('en');

/**
 * The words in the language of the moment; what reads them in a template or a `computed` follows when it changes.
 * (A component that keeps a section from its setup is made anew: App.vue hangs on `language`.)
 */
export const S: Words = new Proxy(en, { get: (_, section) => LANGUAGES[language.value][section as keyof Words] });
