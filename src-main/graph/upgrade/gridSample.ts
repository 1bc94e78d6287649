import { int, string } from '../attributes.ts';
import { DType } from '../ir.ts';
import type { Lift, Lifters } from './lift.ts';

/** One pixel that a sampling point reads along an axis: its index, its weight, and whether it is in the picture (null: surely). */
interface Tap {
  index: string;
  weight: string | null;
  inside: string | null;
}

/** Keys' constant, as PyTorch and onnxruntime have it. */
const CUBIC = -0.75;

/**
 * GridSample as the arithmetic it is made of, in two dimensions: pixels read at whole indices, times weights that depend on
 * where the point lies between them. Its gradient with respect to both, the picture and the grid, then follows from that of
 * its parts; whole indices carry none, and so neither does their rounding.
 */
function gridSample(lift: Lift): void {
  const [n, c, h, w] = lift.dims(lift.x(0)) as [number, number, number, number];
  const grid = lift.dims(lift.x(1));
  if (grid.length !== 4) lift.refuse('it samples volumes');
  const [, rows, columns] = grid as [number, number, number];
  const points = rows * columns;
  const axis = (k: number, size: number) => {
    const part = lift.emit('Slice', [lift.x(1), lift.builder.ints([k]), lift.builder.ints([k + 1]), lift.builder.ints([3])]);
    return taps(lift, position(lift, lift.emit('Reshape', [part, lift.builder.ints([n, 1, points])]), size), size);
  };
  const [across, down] = [axis(0, w), axis(1, h)];
  const pixels = lift.emit('Reshape', [lift.x(0), lift.builder.ints([n, c, h * w])]);
  const terms = down.flatMap((y) =>
    across.map((x) => {
      const flat = lift.emit('Add', [lift.emit('Mul', [y.index, long(lift, w)]), x.index]);
      const read = lift.emit('GatherElements', [pixels, lift.emit('Expand', [flat, lift.builder.ints([n, c, points])])], { axis: 2 });
      const factors = [y.weight, x.weight, y.inside, x.inside].filter((f) => f !== null);
      return factors.length === 0 ? read : lift.emit('Mul', [read, factors.reduce((a, b) => lift.emit('Mul', [a, b]))]);
    }),
  );
  const sum = terms.length === 1 ? terms[0]! : lift.emit('Sum', terms);
  lift.finish('Reshape', [sum, lift.builder.ints([n, c, rows, columns])]);
}

const long = (lift: Lift, value: number) => lift.builder.scalar(value, DType.int64);
const number = (lift: Lift, value: number) => lift.scalar(value, lift.x(0));

/** From [-1, 1] to pixels: the ends are the outermost centres (align_corners) or the picture's edges. */
function position(lift: Lift, g: string, size: number): string {
  const aligned = int(lift.node, 'align_corners', 0) === 1;
  const slope = aligned ? (size - 1) / 2 : size / 2;
  return lift.emit('Add', [lift.emit('Mul', [g, number(lift, slope)]), number(lift, (size - 1) / 2)]);
}

function taps(lift: Lift, at: string, size: number): Tap[] {
  const mode = string(lift.node, 'mode', 'linear');
  const whole = (value: string) => lift.emit('Cast', [value], { to: DType.int64 });
  const tap = (index: string, weight: string | null): Tap => ({ weight, ...padded(lift, index, size) });
  if (mode === 'nearest') return [tap(whole(lift.emit('Round', [at])), null)];
  const base = whole(lift.emit('Floor', [at]));
  const t = lift.emit('Sub', [at, lift.emit('Cast', [base], { to: lift.type(lift.x(0)) })]);
  const rest = lift.emit('Sub', [number(lift, 1), t]);
  const shifted = (k: number) => (k === 0 ? base : lift.emit('Add', [base, long(lift, k)]));
  if (mode === 'linear' || mode === 'bilinear') return [tap(base, rest), tap(shifted(1), t)];
  const weights = [far(lift, t), near(lift, t), near(lift, rest), far(lift, rest)];
  return weights.map((weight, k) => tap(shifted(k - 1), weight));
}

/** Keys 1981, for distances up to 1: ((a + 2) t - (a + 3)) t^2 + 1. */
function near(lift: Lift, t: string): string {
  const slope = lift.emit('Sub', [lift.emit('Mul', [t, number(lift, CUBIC + 2)]), number(lift, CUBIC + 3)]);
  return lift.emit('Add', [lift.emit('Mul', [slope, lift.emit('Mul', [t, t])]), number(lift, 1)]);
}

/** And for 1 to 2, at 1 + t: a ((t - 2) t + 1) t, which is a d^3 - 5 a d^2 + 8 a d - 4 a. */
function far(lift: Lift, t: string): string {
  const inner = lift.emit('Add', [lift.emit('Mul', [lift.emit('Sub', [t, number(lift, 2)]), t]), number(lift, 1)]);
  return lift.emit('Mul', [lift.emit('Mul', [inner, t]), number(lift, CUBIC)]);
}

/** An index brought into the picture, in the way the node pads it. */
function padded(lift: Lift, index: string, size: number): Pick<Tap, 'index' | 'inside'> {
  const mode = string(lift.node, 'padding_mode', 'zeros');
  const clipped = (value: string) => lift.emit('Clip', [value, long(lift, 0), long(lift, size - 1)]);
  if (mode === 'reflection' && size > 1) {
    // Mirrors lie in the outermost centres, or half a pixel outside of them.
    const aligned = int(lift.node, 'align_corners', 0) === 1;
    const period = aligned ? 2 * (size - 1) : 2 * size;
    const once = lift.emit('Mod', [index, long(lift, period)]);
    return { index: lift.emit('Min', [once, lift.emit('Sub', [long(lift, aligned ? period : period - 1), once])]), inside: null };
  }
  if (mode !== 'zeros') return { index: clipped(index), inside: null };
  const inside = lift.emit('Equal', [index, clipped(index)]);
  return { index: clipped(index), inside: lift.emit('Cast', [inside], { to: lift.type(lift.x(0)) }) };
}

export const sampling: Lifters = {
  GridSample: { since: Infinity, lift: gridSample },
  'com.microsoft:GridSample': { since: Infinity, lift: gridSample },
};
