import { DType, elementCount, int, ints } from '../../graph/index.ts';
import type { RuleContext, Rules } from '../rule.ts';
import { above, masksForRelu } from './activation.ts';
import { blockable, inBlocks, placed, repeated } from '../layouts/blocked.ts';
import { findable, firstMaximum } from '../layouts/first-maximum.ts';
import { toFirst } from './reduce.ts';
import { windowAttributes, windowOf } from '../window.ts';
import type { Window } from '../window.ts';

const kernelOf = (ctx: RuleContext) => windowOf(ctx, ints(ctx.node, 'kernel_shape', []));
const spaceOf = (ctx: RuleContext) =>
  ctx
    .dims(ctx.x())
    .map((_, i) => i)
    .slice(2);
const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);

/** Every input lies in at most one window, so a scatter never adds. */
function disjoint(w: Window): boolean {
  return w.kernel.every((k, i) => (k - 1) * w.dilation[i]! + 1 <= w.stride[i]!);
}

const unpadded = (w: Window) => [...w.begin, ...w.end].every((p) => p === 0);

/** Windows side by side that cover every input exactly once. */
function tiling(w: Window): boolean {
  const whole = w.size.every((d, i) => w.kernel[i] === w.stride[i] && w.dilation[i] === 1 && d === w.output[i]! * w.kernel[i]!);
  return whole && unpadded(w);
}

/** Where each maximum is, counted along the rows. A node that counts down the columns is asked once more. */
function indicesOf(ctx: RuleContext, w: Window): string {
  if (int(ctx.node, 'storage_order', 0) === 0) return ctx.output(1, { type: DType.int64, dims: ctx.dims(ctx.y()) });
  const again = { ...windowAttributes(w), ceil_mode: int(ctx.node, 'ceil_mode', 0) };
  return ctx.builder.nodes('MaxPool', [ctx.x()], again, { outputs: 2, hint: 'd' })[1]!;
}

function backwardMax(ctx: RuleContext): string {
  const dims = ctx.dims(ctx.x());
  const w = kernelOf(ctx);
  // What a Relu put out: no more than zero comes from where it is zero, and it lets nothing through there.
  const rectified = ctx.producer(ctx.x())?.opType === 'Relu';
  const find = findable(ctx, w, rectified);
  const dy = masksForRelu(ctx, ctx.x()) || (rectified && find) ? ctx.mul(ctx.dy, above(ctx, ctx.y())) : ctx.dy;
  const indices = find ? firstMaximum(ctx, w) : indicesOf(ctx, w);
  // Over padding an index that was found may be another pixel's, with nothing to give: it must add, not write.
  if (disjoint(w) && (!find || unpadded(w)) && dims.length === 4 && ctx.type(ctx.x()) === DType.float32) {
    return placed(ctx, dy, indices, dims);
  }
  const flat = ctx.ints([-1]);
  const places = ctx.emit('Reshape', [indices, flat]);
  const scattered = ctx.emit('ScatterElements', [ctx.expand(0, [elementCount(dims)]), places, ctx.emit('Reshape', [dy, flat])], {
    axis: 0,
    reduction: 'add',
  });
  return ctx.emit('Reshape', [scattered, ctx.ints(dims)]);
}

/** Adjoint of the sum over each window, applied to g. */
function spread(ctx: RuleContext, g: string, w: Window): string {
  const dims = ctx.dims(ctx.x());
  const [n, c] = dims as [number, number];
  if (tiling(w)) {
    const open = ctx.emit('Reshape', [g, ctx.ints([n, c, ...w.output.flatMap((d) => [d, 1])])]);
    const copied = ctx.expand(open, [n, c, ...w.output.flatMap((d, i) => [d, w.kernel[i]!])]);
    return ctx.emit('Reshape', [copied, ctx.ints(dims)]);
  }
  // With ceil_mode the last window may hang over the end, beyond the padding: the output is cut to the input's size below.
  const reach = w.output.map((d, i) => (d - 1) * w.stride[i]! + (w.kernel[i]! - 1) * w.dilation[i]! + 1 - w.begin[i]!);
  const ones = ctx.builder.constant(new Array<number>(c * product(w.kernel)).fill(1), [c, 1, ...w.kernel], ctx.type(ctx.x()), 'ones');
  const full = ctx.emit('ConvTranspose', [g, ones], {
    kernel_shape: w.kernel,
    strides: w.stride,
    dilations: w.dilation,
    group: c,
    pads: [...w.begin, ...w.begin.map(() => 0)],
  });
  if (reach.every((d, i) => d === w.size[i])) return full;
  const none = [0, 0, ...w.size.map(() => 0)];
  return ctx.emit('Pad', [full, ctx.ints([...none, 0, 0, ...w.size.map((d, i) => d - reach[i]!)])]);
}

/** How many inputs each window holds that are no padding, per axis multiplied out: [1, 1, output...]. */
function cells(w: Window): number[] {
  const along = w.size.map((size, a) =>
    Array.from({ length: w.output[a]! }, (_, o) => {
      let n = 0;
      for (let k = 0; k < w.kernel[a]!; k++) {
        const at = o * w.stride[a]! - w.begin[a]! + k * w.dilation[a]!;
        if (at >= 0 && at < size) n++;
      }
      return n;
    }),
  );
  return along.reduce((all, axis) => all.flatMap((m) => axis.map((n) => m * n)), [1]);
}

/**
 * 1 / (the divisor of each window). The pool itself, run on ones, gives inputs / divisor, so the answer follows
 * onnxruntime's own count in every mode (padding counted or not, windows that hang over the end).
 */
function divisors(ctx: RuleContext, w: Window): string | number {
  if ([...w.begin, ...w.end].every((p) => p === 0) && int(ctx.node, 'ceil_mode', 0) === 0) return 1 / product(w.kernel);
  const type = ctx.type(ctx.x());
  const ones = ctx.expand(1, [1, 1, ...w.size]);
  const { strides, dilations, pads, kernel_shape } = windowAttributes(w) as Record<
    'strides' | 'dilations' | 'pads' | 'kernel_shape',
    number[]
  >;
  const attributes = {
    strides,
    pads,
    kernel_shape,
    count_include_pad: int(ctx.node, 'count_include_pad', 0),
    ceil_mode: int(ctx.node, 'ceil_mode', 0),
  };
  const plain = dilations.every((d) => d === 1);
  const part = ctx.emit('AveragePool', [ones], plain ? attributes : { ...attributes, dilations });
  return ctx.div(part, ctx.builder.constant(cells(w), [1, 1, ...w.output], type, 'cells'));
}

export const pool: Rules = {
  /** The first maximum of a window, in row order, gets all: the one whose index onnxruntime reports. */
  MaxPool: (ctx) => [backwardMax(ctx)],

  AveragePool(ctx) {
    const w = kernelOf(ctx);
    const divisor = divisors(ctx, w);
    if (typeof divisor === 'number' && tiling(w) && blockable(ctx, ctx.x()))
      return [repeated(ctx, ctx.dy, ctx.dims(ctx.x())[1]!, w.kernel, divisor)];
    return [spread(ctx, ctx.mul(ctx.dy, divisor), w)];
  },

  GlobalAveragePool(ctx) {
    const dims = ctx.dims(ctx.x());
    const [, channels, ...size] = dims as [number, number, ...number[]];
    if (inBlocks(ctx, ctx.x())) return [repeated(ctx, ctx.dy, channels, size, 1 / product(size))];
    return [ctx.expand(ctx.div(ctx.dy, product(size)), dims)];
  },
  GlobalMaxPool: (ctx) => [toFirst(ctx, 'ArgMax', spaceOf(ctx))],

  /** y = (sum |x|^p)^(1/p): x |x|^(p-2) times the spread of dy y^(1-p); zero where the window is all zero. */
  LpPool(ctx) {
    return [lp(ctx, (g) => spread(ctx, g, kernelOf(ctx)))];
  },
  GlobalLpPool: (ctx) => [lp(ctx, (g) => g)],

  /** What was written at an index is read there again. */
  MaxUnpool(ctx) {
    const flat = ctx.ints([-1]);
    const read = ctx.emit('Gather', [ctx.emit('Reshape', [ctx.dy, flat]), ctx.emit('Reshape', [ctx.x(1), flat])], { axis: 0 });
    return [ctx.emit('Reshape', [read, ctx.ints(ctx.dims(ctx.x()))]), null, null];
  },
};

function lp(ctx: RuleContext, back: (g: string) => string): string {
  const p = int(ctx.node, 'p', 2);
  const [x, y] = [ctx.x(), ctx.y()];
  const safe = ctx.where(ctx.emit('Equal', [y, ctx.scalar(0, y)]), 1, y);
  const g = p === 1 ? ctx.dy : ctx.div(ctx.dy, p === 2 ? safe : ctx.emit('Pow', [safe, ctx.scalar(p - 1, y)]));
  const power =
    p === 2
      ? x
      : p === 1
        ? ctx.emit('Sign', [x])
        : ctx.mul(ctx.emit('Sign', [x]), ctx.emit('Pow', [ctx.emit('Abs', [x]), ctx.scalar(p - 1, x)]));
  return ctx.mul(power, back(g));
}
