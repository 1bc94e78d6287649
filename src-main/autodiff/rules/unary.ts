import type { RuleContext, Rules } from '../rule.ts';
import { pointwise } from './activation.ts';

const square = (ctx: RuleContext, value: string) => ctx.mul(value, value);
const of = (op: string) => (ctx: RuleContext) => ctx.emit(op, [ctx.x()]);
/** 1 / sqrt(value), spelt as onnxruntime has kernels for. */
const inverseRoot = (ctx: RuleContext, value: string) => ctx.emit('Reciprocal', [ctx.emit('Sqrt', [value])]);

const castBack = (ctx: RuleContext) =>
  ctx.gradientType(ctx.x()) === ctx.gradientType(ctx.y()) ? ctx.dy : ctx.emit('Cast', [ctx.dy], { to: ctx.gradientType(ctx.x()) });

/** Functions of one number: dx = dy f'(x), written with the output where that is cheaper. */
export const unary: Rules = {
  Identity: (ctx) => [ctx.dy],
  Neg: (ctx) => [ctx.emit('Neg', [ctx.dy])],
  Abs: pointwise(of('Sign')),
  Exp: pointwise((ctx) => ctx.y()),
  Log: (ctx) => [ctx.div(ctx.dy, ctx.x())],
  Sqrt: (ctx) => [ctx.div(ctx.mul(ctx.dy, 0.5), ctx.y())],
  Reciprocal: (ctx) => [ctx.emit('Neg', [ctx.mul(ctx.dy, square(ctx, ctx.y()))])],
  Erf: pointwise((ctx) => ctx.mul(ctx.emit('Exp', [ctx.emit('Neg', [square(ctx, ctx.x())])]), 2 / Math.sqrt(Math.PI))),
  Sin: pointwise(of('Cos')),
  Cos: pointwise((ctx) => ctx.emit('Neg', [of('Sin')(ctx)])),
  Tan: pointwise((ctx) => ctx.add(square(ctx, ctx.y()), 1)),
  Asin: pointwise((ctx) => inverseRoot(ctx, ctx.sub(1, square(ctx, ctx.x())))),
  Acos: pointwise((ctx) => ctx.emit('Neg', [inverseRoot(ctx, ctx.sub(1, square(ctx, ctx.x())))])),
  Atan: (ctx) => [ctx.div(ctx.dy, ctx.add(square(ctx, ctx.x()), 1))],
  Sinh: pointwise(of('Cosh')),
  Cosh: pointwise(of('Sinh')),
  Asinh: pointwise((ctx) => inverseRoot(ctx, ctx.add(square(ctx, ctx.x()), 1))),
  Acosh: pointwise((ctx) => inverseRoot(ctx, ctx.sub(square(ctx, ctx.x()), 1))),
  Atanh: (ctx) => [ctx.div(ctx.dy, ctx.sub(1, square(ctx, ctx.x())))],
  /** Between float types the gradient is cast back; what becomes an integer carries none and is never asked. */
  Cast: (ctx) => [castBack(ctx)],
  CastLike: (ctx) => [castBack(ctx), null],
  /** At inference; `upgrade` has made an Identity of most. */
  Dropout: (ctx) => [ctx.dy, null, null],
};
