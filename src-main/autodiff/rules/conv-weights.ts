import type { RuleContext } from '../rule.ts';
import type { Window } from '../window.ts';

/**
 * Gradient of a convolution with respect to its weights, [G M, C, k...], where they depend on the image:
 * dW[m, c, k] = sum over n, o of dy[n, m, o] x[n, c, s o + d k - p]. That is a convolution of x with dy for its weights: the
 * pictures of the batch are the channels that it sums over, and strides and dilations trade places.
 *
 * @param x what the convolution reads, [N, G C, ...w.size]
 * @param dy gradient of what it puts out, [N, G M, ...w.output]
 */
export function weightsGradient(
  ctx: RuleContext,
  x: string,
  dy: string,
  w: Window,
  [n, channels]: readonly [number, number],
  groups: number,
): string {
  const space = w.size.map((_, i) => i + 2);
  const swap = { perm: [1, 0, ...space] };
  let turned: string;
  if (groups === 1) turned = ctx.emit('Transpose', [x], swap);
  else {
    const per = channels / groups;
    const split = ctx.emit('Reshape', [x, ctx.ints([n, groups, per, ...w.size])]);
    const moved = ctx.emit('Transpose', [split], { perm: [2, 1, 0, ...space.map((i) => i + 1)] });
    turned = ctx.emit('Reshape', [moved, ctx.ints([per, groups * n, ...w.size])]);
  }
  const full = ctx.emit('Conv', [turned, ctx.emit('Transpose', [dy], swap)], {
    group: groups,
    strides: w.dilation,
    dilations: w.stride,
    pads: [...w.begin, ...w.end],
  });
  // Rows that the last stride left over reach beyond the kernel.
  const cut = ctx.emit('Slice', [full, ctx.ints(space.map(() => 0)), ctx.ints(w.kernel), ctx.ints(space)]);
  return ctx.emit('Transpose', [cut], swap);
}
