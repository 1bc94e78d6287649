import { compare, stateOf } from './check.ts';
import type { Check } from './check.ts';
import { LEVEL, mcnemar } from './mcnemar.ts';

/** Many steps contain one: where one does better, the gradient does not tell where the loss falls (Athalye et al. 2018, section 3.1). */
export const iterations: Check = {
  id: 'iterations',
  runs: ['one-step', 'iterative'],
  values: [],
  judge({ measures }) {
    const { more, fewer } = compare(measures, 'iterative', 'one-step');
    return {
      state: stateOf(!(fewer > more && mcnemar(more, fewer) < LEVEL), measures.length),
      figures: { more, fewer, images: measures.length },
    };
  },
  words: {
    en: {
      title: 'Many steps do better than one',
      figure: 'Of {images} images, 20 steps of PGD did better than one step on {more}, and worse on {fewer}.',
      failed: 'Many steps contain one, so following the gradient leads astray: the attacks of this audit may be too weak.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Viele Schritte erreichen mehr als einer',
      figure: 'Von {images} Bildern waren 20 Schritte von PGD bei {more} besser als ein Schritt, bei {fewer} schlechter.',
      failed: 'Viele Schritte enthalten einen, also führt der Gradient in die Irre: Die Angriffe dieses Audits sind vielleicht zu schwach.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
