import { int, ints, string } from '../../graph/index.ts';
import { axisFrom, reshape, unbroadcast } from '../broadcast.ts';
import { alongAxis, matrixOf } from '../linear.ts';
import type { Rule, RuleContext, Rules } from '../rule.ts';

/** Elements keep their order: the gradient takes the input's shape back. */
const reshaped: Rule = (ctx) => [reshape(ctx, ctx.dy, ctx.dims(ctx.y()), ctx.dims(ctx.x())), null];

const rankOf = (ctx: RuleContext) => ctx.dims(ctx.x()).length;

/** Padding per axis, before and after, from the node's pads and axes inputs. */
function padsOf(ctx: RuleContext): { begin: number[]; end: number[] } {
  const rank = rankOf(ctx);
  const pads = ctx.data(1);
  const axes = ctx.x(3) ? ctx.data(3).map((a) => axisFrom(a, rank)) : Array.from({ length: rank }, (_, i) => i);
  const begin = new Array<number>(rank).fill(0);
  const end = [...begin];
  axes.forEach((axis, i) => {
    begin[axis] = pads[i]!;
    end[axis] = pads[axes.length + i]!;
  });
  return { begin, end };
}

export const shape: Rules = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,

  Transpose(ctx) {
    const perm = ints(
      ctx.node,
      'perm',
      ctx
        .dims(ctx.x())
        .map((_, i) => i)
        .reverse(),
    );
    return [ctx.emit('Transpose', [ctx.dy], { perm: perm.map((_, i) => perm.indexOf(i)) })];
  },

  /** A triangle of the matrix; the rest was cut away. */
  Trilu: (ctx) => [ctx.emit('Trilu', [ctx.dy, ...(ctx.x(1) ? [ctx.x(1)] : [])], { upper: int(ctx.node, 'upper', 1) }), null],
  /** Turning back what was turned around. */
  ReverseSequence: (ctx) => [
    ctx.emit('ReverseSequence', [ctx.dy, ctx.x(1)], {
      batch_axis: int(ctx.node, 'batch_axis', 1),
      time_axis: int(ctx.node, 'time_axis', 0),
    }),
    null,
  ],

  Expand: (ctx) => [unbroadcast(ctx, ctx.dy, ctx.dims(ctx.y()), ctx.dims(ctx.x())), null],

  /** Every copy flows back: split each axis into copies and size, sum the copies. */
  Tile(ctx) {
    const dims = ctx.dims(ctx.x());
    const repeats = ctx.data(1);
    const split = dims.flatMap((d, i) => [repeats[i]!, d]);
    const axes = dims.map((_, i) => 2 * i).filter((i) => split[i] !== 1);
    if (axes.length === 0) return [ctx.dy, null];
    const summed = ctx.emit('ReduceSum', [ctx.emit('Reshape', [ctx.dy, ctx.ints(split)]), ctx.ints(axes)], { keepdims: 1 });
    return [ctx.emit('Reshape', [summed, ctx.ints(dims)]), null];
  },

  Concat(ctx) {
    const rank = rankOf(ctx);
    const axis = axisFrom(int(ctx.node, 'axis', 0), rank);
    const sizes = ctx.node.input.map((x) => ctx.dims(x)[axis]!);
    if (ctx.node.input.every((_, i) => ctx.needs(i))) {
      if (sizes.length === 1) return [ctx.dy];
      return ctx.builder.nodes('Split', [ctx.dy, ctx.ints(sizes)], { axis }, { outputs: sizes.length, hint: 'd' });
    }
    let at = 0;
    return sizes.map((size, i) => {
      const start = at;
      at += size;
      return ctx.needs(i) ? ctx.emit('Slice', [ctx.dy, ctx.ints([start]), ctx.ints([at]), ctx.ints([axis])]) : null;
    });
  },

  Split(ctx) {
    const parts = ctx.node.output.map((y, i) => ctx.dys[i] ?? ctx.expand(0, ctx.dims(y)));
    return [parts.length === 1 ? parts[0]! : ctx.emit('Concat', parts, { axis: axisFrom(int(ctx.node, 'axis', 0), rankOf(ctx)) }), null];
  },

  /** Constant padding is cut off again; the other modes copy pixels, which flow back along each axis in turn. */
  Pad(ctx) {
    const rank = rankOf(ctx);
    const { begin, end } = padsOf(ctx);
    const mode = string(ctx.node, 'mode', 'constant');
    if (mode === 'constant') {
      const dx = ctx.emit('Pad', [ctx.dy, ctx.ints([...begin, ...end].map((p) => 0 - p))]);
      // What is not an input's is the padding's.
      const all = (value: string) => ctx.emit('ReduceSum', [value], { keepdims: 0 });
      const value = () => reshape(ctx, ctx.sub(all(ctx.dy), all(dx)), [], ctx.dims(ctx.x(2)));
      return [dx, null, ctx.x(2) && ctx.needs(2) ? value() : null, null];
    }
    let dx = ctx.dy;
    ctx.dims(ctx.x()).forEach((size, axis) => {
      if (begin[axis] === 0 && end[axis] === 0) return;
      const pads = ctx.ints([0, 0, begin[axis]!, 0, 0, 0, end[axis]!, 0]);
      dx = alongAxis(
        ctx,
        dx,
        rank,
        axis,
        matrixOf(ctx, size, (eye) => ctx.emit('Pad', [eye, pads], { mode })),
      );
    });
    return [dx, null, null, null];
  },

  DepthToSpace(ctx) {
    const blocksize = int(ctx.node, 'blocksize', 1);
    if (string(ctx.node, 'mode', 'DCR') === 'DCR') return [ctx.emit('SpaceToDepth', [ctx.dy], { blocksize })];
    const [n, c, h, w] = ctx.dims(ctx.y()) as [number, number, number, number];
    const split = ctx.emit('Reshape', [ctx.dy, ctx.ints([n, c, h / blocksize, blocksize, w / blocksize, blocksize])]);
    return [ctx.emit('Reshape', [ctx.emit('Transpose', [split], { perm: [0, 1, 3, 5, 2, 4] }), ctx.ints(ctx.dims(ctx.x()))])];
  },
  SpaceToDepth: (ctx) => [ctx.emit('DepthToSpace', [ctx.dy], { blocksize: int(ctx.node, 'blocksize', 1), mode: 'DCR' })],

  /** A plain cut is padded back with zeros; an axis read in steps or backwards goes by its matrix. */
  Slice(ctx) {
    const dims = ctx.dims(ctx.x());
    const out = ctx.dims(ctx.y());
    const { start, step } = sliceOf(ctx);
    let dx = ctx.dy;
    dims.forEach((size, axis) => {
      if (step[axis] === 1) return;
      const bound = (v: number) => ctx.ints([v]);
      const end = start[axis]! + out[axis]! * step[axis]!;
      const read = (eye: string) =>
        ctx.emit('Slice', [eye, bound(start[axis]!), bound(end < 0 ? -(2 ** 31) : end), bound(2), bound(step[axis]!)]);
      dx = alongAxis(ctx, dx, dims.length, axis, matrixOf(ctx, size, read));
    });
    const before = dims.map((_, i) => (step[i] === 1 ? start[i]! : 0));
    const after = dims.map((d, i) => (step[i] === 1 ? d - start[i]! - out[i]! : 0));
    const pads = [...before, ...after];
    return [pads.some((p) => p !== 0) ? ctx.emit('Pad', [dx, ctx.ints(pads)]) : dx, null, null, null, null];
  },
};

/** First index and step on every axis (ONNX, Slice: out-of-range bounds are clamped). */
function sliceOf(ctx: RuleContext): { start: number[]; step: number[] } {
  const dims = ctx.dims(ctx.x());
  const starts = ctx.data(1);
  const axes = ctx.x(3) ? ctx.data(3).map((a) => axisFrom(a, dims.length)) : starts.map((_, i) => i);
  const steps = ctx.x(4) ? ctx.data(4) : starts.map(() => 1);
  const start = dims.map(() => 0);
  const step = dims.map(() => 1);
  axes.forEach((axis, i) => {
    const d = dims[axis]!;
    const s = starts[i]! < 0 ? starts[i]! + d : starts[i]!;
    step[axis] = steps[i]!;
    start[axis] = Math.min(Math.max(s, 0), steps[i]! < 0 ? d - 1 : d);
  });
  return { start, step };
}
