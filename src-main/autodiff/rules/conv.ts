import { elementCount, int, ints, isLarge, string } from '../../graph/index.ts';
import type { RuleContext, Rules } from '../rule.ts';
import { blockable, spaced } from '../layouts/blocked.ts';
import { weightsGradient } from './conv-weights.ts';
import { backwardStrided } from '../layouts/strided.ts';
import { perAxis, windowOf } from '../window.ts';
import type { Window } from '../window.ts';

/** Fewer channels than a block of the blocked layout holds are filled up to one. */
const FEW_CHANNELS = 16;
/** Where memory counts, weights from this many on are not turned around: a scatter costs little beside such matrix products. */
const HEAVY = 2 ** 18;

/**
 * Weights [M, C/g, k...] turned into those of the adjoint, [C, M/g, k...] with every kernel read backwards.
 * Written as nodes on the initializer: onnxruntime folds them when it opens the session, so nothing is copied here.
 */
function turned(ctx: RuleContext, weights: string, groups: number): string {
  const [m, c, ...kernel] = ctx.dims(weights) as [number, number, ...number[]];
  const axes = kernel.map((_, i) => i + 2).filter((i) => kernel[i - 2]! > 1);
  let w = weights;
  if (axes.length > 0) {
    const all = (value: number) => ctx.ints(axes.map(() => value));
    w = ctx.emit('Slice', [w, all(-1), all(-(2 ** 31)), ctx.ints(axes), all(-1)]);
  }
  const spatial = kernel.map((_, i) => i + 2);
  if (groups === 1) return ctx.emit('Transpose', [w], { perm: [1, 0, ...spatial] });
  if (m === groups && c === 1) return w;
  w = ctx.emit('Reshape', [w, ctx.ints([groups, m / groups, c, ...kernel])]);
  w = ctx.emit('Transpose', [w], { perm: [0, 2, 1, ...spatial.map((i) => i + 1)] });
  return ctx.emit('Reshape', [w, ctx.ints([groups * c, m / groups, ...kernel])]);
}

/**
 * Stride 1: the adjoint of a convolution is a convolution with turned weights and pads d(k-1)-p, and costs the same as
 * the forward pass, where ConvTranspose (a matrix product and a scatter) costs up to five times as much.
 */
function backwardConv(ctx: RuleContext, w: Window, groups: number): string {
  const pads = [...w.begin, ...w.end].map((p, i) => w.dilation[i % w.size.length]! * (w.kernel[i % w.size.length]! - 1) - p);
  let dy = ctx.dy;
  if (pads.some((p) => p < 0)) {
    // More padding than the kernel reaches: the outermost outputs saw zeros only.
    const n = w.size.length;
    const starts = pads.slice(0, n).map((p) => Math.max(0, -p));
    const ends = pads.slice(n).map((p, i) => w.output[i]! - Math.max(0, -p));
    dy = ctx.emit('Slice', [dy, ctx.ints(starts), ctx.ints(ends), ctx.ints(w.size.map((_, i) => i + 2))]);
  }
  return ctx.emit('Conv', [dy, turned(ctx, ctx.x(1), groups)], {
    group: groups,
    kernel_shape: w.kernel,
    dilations: w.dilation,
    pads: pads.map((p) => Math.max(0, p)),
  });
}

/**
 * A depthwise convolution with strides: the adjoint at stride 1, on a gradient with zeros between its pixels. Most products are
 * by zero, but it is memory that counts here: two to three times as fast as ConvTranspose, which takes each channel by itself.
 * Null where the kernel does not reach over the padding.
 */
function backwardDepthwise(ctx: RuleContext, w: Window, channels: number): string | null {
  const reach = w.kernel.map((k, i) => w.dilation[i]! * (k - 1));
  const begin = reach.map((r, i) => r - w.begin[i]!);
  const needed = w.size.map((d, i) => d + reach[i]! - begin[i]!);
  const size = w.output.map((o, i) => Math.max((o - 1) * w.stride[i]! + 1, needed[i]! - reach[i]!));
  const end = needed.map((d, i) => d - size[i]!);
  if ([...begin, ...end].some((p) => p < 0)) return null;
  const dy = spaced(ctx, ctx.dy, ctx.dims(ctx.y()), w.stride, size);
  return ctx.emit('Conv', [dy, turned(ctx, ctx.x(1), channels)], {
    group: channels,
    kernel_shape: w.kernel,
    dilations: w.dilation,
    pads: [...begin, ...end],
  });
}

/** Sum over batch and space, for a bias that depends on the image. */
function backwardBias(ctx: RuleContext): string {
  const dims = ctx.dims(ctx.y());
  return ctx.emit('ReduceSum', [ctx.dy, ctx.ints(dims.map((_, i) => i).filter((i) => i !== 1))], { keepdims: 0 });
}

export const conv: Rules = {
  Conv(ctx) {
    const groups = int(ctx.node, 'group', 1);
    const w = windowOf(ctx, ctx.dims(ctx.x(1)).slice(2));
    // Into a few channels a blocked convolution would compute a whole block of 16, most of it for nothing.
    const heavy = isLarge(ctx.builder.graph) && elementCount(ctx.dims(ctx.x(1))) >= HEAVY;
    const turnable = !heavy && w.stride.every((s) => s === 1) && (groups > 1 || ctx.dims(ctx.x(0))[1]! >= FEW_CHANNELS);
    const [channels, outputs] = [ctx.x(), ctx.y()].map((v) => ctx.dims(v)[1]!) as [number, number];
    const single = groups === channels && groups === outputs && blockable(ctx, ctx.x());
    const backward = () =>
      turnable ? backwardConv(ctx, w, groups) : ((single ? backwardDepthwise(ctx, w, groups) : null) ?? backwardStrided(ctx, w, groups));
    return [
      ctx.needs(0) ? backward() : null,
      ctx.needs(1) ? weightsGradient(ctx, ctx.x(0), ctx.dy, w, ctx.dims(ctx.x(0)) as [number, number], groups) : null,
      ctx.needs(2) ? backwardBias(ctx) : null,
    ];
  },

  /** Its adjoint is the convolution that it is the transpose of; weights [C, M/g, k...] serve both as they are. */
  ConvTranspose(ctx) {
    const { node } = ctx;
    const size = ctx.dims(ctx.x(0)).slice(2);
    const output = ctx.dims(ctx.y(0)).slice(2);
    const kernel = ctx.dims(ctx.x(1)).slice(2);
    const stride = perAxis(ctx, 'strides', size.length);
    const dilation = perAxis(ctx, 'dilations', size.length);
    const pads = transposePads(ctx, size, output, kernel, stride, dilation);
    // Rows that no input reached (output_padding) carry no gradient: the convolution does not read them.
    const cut = () => {
      const dx = ctx.emit('Conv', [ctx.dy, ctx.x(1)], {
        group: int(node, 'group', 1),
        kernel_shape: kernel,
        strides: stride,
        dilations: dilation,
        pads,
      });
      const have = size.map(
        (_, i) => Math.floor((output[i]! + pads[i]! + pads[i + size.length]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1,
      );
      const axes = size.map((_, i) => i + 2);
      return have.every((d, i) => d === size[i])
        ? dx
        : ctx.emit('Slice', [dx, ctx.ints(axes.map(() => 0)), ctx.ints(size), ctx.ints(axes)]);
    };
    // Read as that convolution, dy is its input and x its output.
    const w: Window = {
      size: output,
      output: size,
      kernel,
      stride,
      dilation,
      begin: pads.slice(0, size.length),
      end: pads.slice(size.length),
    };
    const dw = () => weightsGradient(ctx, ctx.dy, ctx.x(0), w, ctx.dims(ctx.y()) as [number, number], int(node, 'group', 1));
    return [ctx.needs(0) ? cut() : null, ctx.needs(1) ? dw() : null, ctx.needs(2) ? backwardBias(ctx) : null];
  },
};

/** Padding of a ConvTranspose, which `output_shape` and `auto_pad` may leave to arithmetic (ONNX, ConvTranspose). */
function transposePads(
  ctx: RuleContext,
  size: number[],
  output: number[],
  kernel: number[],
  stride: number[],
  dilation: number[],
): number[] {
  const { node } = ctx;
  const auto = string(node, 'auto_pad', 'NOTSET');
  const extra = ints(
    node,
    'output_padding',
    size.map(() => 0),
  );
  const fixed = ints(
    node,
    'pads',
    [...size, ...size].map(() => 0),
  );
  const byShape = ints(node, 'output_shape') !== undefined || auto.startsWith('SAME');
  if (!byShape) return auto === 'VALID' ? fixed.map(() => 0) : fixed;
  // An output longer than anything reaches is filled up behind; no padding is negative.
  const all = size.map((d, i) => Math.max(0, stride[i]! * (d - 1) + extra[i]! + (kernel[i]! - 1) * dilation[i]! + 1 - output[i]!));
  const less = all.map((p) => Math.floor(p / 2));
  const more = all.map((p, i) => p - less[i]!);
  return auto === 'SAME_UPPER' ? [...less, ...more] : [...more, ...less];
}
