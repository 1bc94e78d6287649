import { ACTION_GROUPS, actionInfo, type ActionGroup, type ActionId } from './actions.ts';
import { GROUPS_DE, TITLES_DE } from './actions.de.ts';

/** The languages of the window and its menu, each by its own name. Reports and what the engine says are English. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

/** Whether a text from outside names one of them. */
export function isLanguage(value: unknown): value is Language {
  return typeof value === 'string' && Object.hasOwn(LANGUAGES, value);
}

/** What an action is called. */
export function titleOf(id: ActionId, language: Language): string {
  return language === 'de' ? TITLES_DE[id] : actionInfo(id).title;
}

/** What a group of actions is called. */
export function groupOf(group: ActionGroup, language: Language): string {
  return language === 'de' ? GROUPS_DE[group] : ACTION_GROUPS[group];
}
