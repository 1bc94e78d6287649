import { elementCount } from '../graph/index.ts';
import type { RuleContext } from './rule.ts';

export const sameDims = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** Shape of numpy broadcasting of several shapes. */
export function broadcastDims(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((s) => s[s.length - rank + i] ?? 1);
    return sizes.find((d) => d !== 1) ?? 1;
  });
}

/** The adjoint of broadcasting: sums a gradient of shape `from` down to shape `to`. */
export function unbroadcast(ctx: RuleContext, gradient: string, from: readonly number[], to: readonly number[]): string {
  if (sameDims(from, to)) return gradient;
  const lead = from.length - to.length;
  const axes = from.map((_, i) => i).filter((i) => i < lead || (to[i - lead] === 1 && from[i] !== 1));
  let result = gradient;
  if (axes.length > 0) result = ctx.emit('ReduceSum', [gradient, ctx.ints(axes)], { keepdims: 1 });
  return lead === 0 ? result : ctx.emit('Reshape', [result, ctx.ints(to)]);
}

/** Reshapes where shapes differ; a plain copy of the name otherwise. Shapes with a zero are left to Reshape's own rule. */
export function reshape(ctx: RuleContext, value: string, from: readonly number[], to: readonly number[]): string {
  if (sameDims(from, to)) return value;
  return ctx.emit('Reshape', [value, ctx.ints(to)], elementCount(to) === 0 ? { allowzero: 1 } : {});
}

/** An axis attribute counted from the front. */
export const axisFrom = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
