import { broadcastDims, unbroadcast } from '../broadcast.ts';
import type { RuleContext, Rules } from '../rule.ts';

/** Gradient of an operand of a broadcasting operator: summed down to the operand's own shape. */
export function operand(ctx: RuleContext, i: number, gradient: () => string): string | null {
  return ctx.needs(i) ? unbroadcast(ctx, gradient(), broadcastDims(...ctx.node.input.map((x) => ctx.dims(x))), ctx.dims(ctx.x(i))) : null;
}

export const elementwise: Rules = {
  Add: (ctx) => [operand(ctx, 0, () => ctx.dy), operand(ctx, 1, () => ctx.dy)],
};
