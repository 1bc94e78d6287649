import { stateOf } from './check.ts';
import type { Check } from './check.ts';
import { LEVEL, mcnemar } from './mcnemar.ts';

/** What a smaller ball holds a larger one holds, too: success can only grow with ε. */
export const budgets: Check = {
  id: 'budgets',
  runs: ['iterative'],
  values: [],
  judge({ measures }) {
    const steps = measures.map(({ runs }) =>
      (runs['iterative'] ?? []).map((broken, at, all) => (at === 0 ? 0 : Number(broken) - Number(all[at - 1]))),
    );
    const lost = steps.filter((all) => all.includes(-1)).length;
    const gained = steps.filter((all) => all.includes(1) && !all.includes(-1)).length;
    return {
      state: stateOf(!(lost > gained && mcnemar(lost, gained) < LEVEL), measures.length),
      figures: { lost, gained, images: measures.length },
    };
  },
  words: {
    en: {
      title: 'A larger budget breaks no fewer images',
      figure: 'Of {images} images, {gained} broke only at a larger budget, and {lost} broke at a smaller one and held at a larger.',
      failed: 'A larger budget holds all that a smaller one does, so the attack loses its way there.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Ein größeres Budget bricht nicht weniger Bilder',
      figure:
        'Von {images} Bildern brachen {gained} erst bei einem größeren Budget, {lost} brachen bei einem kleineren und hielten bei einem größeren.',
      failed: 'Ein größeres Budget enthält alles, was ein kleineres enthält; der Angriff verläuft sich dort also.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
