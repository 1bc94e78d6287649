import { stateOf } from './check.ts';
import type { Check } from './check.ts';

/** Below it the loss moves by less than float32 can show when every pixel moves through its whole range. */
const VANISHING = 1e-6;
/** Of the images; a dead spot or two is no defence. */
const MOST = 0.05;

/** Attacks follow the gradient; where there is none they stand still (Athalye et al. 2018, "shattered" and "vanishing" gradients). */
export const gradients: Check = {
  id: 'gradients',
  runs: [],
  values: ['slope'],
  judge({ measures, broken }) {
    const slopes = measures.flatMap(({ values }) => values['slope'] ?? []);
    const zero = slopes.filter((slope) => slope === 0).length;
    const tiny = slopes.filter((slope) => slope > 0 && slope < VANISHING).length;
    const images = measures.length + broken;
    return { state: stateOf(zero + tiny + broken <= MOST * images, images), figures: { zero, tiny, 'not-finite': broken, images } };
  },
  words: {
    en: {
      title: 'Gradients are there, and are numbers',
      figure: 'Of {images} images the gradient is zero on {zero}, too small to follow on {tiny}, and no number on {not-finite}.',
      failed: 'There attacks that follow it cannot move: these images hold because nothing looked, not because nothing is there.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Gradienten sind da und sind Zahlen',
      figure: 'Von {images} Bildern ist der Gradient bei {zero} null, bei {tiny} zu klein, um ihm zu folgen, bei {not-finite} keine Zahl.',
      failed:
        'Dort kommen Angriffe, die ihm folgen, nicht vom Fleck: Diese Bilder halten, weil nichts gesucht hat, nicht weil nichts da ist.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
