import { compare, reached, stateOf } from './check.ts';
import type { Check } from './check.ts';
import { LEVEL, mcnemar } from './mcnemar.ts';

/** A point. */
const MOST = 0.01;

/** An attack that is through with its descent finds no more with twice the steps (Carlini et al. 2019, section 4.8). */
export const steps: Check = {
  id: 'steps',
  runs: ['iterative', 'longer'],
  values: [],
  judge({ measures }) {
    const { more, fewer } = compare(measures, 'longer', 'iterative');
    const gain = measures.reduce((sum, one) => sum + reached(one, 'longer') - reached(one, 'iterative'), 0);
    const tried = measures.reduce((sum, { runs }) => sum + (runs['longer']?.length ?? 0), 0);
    const gains = gain > MOST * tried && more > fewer && mcnemar(more, fewer) < LEVEL;
    return { state: stateOf(!gains, measures.length), figures: { more, fewer, images: measures.length } };
  },
  words: {
    en: {
      title: 'Twice the steps find no more',
      figure: 'Of {images} images, 40 steps of PGD did better than 20 on {more}, and worse on {fewer}.',
      failed: 'The descent was not through: give attacks more steps before you believe what holds.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Doppelt so viele Schritte finden nicht mehr',
      figure: 'Von {images} Bildern waren 40 Schritte von PGD bei {more} besser als 20, bei {fewer} schlechter.',
      failed: 'Der Abstieg war nicht am Ende: Erst mit mehr Schritten zählt, was hält.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
