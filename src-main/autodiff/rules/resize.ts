import { float, hasAttribute, int, ints, string } from '../../graph/index.ts';
import type { AttributeValue } from '../../graph/index.ts';
import { axisFrom } from '../broadcast.ts';
import { alongAxis, matrixOf } from '../linear.ts';
import type { RuleContext, Rules } from '../rule.ts';

/** Attributes that say how one axis is sampled, whichever axis it is. */
function sampling(ctx: RuleContext): Record<string, AttributeValue> {
  const { node } = ctx;
  const kept: Record<string, AttributeValue> = {};
  for (const name of ['mode', 'coordinate_transformation_mode', 'nearest_mode'])
    if (hasAttribute(node, name)) kept[name] = string(node, name, '');
  for (const name of ['antialias', 'exclude_outside']) if (hasAttribute(node, name)) kept[name] = int(node, name, 0);
  if (hasAttribute(node, 'cubic_coeff_a')) kept['cubic_coeff_a'] = { float: float(node, 'cubic_coeff_a', -0.75) };
  return kept;
}

/** Nearest by a whole factor, each pixel copied into a block: the sum over that block. */
function wholeFactors(ctx: RuleContext, from: number[], to: number[]): number[] | null {
  if (string(ctx.node, 'mode', 'nearest') !== 'nearest' || from.length !== 4 || from[0] !== to[0] || from[1] !== to[1]) return null;
  const coordinates = string(ctx.node, 'coordinate_transformation_mode', 'half_pixel');
  const rounding = string(ctx.node, 'nearest_mode', 'round_prefer_floor');
  const block = (coordinates === 'asymmetric' && rounding === 'floor') || (coordinates === 'half_pixel' && rounding.startsWith('round'));
  const factors = to.map((d, i) => d / from[i]!);
  return block && factors.every((f) => Number.isInteger(f)) ? factors : null;
}

/** One factor for all axes, where the node keeps the aspect ratio of sizes that do not (ONNX, Resize); else null. */
function commonScale(ctx: RuleContext, from: number[], to: number[], axes: number[]): number[] | null {
  const policy = string(ctx.node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return null;
  const factors = ctx.data(3).map((size, i) => size / from[axes[i]!]!);
  const factor = Math.fround(policy === 'not_larger' ? Math.min(...factors) : Math.max(...factors));
  // Sizes are rounded and scales cut off: only where both agree can a matrix be had along each axis.
  if (axes.some((axis) => Math.floor(Math.fround(factor * from[axis]!)) !== to[axis]))
    return ctx.refuse('it keeps the aspect ratio and rounds a size up');
  return axes.map(() => factor);
}

export const resize: Rules = {
  /** Separable and linear, so the adjoint is one small matrix per axis (see `matrixOf`). */
  Resize(ctx) {
    const [from, to] = [ctx.dims(ctx.x()), ctx.dims(ctx.y())];
    const rank = from.length;
    const crop = string(ctx.node, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize' ? ctx.data(1) : null;
    const factors = wholeFactors(ctx, from, to);
    if (factors) {
      const block = factors.slice(2);
      const sums = ctx.emit('AveragePool', [ctx.dy], { kernel_shape: block, strides: block });
      return [ctx.mul(sums, block[0]! * block[1]!), null, null, null];
    }
    const listed = ints(ctx.node, 'axes')?.map((a) => axisFrom(a, rank)) ?? from.map((_, i) => i);
    const scales = commonScale(ctx, from, to, listed) ?? (ctx.x(2) && ctx.data(2).length > 0 ? ctx.data(2) : null);
    let dx = ctx.dy;
    for (const [i, axis] of listed.entries()) {
      const [start, end] = crop ? [crop[i]!, crop[i + listed.length]!] : [0, 1];
      if (from[axis] === to[axis] && (scales?.[i] ?? 1) === 1 && start === 0 && end === 1) continue;
      // Outside of the picture a crop reads a constant, which has no derivative.
      const roi = crop ? ctx.builder.constant([0, 0, start, 0, 1, 1, end, 1], [8]) : '';
      const sized = scales ? [roi, ctx.builder.constant([1, 1, scales[i]!, 1], [4])] : [roi, '', ctx.ints([1, 1, to[axis]!, from[axis]!])];
      dx = alongAxis(
        ctx,
        dx,
        rank,
        axis,
        matrixOf(ctx, from[axis]!, (eye) => ctx.emit('Resize', [eye, ...sized], sampling(ctx))),
      );
    }
    return [dx, null, null, null];
  },
};
