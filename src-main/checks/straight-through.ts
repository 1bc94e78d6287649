import type { Check } from './check.ts';

/** A surrogate gradient is a guess at where the loss falls, and no derivative (Athalye et al. 2018, BPDA). */
export const straightThrough: Check = {
  id: 'straight-through',
  runs: [],
  values: [],
  judge({ gradientCheck }) {
    const operators = gradientCheck.straightThrough.length;
    return { state: operators === 0 ? 'passed' : 'failed', figures: { operators } };
  },
  words: {
    en: {
      title: 'Gradients are the model’s own',
      figure: '{operators} kinds of operators on the way of the gradient have none of their own.',
      failed:
        'A straight-through surrogate stands in for theirs: attacks may miss what is there, so compare with attacks that need no gradient.',
      none: 'No image was measured.',
    },
    de: {
      title: 'Gradienten sind die des Modells',
      figure: '{operators} Arten von Operatoren auf dem Weg des Gradienten haben keinen eigenen.',
      failed:
        'Ein Ersatz (straight-through) steht für ihren: Angriffe können übersehen, was da ist; zum Vergleich dienen Angriffe ohne Gradienten.',
      none: 'Kein Bild wurde gemessen.',
    },
  },
};
