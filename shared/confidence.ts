import { checkCounts } from './checkWords.ts';
import { count } from './format.ts';
import type { Language } from './languages.ts';
import { isHollow } from './reach.ts';
import type { Results } from './results.ts';
import { stateCounts, type StateAt } from './states.ts';

/*
 * How far a claim of an audit carries. It is told from what results hold, at one budget, for the window, the terminal and the report;
 * nothing of it is stored, so none of it can be forged.
 */

/**
 * certain: computed exactly, of which only affine models allow today. firm: the exported picture was read back and the original model
 * asked again. tentative: no attack found anything, which is no proof.
 */
export type Confidence = 'certain' | 'firm' | 'tentative';

/**
 * What may be said of an image in that state; null where no attack is what says it (wrong already), or nothing is known.
 * @param exact whether its smallest change is computed, and not searched for; no audit does
 */
export function confidenceOf(state: StateAt, exact = false): Confidence | null {
  if (state !== 'broken' && state !== 'beyond' && state !== 'held') return null;
  if (exact) return 'certain';
  // Broken only beyond the budget: that nothing smaller exists is not known either.
  return state === 'broken' ? 'firm' : 'tentative';
}

/**
 * What the page of checks has to say of a threat model. marked: some check failed, under whichever threat model. elsewhere: none did,
 * and it is about another one. silent: nothing could be measured. none: it was not made.
 */
export type PageState = 'clean' | 'marked' | 'elsewhere' | 'silent' | 'none';

export function pageState({ checks }: Pick<Results, 'checks'>, threat: number): PageState {
  if (!checks) return 'none';
  const { passed, failed } = checkCounts(checks.checks);
  if (failed > 0) return 'marked';
  if (passed === 0 || checks.measures.every(({ reason }) => reason !== undefined)) return 'silent';
  return checks.threat === threat ? 'clean' : 'elsewhere';
}

export interface Claims {
  /** Images in each state of which something is claimed. */
  counts: Record<'broken' | 'beyond' | 'held', number>;
  page: PageState;
  /** The page says that successes lie in a class that no clean image has, so that they may be alarms, under every threat model. */
  alarms: boolean;
}

/** What an audit claims of its images under one threat model; null where it claims nothing, as at a budget at which all hold by construction. */
export function claimsOf(results: Pick<Results, 'images' | 'threats' | 'checks'>, threat: number, eps: number): Claims | null {
  const { broken, beyond, held } = stateCounts(results, threat, eps);
  if (broken + beyond + held === 0 || isHollow(results.threats[threat]!.norm, eps)) return null;
  const { checks } = results;
  return {
    counts: { broken, beyond, held },
    page: pageState(results, threat),
    alarms: (checks?.checks ?? []).some(({ id, state }) => id === 'unseen-class' && state === 'failed'),
  };
}

interface Words {
  levels: Record<Confidence, string>;
  states: Record<keyof Claims['counts'], string>;
  pages: Record<PageState, string>;
  and: string;
  alarms: string;
  /** What the levels mean. */
  meaning: string;
}

export const CONFIDENCE: Record<Language, Words> = {
  en: {
    levels: { certain: 'certain', firm: 'firm', tentative: 'tentative' },
    states: { broken: 'broken', beyond: 'broken only beyond', held: 'held' },
    pages: {
      clean: 'page of checks clean',
      marked: 'page of checks not clean',
      elsewhere: 'page of checks clean, but of another threat model',
      silent: 'page of checks without a result',
      none: 'page of checks not made',
    },
    and: 'and',
    alarms: 'but perhaps alarms, see the page of checks',
    meaning: 'Firm: the exported picture was checked again. Tentative: no attack found anything within the budget, which is no proof.',
  },
  de: {
    levels: { certain: 'sicher', firm: 'belegt', tentative: 'vorläufig' },
    states: { broken: 'gebrochen', beyond: 'erst jenseits gebrochen', held: 'hielten stand' },
    pages: {
      clean: 'Seite der Prüfungen ohne Befund',
      marked: 'Seite der Prüfungen mit Befund',
      elsewhere: 'Seite der Prüfungen ohne Befund, aber zu einem anderen Bedrohungsmodell',
      silent: 'Seite der Prüfungen ohne Ergebnis',
      none: 'keine Seite der Prüfungen',
    },
    and: 'und',
    alarms: 'aber vielleicht Alarme, siehe Seite der Prüfungen',
    meaning:
      'Belegt: Das exportierte Bild wurde noch einmal geprüft. Vorläufig: Kein Angriff fand innerhalb des Budgets etwas, und das beweist nichts.',
  },
};

/** `3 broken: firm; 5 held and 4 broken only beyond: tentative, page of checks clean`. */
export function claimsText({ counts, page, alarms }: Claims, language: Language): string {
  const words = CONFIDENCE[language];
  const of = (level: Confidence) =>
    (['broken', 'held', 'beyond'] as const)
      .filter((state) => counts[state] > 0 && confidenceOf(state) === level)
      .map((state) => `${count(counts[state])} ${words.states[state]}`)
      .join(` ${words.and} `);
  const more = { firm: alarms ? `, ${words.alarms}` : '', tentative: `, ${words.pages[page]}` };
  return (['firm', 'tentative'] as const)
    .filter((level) => of(level) !== '')
    .map((level) => `${of(level)}: ${words.levels[level]}${more[level]}`)
    .join('; ');
}
