import { compare, stateOf } from './check.ts';
import type { Check } from './check.ts';
import { LEVEL, mcnemar } from './mcnemar.ts';

/** Whoever knows the gradient knows more than whoever guesses (Athalye et al. 2018, section 3.1: random search finds what gradients do not). */
export const noise: Check = {
  id: 'noise',
  runs: ['iterative', 'noise'],
  values: [],
  judge({ measures }) {
    const { more, fewer } = compare(measures, 'iterative', 'noise');
    return {
      state: stateOf(!(fewer > more && mcnemar(more, fewer) < LEVEL), measures.length),
      figures: { more, fewer, images: measures.length },
    };
  },
  words: {
    en: {
      title: 'Gradients do better than random noise',
      figure: 'Of {images} images, PGD did better than ten draws of noise of the same size on {more}, and worse on {fewer}.',
      failed: 'Noise knows nothing of the model, so the gradients say less than nothing: attacks that follow them prove nothing here.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Gradienten erreichen mehr als Rauschen',
      figure: 'Von {images} Bildern war PGD bei {more} besser als zehn Züge gleich großen Rauschens, bei {fewer} schlechter.',
      failed:
        'Rauschen weiß nichts vom Modell, also sagen die Gradienten weniger als nichts: Angriffe, die ihnen folgen, beweisen hier nichts.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
