import { reached, stateOf } from './check.ts';
import type { Check } from './check.ts';

/** Without a bound every picture can be reached, and with it every class: an attack that does not get there is broken (Athalye et al. 2018, section 3.1). */
export const unbounded: Check = {
  id: 'unbounded',
  runs: ['unbounded'],
  values: [],
  judge({ measures }) {
    const broken = measures.filter((measure) => reached(measure, 'unbounded') > 0).length;
    return { state: stateOf(broken === measures.length, measures.length), figures: { broken, images: measures.length } };
  },
  words: {
    en: {
      title: 'Without a bound, gradients break every image',
      figure: 'Gradient steps without a bound broke {broken} of {images} images.',
      failed:
        'Any picture may be reached there, so gradients lead nowhere on the rest: what is said to hold may only be hidden from these attacks.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Ohne Schranke brechen Gradienten jedes Bild',
      figure: 'Gradientenschritte ohne Schranke haben {broken} von {images} Bildern gebrochen.',
      failed:
        'Dort ist jedes Bild erreichbar, also führen Gradienten bei den übrigen nirgendwohin: Was zu halten scheint, ist vielleicht nur vor diesen Angriffen verborgen.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
