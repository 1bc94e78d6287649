import { isFloat } from '../../graph/index.ts';
import { unbroadcast } from '../broadcast.ts';
import type { Rule, RuleContext, Rules } from '../rule.ts';
import { channelGated, erfGated, selfGated } from '../layouts/gated.ts';

/** Gradient of one operand of a broadcasting operator: summed down to the operand's own shape. */
function operand(ctx: RuleContext, i: number, gradient: () => string): string | null {
  return ctx.needs(i) ? unbroadcast(ctx, gradient(), ctx.dims(ctx.y()), ctx.dims(ctx.x(i))) : null;
}
const each = (ctx: RuleContext, gradient: (i: number) => string) => ctx.node.input.map((_, i) => operand(ctx, i, () => gradient(i)));

/** Min and Max: of equal operands the first gets everything. */
const extreme: Rule = (ctx) => {
  let rest = ctx.dy;
  const last = ctx.node.input.length - 1;
  return ctx.node.input.map((input, i) => {
    const chosen = ctx.emit('Equal', [input, ctx.y()]);
    const part = operand(ctx, i, () => ctx.where(chosen, rest, 0));
    if (i < last) rest = ctx.where(chosen, 0, rest);
    return part;
  });
};

/** x^b: b x^(b-1), with the common constant exponents spelt out. */
function powBase(ctx: RuleContext): string {
  const [x, b] = [ctx.x(0), ctx.x(1)];
  const known = ctx.facts(b).data;
  const exponent = known?.length === 1 ? known[0]! : null;
  if (exponent === 1) return ctx.dy;
  if (exponent === 2) return ctx.mul(ctx.dy, ctx.mul(x, 2));
  if (exponent !== null) return ctx.mul(ctx.dy, ctx.mul(ctx.emit('Pow', [x, ctx.scalar(exponent - 1, x)]), exponent));
  const float = isFloat(ctx.type(b)) ? b : ctx.emit('Cast', [b], { to: ctx.type(x) });
  return ctx.mul(ctx.dy, ctx.mul(float, ctx.emit('Pow', [x, ctx.sub(float, 1)])));
}

/** x^b log x; zero where x is not positive, as the function of b ends there. */
function powExponent(ctx: RuleContext): string {
  const positive = ctx.greater(ctx.x(), 0);
  return ctx.where(positive, ctx.mul(ctx.dy, ctx.mul(ctx.y(), ctx.emit('Log', [ctx.where(positive, ctx.x(), 1)]))), 0);
}

export const elementwise: Rules = {
  Add: (ctx) => each(ctx, () => ctx.dy),
  Sum: (ctx) => each(ctx, () => ctx.dy),
  Mean: (ctx) => each(ctx, () => ctx.div(ctx.dy, ctx.node.input.length)),
  Sub: (ctx) => each(ctx, (i) => (i === 0 ? ctx.dy : ctx.emit('Neg', [ctx.dy]))),
  Mul: (ctx) => selfGated(ctx) ?? erfGated(ctx) ?? channelGated(ctx) ?? each(ctx, (i) => ctx.mul(ctx.dy, ctx.x(1 - i))),
  Div(ctx) {
    const da = () => ctx.div(ctx.dy, ctx.x(1));
    return each(ctx, (i) => (i === 0 ? da() : ctx.emit('Neg', [ctx.mul(da(), ctx.y())])));
  },
  Pow: (ctx) => each(ctx, (i) => (i === 0 ? powBase(ctx) : powExponent(ctx))),
  Max: extreme,
  Min: extreme,
  Where: (ctx) => [null, operand(ctx, 1, () => ctx.where(ctx.x(0), ctx.dy, 0)), operand(ctx, 2, () => ctx.where(ctx.x(0), 0, ctx.dy))],

  /** x - b trunc(x / b) (fmod 1), or with floor, for integers only: between the jumps one, and minus the whole quotient. */
  Mod(ctx) {
    const quotient = () => ctx.div(ctx.sub(ctx.x(0), ctx.y()), ctx.x(1));
    return each(ctx, (i) => (i === 0 ? ctx.dy : ctx.emit('Neg', [ctx.mul(ctx.dy, quotient())])));
  },
};
