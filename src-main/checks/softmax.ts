import { stateOf } from './check.ts';
import type { Check } from './check.ts';

/** Of the margin's own slope: e⁻⁴⁶, which no honest model's probabilities come near. */
const VANISHING = 1e-20;
/** Of the images. */
const MOST = 0.05;

/** Where logits are so far apart that every probability but one is 0 in float32, the cross-entropy has no gradient, though the logits have (Carlini and Wagner 2016, on defensive distillation). */
export const softmax: Check = {
  id: 'softmax',
  runs: [],
  values: ['slope', 'entropy-slope'],
  judge({ measures }) {
    const saturated = measures.filter(
      ({ values }) => (values['entropy-slope'] ?? 0) <= VANISHING * (values['slope'] ?? 0) && values['slope'] !== 0,
    ).length;
    return { state: stateOf(saturated <= MOST * measures.length, measures.length), figures: { saturated, images: measures.length } };
  },
  words: {
    en: {
      title: 'The softmax is not saturated',
      figure: 'Of {images} images, the cross-entropy has lost its gradient on {saturated} where the logits have one.',
      failed: 'Attacks that follow the cross-entropy stand still there: take those that follow the margin of logits, or DLR.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Der Softmax ist nicht gesättigt',
      figure: 'Von {images} Bildern hat die Kreuzentropie bei {saturated} keinen Gradienten mehr, wo die Logits einen haben.',
      failed: 'Angriffe, die der Kreuzentropie folgen, stehen dort still: Zu nehmen sind die, die dem Abstand der Logits oder DLR folgen.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
