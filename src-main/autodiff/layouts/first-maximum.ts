import { DType } from '../../graph/index.ts';
import type { RuleContext } from '../rule.ts';
import { blockable, depthwise, positive } from './blocked.ts';
import type { Window } from '../window.ts';

/** Whole numbers up to here are exact in float32. */
const EXACT = 2 ** 24;

/**
 * Whether `firstMaximum` can be asked: windows of 2 or 3 by 2 or 3 pixels on an image in blocks. A convolution pads with zeros
 * and a pool with nothing, so over padded windows the pool's input must not be negative.
 */
export function findable(ctx: RuleContext, w: Window, nonNegative: boolean): boolean {
  const small = w.kernel.length === 2 && w.kernel.every((k, i) => (k === 2 || k === 3) && w.dilation[i] === 1);
  const [, c, h, width] = ctx.dims(ctx.x()) as [number, number, number, number];
  return (
    small &&
    blockable(ctx, ctx.x()) &&
    c * h * width < EXACT &&
    (nonNegative || (w.begin.every((p) => p === 0) && reach(w).every((p) => p === 0)))
  );
}

/** Padding after the end that the last window takes, also where `ceil_mode` lets it hang over. */
const reach = (w: Window) => w.size.map((d, i) => Math.max(0, (w.output[i]! - 1) * w.stride[i]! + w.kernel[i]! - d - w.begin[i]!));

/** A window that is 1 pixel long along one axis: what a search along the other axis looks at. */
function along(w: Window, axis: 0 | 1) {
  const only = (values: number[], none: number) => values.map((v, i) => (i === axis ? v : none));
  return { kernel_shape: only(w.kernel, 1), strides: only(w.stride, 1), pads: [...only(w.begin, 0), ...only(reach(w), 0)] };
}

/**
 * Index of the first maximum (in row order) of each window, as MaxPool's own second output has it; over a padded window of
 * zeros only, it is that of its first place, which may be outside. onnxruntime computes that output one number at a time and
 * outside its blocked layout, at 15 times the cost of the pool; this takes a third of that.
 *
 * Two searches: within each row of a window, then down its rows. In each, place k is passed by where it is below the maximum,
 * and all before it were: one convolution that takes the maximum minus that place, fused with a HardSigmoid to 0 or 1. Hence
 * column = p0 + p0 p1 and, with c(r) the column found in row r, offset = c(0) + q0 (c(1) - c(0) + W) + q0 q1 (c(2) - c(1) + W).
 */
export function firstMaximum(ctx: RuleContext, w: Window): string {
  const [n, c, h, width] = ctx.dims(ctx.x()) as [number, number, number, number];
  const [rows, columns] = w.output as [number, number];
  const [kh, kw] = w.kernel as [number, number];
  const unit = (k: number, size: number) => Array.from({ length: size }, (_, i) => (i === k ? 1 : 0));
  const passed = (value: string, maximum: string, k: number, axis: 0 | 1) => {
    const { kernel_shape: kernel, strides, pads } = along(w, axis);
    const place = depthwise(ctx, value, c, { kernel, taps: unit(k, w.kernel[axis]!).map((v) => 0 - v), strides, pads });
    return positive(ctx, ctx.emit('Add', [place, maximum]));
  };
  const times = (a: string, b: string) => ctx.emit('Mul', [a, b]);
  const plus = (a: string, b: string) => ctx.emit('Add', [a, b]);

  const rowMaxima = ctx.emit('MaxPool', [ctx.x()], along(w, 1));
  const p0 = passed(ctx.x(), rowMaxima, 0, 1);
  const column = kw === 2 ? p0 : plus(p0, times(p0, passed(ctx.x(), rowMaxima, 1, 1)));

  const down = along(w, 0);
  const step = (k: number) => ({ ...down, taps: unit(k, kh).map((v, i) => v - (i === k - 1 ? 1 : 0)), kernel: down.kernel_shape });
  const q0 = passed(rowMaxima, ctx.y(), 0, 0);
  let later = depthwise(ctx, column, c, { ...step(1), shift: width });
  if (kh === 3) later = plus(later, times(passed(rowMaxima, ctx.y(), 1, 0), depthwise(ctx, column, c, { ...step(2), shift: width })));
  // The corner of the window at the origin, which padding puts outside, and the channel's own plane.
  const origins = Array.from({ length: c }, (_, i) => i * h * width - w.begin[0]! * width - w.begin[1]!);
  const offset = plus(depthwise(ctx, column, c, { ...step(0), shift: origins }), times(q0, later));

  const corners = Array.from(
    { length: rows * columns },
    (_, i) => Math.floor(i / columns) * w.stride[0]! * width + (i % columns) * w.stride[1]!,
  );
  const images = Array.from({ length: n }, (_, i) => i * c * h * width);
  const whole = (value: string) => ctx.emit('Cast', [value], { to: DType.int64 });
  const places = (type: DType) =>
    ctx.builder.constant(
      images.flatMap((i) => corners.map((k) => i + k)),
      [n, 1, rows, columns],
      type,
      'corners',
    );
  if (n * c * h * width < EXACT) return whole(plus(offset, places(DType.float32)));
  return plus(whole(offset), places(DType.int64));
}
