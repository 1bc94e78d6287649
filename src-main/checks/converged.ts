import { stateOf } from './check.ts';
import type { Check } from './check.ts';

const FALLING = 0.05;
/** Of the images that held. */
const MOST = 0.5;

/** An attack that stops while its loss still falls stops too early (IoAF, Pintor et al. 2022, "incomplete optimisation": the last ten losses, scaled to [0,1], fall by more than .05). */
export const converged: Check = {
  id: 'converged',
  runs: ['longer'],
  values: ['falling'],
  judge({ measures }) {
    const falls = measures.flatMap(({ values }) => values['falling'] ?? []);
    const falling = falls.filter((fall) => fall > FALLING).length;
    return { state: stateOf(falling <= MOST * falls.length, falls.length), figures: { falling, held: falls.length } };
  },
  words: {
    en: {
      title: 'The loss has come to rest',
      figure: 'Of {held} images that held against 40 steps of PGD, the loss was still falling at the end on {falling}.',
      failed: 'The descent was not through: give attacks more steps before you believe what holds.',
      none: 'No image held.',
    },
    de: {
      title: 'Der Verlust ist zur Ruhe gekommen',
      figure: 'Von {held} Bildern, die gegen 40 Schritte von PGD hielten, fiel der Verlust am Ende bei {falling} noch.',
      failed: 'Der Abstieg war nicht am Ende: Erst mit mehr Schritten zählt, was hält.',
      none: 'Kein Bild hat gehalten.',
    },
  },
};
