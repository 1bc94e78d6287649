import { binomialTail } from '../../shared/stats.ts';
import type { Check } from './check.ts';
import { LEVEL } from './mcnemar.ts';

/** A class for what is rejected makes every change a success that is none (an attack is to lead to a wrong answer, not to an alarm). */
export const unseenClass: Check = {
  id: 'unseen-class',
  runs: [],
  values: [],
  judge({ clean, successes, classes }) {
    const seen = new Set(clean.flatMap(({ prediction, label }) => [prediction, label]));
    const unseen = classes - seen.size;
    const rejected = successes.filter((k) => !seen.has(k)).length;
    const figures = { rejected, successes: successes.length, unseen, clean: clean.length };
    // Pictures so few, or of so few classes, that a class is missed by the draw alone.
    const few = Math.pow(1 - 1 / classes, clean.length) > LEVEL || unseen > Math.max(1, classes / 5) || classes < 3;
    if (few || successes.length === 0) return { state: 'not-applicable', figures };
    return { state: rejected > 0 && binomialTail(rejected, successes.length, unseen / classes) < LEVEL ? 'failed' : 'passed', figures };
  },
  words: {
    en: {
      title: 'Successes are in classes that clean images have',
      figure: 'Of {successes} broken images, {rejected} were given a class that none of the {clean} clean images has.',
      failed: 'That is more than chance makes: it may be a class for what is rejected, and then those are alarms and no successes.',
      none: 'Too few images, of too few classes, or nothing was broken.',
    },
    de: {
      title: 'Erfolge liegen in Klassen, die saubere Bilder haben',
      figure: 'Von {successes} gebrochenen Bildern bekamen {rejected} eine Klasse, die keines der {clean} sauberen Bilder hat.',
      failed:
        'Das ist mehr, als der Zufall macht: Vielleicht ist es eine Klasse für Abgewiesenes, und dann sind das Alarme und keine Erfolge.',
      none: 'Zu wenige Bilder, aus zu wenigen Klassen, oder nichts wurde gebrochen.',
    },
  },
};
