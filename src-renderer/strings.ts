import { ref } from 'vue';
import type { ActionGroup, ActionId } from '../shared/actions.ts';
import type { AuditStatus } from '../shared/contract.ts';
import { groupOf, titleOf, type Language } from '../shared/languages.ts';
import { baseName } from './logic/sort.ts';
import { de } from './strings/de.ts';
import { en } from './strings/en.ts';
import type { Words } from './strings/en.ts';

/** The window's words by language. What the engine says (errors, attack summaries) and what it writes (reports) is English. */
export const WORDS: Record<Language, Words> = { en, de };

export const language = ref<Language>('en');

/** A section looks its words up anew each time, so even one that a component keeps from its setup follows the language. */
const section = (name: keyof Words): object =>
  new Proxy(en[name], { get: (_, key) => Reflect.get(WORDS[language.value][name], key) as unknown });

/**
 * The words in the language of the moment. Templates and what is `computed` follow when it changes; a word taken out in a
 * component's setup would not: take out the section, `const T = S.images`.
 */
export const S = Object.fromEntries(Object.keys(en).map((name) => [name, section(name as keyof Words)])) as unknown as Words;

/** An error in the window's own words; what any other says comes from the engine and is English. */
export class OwnError extends Error {}

/** What an action is called now. */
export const actionTitle = (id: ActionId): string => titleOf(id, language.value);
/** What a group of actions is called now. */
export const groupTitle = (group: ActionGroup): string => groupOf(group, language.value);
/** What an audit is called, if only by its folder. */
export const auditTitle = ({ name, folder }: Pick<AuditStatus, 'name' | 'folder'>): string => name || baseName(folder) || S.audits.untitled;
