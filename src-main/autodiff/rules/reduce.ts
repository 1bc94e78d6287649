import { DType, int } from '../../graph/index.ts';
import { axisFrom, reshape } from '../broadcast.ts';
import type { Rule, RuleContext, Rules } from '../rule.ts';

/** Axes that a reduction sums over; none given means all, unless the node says it does nothing then. */
function reducedAxes(ctx: RuleContext): number[] {
  const rank = ctx.dims(ctx.x()).length;
  const axes = ctx.x(1) ? ctx.data(1) : [];
  if (axes.length > 0) return axes.map((a) => axisFrom(a, rank)).sort((a, b) => a - b);
  return int(ctx.node, 'noop_with_empty_axes', 0) ? [] : Array.from({ length: rank }, (_, i) => i);
}

/** A value of the reduced shape with the reduced axes kept as 1, so that it broadcasts against the input. */
function kept(ctx: RuleContext, value: string): string {
  const axes = new Set(reducedAxes(ctx));
  return reshape(
    ctx,
    value,
    ctx.dims(ctx.y()),
    ctx.dims(ctx.x()).map((d, i) => (axes.has(i) ? 1 : d)),
  );
}

/** A reduction over all axes, or over none where the node says so. */
const keepAll = (ctx: RuleContext, op: string, value: string) =>
  ctx.emit(op, [value], { keepdims: 1, noop_with_empty_axes: int(ctx.node, 'noop_with_empty_axes', 0) });

const reduction =
  (gradient: (ctx: RuleContext, dy: string, y: () => string) => string): Rule =>
  (ctx) => [gradient(ctx, kept(ctx, ctx.dy), () => kept(ctx, ctx.y())), null];

/** Everything to the first extreme in row order, as ArgMax and ArgMin find it. */
export function toFirst(ctx: RuleContext, arg: 'ArgMax' | 'ArgMin', axes: readonly number[]): string {
  const dims = ctx.dims(ctx.x());
  const stay = dims.map((_, i) => i).filter((i) => !axes.includes(i));
  const perm = [...stay, ...axes];
  const moved = perm.map((i) => dims[i]!);
  const length = axes.reduce((n, i) => n * dims[i]!, 1);
  const flat = [...stay.map((i) => dims[i]!), length];
  const straight = perm.every((p, i) => p === i);
  const x = straight ? ctx.x() : ctx.emit('Transpose', [ctx.x()], { perm });
  const first = ctx.emit(arg, [reshape(ctx, x, moved, flat)], { axis: stay.length, keepdims: 1 });
  const places = ctx.builder.constant(
    Array.from({ length }, (_, i) => i),
    [length],
    DType.int64,
    'places',
  );
  const dy = ctx.emit('Reshape', [ctx.dy, ctx.ints([...flat.slice(0, -1), 1])]);
  const dx = reshape(ctx, ctx.where(ctx.emit('Equal', [first, places]), dy, 0), flat, moved);
  return straight ? dx : ctx.emit('Transpose', [dx], { perm: perm.map((_, i) => perm.indexOf(i)) });
}

export const reduce: Rules = {
  ReduceSum: reduction((ctx, dy) => ctx.expand(dy, ctx.dims(ctx.x()))),
  ReduceMean: reduction((ctx, dy) => {
    const count = reducedAxes(ctx).reduce((n, i) => n * ctx.dims(ctx.x())[i]!, 1);
    return ctx.expand(ctx.div(dy, count), ctx.dims(ctx.x()));
  }),
  ReduceMax: (ctx) => [toFirst(ctx, 'ArgMax', reducedAxes(ctx)), null],
  ReduceMin: (ctx) => [toFirst(ctx, 'ArgMin', reducedAxes(ctx)), null],
  ReduceL1: reduction((ctx, dy) => ctx.mul(dy, ctx.emit('Sign', [ctx.x()]))),
  /** x / |x|; zero at zero. */
  ReduceL2: reduction((ctx, dy, y) => {
    const norm = y();
    return ctx.mul(ctx.x(), ctx.div(dy, ctx.where(ctx.emit('Equal', [norm, ctx.scalar(0, ctx.y())]), 1, norm)));
  }),
  /** The product of all others: y / x, or, where one factor is zero, the rest's product for that one alone. */
  ReduceProd: (ctx) => {
    const x = ctx.x();
    const zero = ctx.emit('Equal', [x, ctx.scalar(0, x)]);
    const safe = ctx.where(zero, 1, x);
    const reduced = (op: string, value: string) => (ctx.x(1) ? ctx.emit(op, [value, ctx.x(1)], { keepdims: 1 }) : keepAll(ctx, op, value));
    const rest = reduced('ReduceProd', safe);
    const zeros = reduced('ReduceSum', ctx.emit('Cast', [zero], { to: ctx.type(x) }));
    const others = ctx.emit('Equal', [ctx.sub(zeros, ctx.emit('Cast', [zero], { to: ctx.type(x) })), ctx.scalar(0, x)]);
    return [ctx.mul(kept(ctx, ctx.dy), ctx.where(others, ctx.div(rest, safe), 0)), null];
  },
  ReduceSumSquare: reduction((ctx, dy) => ctx.mul(ctx.mul(dy, 2), ctx.x())),
  ReduceLogSum: reduction((ctx, dy, y) => ctx.expand(ctx.div(dy, ctx.emit('Exp', [y()])), ctx.dims(ctx.x()))),
  ReduceLogSumExp: reduction((ctx, dy, y) => ctx.mul(dy, ctx.emit('Exp', [ctx.sub(ctx.x(), y())]))),

  /** Each input is part of all later sums: a sum running the other way. */
  CumSum: (ctx) => [
    ctx.emit('CumSum', [ctx.dy, ctx.x(1)], { exclusive: int(ctx.node, 'exclusive', 0), reverse: 1 - int(ctx.node, 'reverse', 0) }),
    null,
  ],
};
