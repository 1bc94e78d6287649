import type { Differentiable } from '../../model/differentiable.ts';

/**
 * Ensemble and transfer attacks (Balda et al., Table 2, after Tramèr et al. 2018): gradients and losses come from other
 * models at hand, the mean where there are several, and whether the change succeeds is judged by the model that is
 * attacked, of which only forward passes are used. The result is a `Differentiable`, so every attack can be run on it;
 * a gradient costs one forward pass of the victim and one of each surrogate besides the surrogates' backward passes,
 * which the problem counts as one of each.
 * @throws RangeError without a surrogate, or when pictures, classes or rows of the models differ
 */
export function transfer(victim: Differentiable, surrogates: readonly Differentiable[]): Differentiable {
  const { shape, classes, rows } = victim;
  if (surrogates.length === 0) throw new RangeError('a transfer attack without a surrogate model');
  for (const model of surrogates) {
    const { channels, height, width } = model.shape;
    if (model.classes !== classes || model.rows !== rows || channels !== shape.channels || height !== shape.height || width !== shape.width)
      throw new RangeError('the surrogate reads other pictures, other classes, or another number of rows than the model that is attacked');
  }
  return {
    shape,
    classes,
    rows,
    forward: (pixels) => victim.forward(pixels),
    async gradient(loss, pixels, label, target) {
      const { logits } = await victim.forward(pixels);
      const sum = await surrogates[0]!.gradient(loss, pixels, label, target);
      for (const model of surrogates.slice(1)) {
        const one = await model.gradient(loss, pixels, label, target);
        one.loss.forEach((value, row) => (sum.loss[row]! += value));
        one.gradient.forEach((value, j) => (sum.gradient[j]! += value));
      }
      const share = 1 / surrogates.length;
      return { logits, loss: sum.loss.map((value) => value * share), gradient: sum.gradient.map((value) => value * share) };
    },
  };
}
