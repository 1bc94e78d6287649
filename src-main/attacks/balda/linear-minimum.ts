import { z } from 'zod';
import type { Norm } from '../../../shared/norms.ts';
import { linearMinimiser, smallestDrop } from '../../norms/linear.ts';
import { defineAttack, rowsOf } from '../attack.ts';
import { polish } from '../polish.ts';
import { reach } from '../reach.ts';
import { settle } from '../settle.ts';
import { eachLine, rivalsOption } from './lines.ts';

/**
 * Problem (8) of Balda et al., min ‖η‖_p with L + ∇L·η ≤ 0, solved exactly inside the box for every norm and repeated.
 * Of the rival classes the one with the smallest η is taken (the l̂ of their section 6.1). Two ways to repeat it:
 *   image    every linearisation is carried back to the clean image, η = argmin ‖η‖ with L(η̃) + ∇L(η̃)·(η - η̃) ≤ 0, so
 *            the norm that is minimised is that of the whole change; it goes on after a success, towards the nearest
 *            point of the boundary
 *   iterate  each step starts where the last one ended and the first success ends it: DeepFool inside the box
 */
export const linearMinimum = defineAttack({
  id: 'linear-minimum',
  title: 'Minimum norm, linearised',
  norms: ['l0', 'l1', 'l2', 'linf'],
  kind: 'minimum-norm',
  targeted: true,
  summary: 'The smallest change that crosses the nearest linearised class boundary, exact inside the box, again and again.',
  source: 'Balda, Behboodi, Mathar 2018 (arXiv 1812.07385), problem (8) and Proposition 1, iterated; box-exact, carried back to the clean image',
  options: z.strictObject({
    steps: z.number().int().min(1).max(10_000).default(20).describe('Linearisations.'),
    rivals: rivalsOption,
    from: z.enum(['image', 'iterate']).default('image').describe('image: each linearisation gives the whole change anew, from the clean image. iterate: steps add up until the class changes, as in DeepFool.'),
    overshoot: z.number().min(0).max(1).default(0.02).describe('How far beyond the linearised boundary a step goes, as a share of the way.'),
    finish: z.number().int().min(0).max(100).default(8).describe('Passes of a final bisection back towards the image (l0: of the exchange of features).'),
  }),
  async run(target, { steps, rivals, from, overshoot, finish }) {
    const { norm, count, features } = target;
    const delta = new Float32Array(target.clean.length);
    const [points, clean] = [rowsOf(delta, count), rowsOf(target.clean, count)];
    const best = rowsOf(delta.slice(), count);
    const size = new Float64Array(count);
    const only = new Uint8Array(count).fill(1);
    const trial = new Float32Array(features);
    const here = new Float32Array(features);
    const seen = ({ success }: { success: Uint8Array }): void => {
      if (from === 'iterate') for (let image = 0; image < count; image++) if (success[image]) only[image] = 0;
    };
    const visit = (image: number, value: number, gradient: Float32Array): void => {
      const [row, x] = [points[image]!, clean[image]!];
      let drop = value;
      for (let j = 0; j < features; j++) drop -= gradient[j]! * row[j]!;
      let length: number;
      if (from === 'image' && drop > 0) length = cross(norm, gradient, x, (1 + overshoot) * drop, trial);
      else {
        // Where the model thinks the clean image is across already, it can only be trusted near the iterate.
        for (let j = 0; j < features; j++) here[j] = Math.min(1, Math.max(0, x[j]! + row[j]!));
        length = cross(norm, gradient, here, (1 + overshoot) * Math.max(value, 0), trial);
        for (let j = 0; j < features; j++) trial[j]! += row[j]!;
      }
      if (length >= size[image]!) return;
      size[image] = length;
      best[image]!.set(trial);
    };
    for (let i = 0; i < steps && target.anyActive; i++) {
      size.fill(Infinity);
      await eachLine(target, delta, { rivals, only, seen }, visit);
      for (let image = 0; image < count; image++) if (target.active[image] && only[image] && size[image]! < Infinity) points[image]!.set(best[image]!);
    }
    await target.query(delta, only);
    await (norm === 'l0' ? polish(target, finish) : settle(target, finish, 0.97));
  },
});

/** `smallestDrop`, or as far as the box goes when it cannot drop enough. */
function cross(norm: Norm, gradient: Float32Array, from: Float32Array, drop: number, out: Float32Array): number {
  const size = smallestDrop(norm, gradient, from, drop, out);
  if (size < Infinity) return size;
  const most = reach(norm, from);
  linearMinimiser(norm, gradient, from, most, out);
  // Behind everything that does cross.
  return most * 1e6;
}
