import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { CheckCard, CheckWords } from '../../shared/checkWords.ts';
import type { AttackCard, AuditStatus, CallOut, GoalCard } from '../../shared/contract.ts';
import { messageOf } from '../../shared/errors.ts';
import { filled } from '../../shared/goalWords.ts';
import type { Language } from '../../shared/languages.ts';
import type { Goal } from '../../shared/plan.ts';
import type { Step } from '../../shared/screens.ts';
import { theHost } from '../host/index.ts';
import { applyLanguage } from '../language.ts';
import { goalFigures, type GoalFigures } from '../logic/goalFigures.ts';
import { readSetting, writeSetting } from '../logic/storage.ts';
import { language, OwnError } from '../strings.ts';
import { applyTheme, storedTheme, type Theme } from '../theme.ts';

/** What may lie over the window. */
export type Panel = 'palette' | 'keys' | 'label' | 'names' | 'uploads';

export interface Toast {
  id: number;
  message: string;
  /** What went wrong, or what was done. */
  kind: 'error' | 'note';
  /** Of the message, where it is not the window's. */
  lang?: Language;
}

/** How long a note stays, in ms. */
const NOTE = 8000;

/** Where the window is, what it knows of its host, and what went wrong. */
export const useApp = defineStore('app', () => {
  const step = ref<Step>('model');
  const theme = ref<Theme>(storedTheme());
  const toasts = ref<Toast[]>([]);
  const connected = ref(true);
  const about = shallowRef<CallOut<'about'> | null>(null);
  const attacks = shallowRef<AttackCard[]>([]);
  const goals = shallowRef<GoalCard[]>([]);
  const checks = shallowRef<CheckCard[]>([]);
  const audits = shallowRef<AuditStatus[]>([]);
  /** What lies over the window now. */
  const panel = ref<Panel | null>(null);
  /** Whether single characters are shortcuts. */
  const singleKeys = ref(readSetting('single-keys') !== 'off');
  let next = 1;

  /** Shows an error as one sentence. The same sentence is not shown twice. */
  function fail(error: unknown): void {
    const message = messageOf(error).replace(/^Error invoking remote method '[^']*': (\w*Error: )?/, '');
    if (toasts.value.some((toast) => toast.message === message)) return;
    toasts.value = [
      ...toasts.value.slice(-2),
      { id: next++, message, kind: 'error', ...(error instanceof OwnError ? {} : { lang: 'en' as const }) },
    ];
  }

  /** Says what was done, where it is not seen. Only the newest such note is shown, and it goes by itself. */
  function tell(message: string): void {
    const id = next++;
    toasts.value = [...toasts.value.filter(({ kind }) => kind === 'error').slice(-2), { id, message, kind: 'note' }];
    setTimeout(() => dismiss(id), NOTE);
  }

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }

  function setTheme(value: Theme): void {
    theme.value = value;
    applyTheme(value);
  }

  function setLanguage(value: Language): void {
    applyLanguage(value);
    writeSetting('language', value);
  }

  function toggle(which: Panel): void {
    panel.value = panel.value === which ? null : which;
  }

  function setSingleKeys(on: boolean): void {
    singleKeys.value = on;
    writeSetting('single-keys', on ? 'on' : 'off');
  }

  /** Asks the host what it can do. Called once, and again after a lost connection. */
  async function connect(): Promise<void> {
    try {
      const host = theHost();
      [about.value, attacks.value, goals.value, checks.value, audits.value] = await Promise.all([
        host.call('about', {}),
        host.call('attacks', {}),
        host.call('goals', {}),
        host.call('checks', {}),
        host.call('audits', {}),
      ]);
      connected.value = true;
    } catch (error) {
      fail(error);
    }
  }

  async function refreshAudits(): Promise<void> {
    audits.value = await theHost()
      .call('audits', {})
      .catch(() => audits.value);
  }

  const attackTitle = computed(() => {
    const titles = new Map(attacks.value.map((attack) => [attack.id, attack.title]));
    return (id: string) => titles.get(id) ?? id;
  });

  const goalCard = computed(() => {
    const cards = new Map(goals.value.map((card) => [card.kind, card]));
    return ({ kind }: Pick<Goal, 'kind'>): GoalCard | null => cards.get(kind) ?? null;
  });

  /** What a line of the page of checks is called; null of one that this Hairline does not know. */
  const checkWords = (id: string): CheckWords | null => checks.value.find((card) => card.id === id)?.words[language.value] ?? null;

  /** A goal in a few words (`name`), when an image counts as broken, or what its output is held against; null where there is nothing to say. */
  function goalText(goal: Goal, part: 'name' | 'broken' | 'reference'): string | null {
    const own = goalCard.value(goal)?.words[language.value];
    if (!own) return part === 'name' ? goal.kind : null;
    return own[part] === null ? null : filled(own[part], goal, own);
  }

  /** What a goal reports of an output. */
  function figuresOf(goal: Pick<Goal, 'kind'>): GoalFigures {
    const card = goalCard.value(goal);
    return goalFigures(card?.figures ?? [], card?.words[language.value] ?? {});
  }

  /** Whether a goal is on the output of the network rather than on its classes. */
  const isOnOutput = (goal: Pick<Goal, 'kind'>): boolean => goalCard.value(goal)?.on === 'output';

  /** Whether an attack looks at every budget, and not only at those of the plan. */
  const isMinimal = computed(() => {
    const minimal = new Set(attacks.value.filter(({ kind }) => kind === 'minimum-norm').map(({ id }) => id));
    return (id: string) => minimal.has(id);
  });

  return {
    step,
    theme,
    toasts,
    connected,
    about,
    attacks,
    goals,
    audits,
    panel,
    singleKeys,
    attackTitle,
    goalCard,
    goalText,
    checkWords,
    figuresOf,
    isOnOutput,
    isMinimal,
    fail,
    tell,
    dismiss,
    setTheme,
    setLanguage,
    toggle,
    setSingleKeys,
    connect,
    refreshAudits,
  };
});
