import { compare, stateOf } from './check.ts';
import type { Check } from './check.ts';
import { LEVEL, mcnemar } from './mcnemar.ts';

/** Of the images. */
const MOST = 0.1;

/** Where it matters from where a search starts, one start says little (Carlini et al. 2019, section 4.9). */
export const restarts: Check = {
  id: 'restarts',
  runs: ['iterative', 'again'],
  values: [],
  judge({ measures }) {
    const { more, fewer } = compare(measures, 'again', 'iterative');
    // A second start can only add to a first one, so what it finds alone has nothing to be paired with.
    const adds = more > MOST * measures.length && mcnemar(more, 0) < LEVEL;
    return { state: stateOf(!adds, measures.length), figures: { more, fewer, images: measures.length } };
  },
  words: {
    en: {
      title: 'Another random start finds the same',
      figure: 'Of {images} images, a second random start of PGD did better than the first on {more}, and worse on {fewer}.',
      failed: 'One start is not enough here: give attacks restarts before you believe what holds.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Ein anderer zufälliger Anfang findet dasselbe',
      figure: 'Von {images} Bildern war ein zweiter zufälliger Anfang von PGD bei {more} besser als der erste, bei {fewer} schlechter.',
      failed: 'Ein Anfang genügt hier nicht: Erst mit mehreren zählt, was hält.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
