import { stateOf } from './check.ts';
import type { Check } from './check.ts';

/** Of the largest logit: what providers that sum in any order may differ by is less. */
const MOST = 1e-4;

/** An attack on a model that answers otherwise each time has to average over its answers (Athalye et al. 2018, "stochastic gradients"; AutoAttack's own test has the same 1e-4). */
export const repeat: Check = {
  id: 'repeat',
  runs: [],
  values: ['drift'],
  judge({ measures }) {
    const other = measures.filter(({ values }) => (values['drift'] ?? Infinity) > MOST).length;
    return { state: stateOf(other === 0, measures.length), figures: { other, images: measures.length } };
  },
  words: {
    en: {
      title: 'The model answers the same each time',
      figure: 'Of {images} images, the answer differs from run to run on {other}.',
      failed: 'The model is random: attacks that do not average over many answers prove nothing, nor does a single answer.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Das Modell antwortet jedes Mal gleich',
      figure: 'Von {images} Bildern ändert sich die Antwort bei {other} von Lauf zu Lauf.',
      failed:
        'Das Modell ist zufällig: Angriffe, die nicht über viele Antworten mitteln, beweisen nichts, und eine einzelne Antwort auch nicht.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
