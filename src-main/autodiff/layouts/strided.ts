import type { RuleContext } from '../rule.ts';
import { blockable, inBlocks, intoBlocks } from './blocked.ts';
import { windowAttributes } from '../window.ts';
import type { Window } from '../window.ts';

/** What rows r, r + s, r + 2s, ... of the input have to do with: `count` taps, every s-th of the kernel's, and the padding of dy before and behind. */
interface Phase {
  last: number;
  count: number;
  begin: number;
  end: number;
}

function phaseOf(w: Window, axis: number, r: number): Phase {
  const [stride, pad, kernel] = [w.stride[axis]!, w.begin[axis]!, w.kernel[axis]!];
  // Row s q + r took tap i of output row q + (r + pad - i) / s.
  const first = (r + pad) % stride;
  const count = Math.ceil((kernel - first) / stride);
  const last = first + (count - 1) * stride;
  const begin = (last - r - pad) / stride;
  return { last, count, begin, end: w.size[axis]! / stride - w.output[axis]! - begin + count - 1 };
}

/**
 * Strides on an image in blocks: every s-th row and column of dx is a convolution of dy at stride 1 with every s-th tap, so
 * s² of them make up dx and no product is wasted. ConvTranspose has as few, but writes them all out before it adds them up,
 * on one core. Null where some row takes part in no window, or the phases differ in size.
 */
function backwardPhases(ctx: RuleContext, w: Window): string | null {
  const dims = ctx.dims(ctx.x());
  const [n, c] = dims as [number, number];
  if (dims.length !== 4 || !blockable(ctx, ctx.x()) || !blockable(ctx, ctx.y())) return null;
  const whole = w.stride.every((s, i) => s > 1 && w.kernel[i]! >= s && w.dilation[i] === 1 && w.size[i]! % s === 0);
  if (!whole) return null;
  const [rows, columns] = w.stride.map((s, axis) => Array.from({ length: s }, (_, r) => phaseOf(w, axis, r))) as [Phase[], Phase[]];
  if ([...rows, ...columns].some((p) => p.begin < 0 || p.end < 0)) return null;
  const [h, width] = w.size.map((d, i) => d / w.stride[i]!) as [number, number];
  const lines = rows.map((a) => {
    const parts = columns.map((b) => {
      const ends = ctx.ints([-(2 ** 31), -(2 ** 31)]);
      const taps = ctx.emit('Slice', [ctx.x(1), ctx.ints([a.last, b.last]), ends, ctx.ints([2, 3]), ctx.ints(w.stride.map((s) => -s))]);
      const turned = ctx.emit('Transpose', [taps], { perm: [1, 0, 2, 3] });
      const phase = ctx.emit('Conv', [ctx.dy, turned], { kernel_shape: [a.count, b.count], pads: [a.begin, b.begin, a.end, b.end] });
      return ctx.emit('Reshape', [phase, ctx.ints([n, c, h, width, 1])]);
    });
    return ctx.emit('Reshape', [ctx.emit('Concat', parts, { axis: 4 }), ctx.ints([n, c, h, 1, w.size[1]!])]);
  });
  return ctx.emit('Reshape', [ctx.emit('Concat', lines, { axis: 3 }), ctx.ints(dims)]);
}

/** Any stride: phases, or ConvTranspose with the rows and columns that the last stride left over put back. */
export function backwardStrided(ctx: RuleContext, w: Window, groups: number): string {
  const rest = w.size.map((d, i) => (d + w.begin[i]! + w.end[i]! - w.dilation[i]! * (w.kernel[i]! - 1) - 1) % w.stride[i]!);
  const transpose = () => ctx.emit('ConvTranspose', [ctx.dy, ctx.x(1)], { ...windowAttributes(w), group: groups, output_padding: rest });
  const dx = (groups === 1 ? backwardPhases(ctx, w) : null) ?? transpose();
  // Plain as it comes, it would keep the residual stream before it in the plain layout, from block to block.
  return inBlocks(ctx, ctx.x()) ? intoBlocks(ctx, dx, ctx.dims(ctx.x())[1]!) : dx;
}
