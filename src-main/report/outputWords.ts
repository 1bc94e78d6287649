import { count, stateLabel } from '../../shared/format.ts';
import { figureText } from '../../shared/goalWords.ts';
import type { Results } from '../../shared/results.ts';
import type { StateAt } from '../../shared/states.ts';
import { figureName, figuresOf, goalText } from '../goals/index.ts';

/*
 * The sentences on networks that put out pictures or vectors. They know no classes, so nothing here is right or wrong:
 * an image is unbroken as long as its output is not where the attacker wants it.
 */

/** The sentence on the clean images: how far their outputs are from what they are held against. */
export function cleanOutputWords(results: Results): string {
  const images = `${count(results.images.length)} clean ${results.images.length === 1 ? 'image' : 'images'}`;
  const told = new Set<string>();
  results.threats.forEach(({ goal }, t) => {
    const [card] = figuresOf(goal);
    const values = results.images.flatMap((image) => image.outputs[t]?.figures[card!.name] ?? []);
    if (values.length === 0) return;
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))].map((v) =>
      figureText(card!, v, 1),
    );
    told.add(`${figureName(goal, card!)} ${low === high ? low : `${low} to ${high}`} against ${goalText(goal, 'reference')}`);
  });
  if (told.size === 0) return `The output for each of the ${images} is what the output for the changed image is held against.`;
  return `The network’s outputs for the ${images}: ${[...told].join('; ')}.`;
}

export const OUTPUT_CAVEAT =
  'Attacks can show that an image breaks, never that it cannot be broken: every share here is an upper bound on the true one. ' +
  'An image whose clean output is beyond the threshold already counts against the model at every budget; where an attack failed or was not finished on an image that no other broke, the bounds over all images count it as broken, and as unbroken. ' +
  'At each budget only what was found within it counts: an image that is broken only beyond it holds there. ' +
  'An image counts as broken only if the exported 8-bit PNG, read again, takes the output of the original model there in a fresh session. ' +
  'Intervals are Wilson score intervals; they cover the choice of images, not the strength of the attacks.';

/** How an image's state at a budget is called, with or without classes. @param budget in words; null where it stands beside */
export function stateWords(results: Pick<Results, 'output'>, state: StateAt, budget: string | null): string {
  return results.output && state === 'wrong-already' ? 'beyond already' : stateLabel(state, budget);
}
