import { DType, isLarge } from '../../graph/index.ts';
import type { RuleContext } from '../rule.ts';

/**
 * onnxruntime's convolutions keep the channels of an image in blocks of a vector's width, and so do the few operators around
 * them that its layout pass knows: Add, Sum, Mul, Relu, Sigmoid, Tanh, HardSigmoid, LeakyRelu, pooling, Concat of channels
 * and nearest Resize. Any other operator, and every operand that is no such image (a scalar, a vector over channels), costs
 * a reorder into the plain layout and one back. Here is what adjoints need, spelt in those few operators.
 */

/** Channels in one block with 512-bit vectors; with shorter ones it is a divisor of this. */
const BLOCK = 16;

/** A slope with which HardSigmoid takes every normal positive float32 to 1. */
const STEEP = 3e38;

const SOURCES = new Set(['Conv', 'MaxPool', 'AveragePool']);
const THROUGH = new Set([
  'Add',
  'Sum',
  'Mul',
  'Relu',
  'Clip',
  'Sigmoid',
  'Tanh',
  'HardSigmoid',
  'LeakyRelu',
  'HardSwish',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'Identity',
  'Concat',
  'BatchNormalization',
]);

/** Whether a value is an image of whole blocks, in a model that is run in blocks at all. */
export function blockable(ctx: RuleContext, value: string): boolean {
  const dims = ctx.dims(value);
  return dims.length === 4 && dims[1]! % BLOCK === 0 && ctx.type(value) === DType.float32 && !isLarge(ctx.builder.graph);
}

/** Whether onnxruntime has a value of the model in the blocked layout: it comes from a convolution, by operators that keep it. */
export function inBlocks(ctx: RuleContext, value: string): boolean {
  if (!blockable(ctx, value)) return false;
  for (let at = value; ;) {
    const node = ctx.producer(at);
    if (!node || node.domain !== '') return false;
    if (SOURCES.has(node.opType)) return true;
    if (!THROUGH.has(node.opType)) return false;
    at = node.input[0]!;
  }
}

/** How taps are laid over an image: one pattern for all channels, each channel by itself. */
export interface Taps {
  kernel: number[];
  taps: number[];
  strides?: number[];
  pads?: number[];
  /** Added to every output; one number, or one per channel. */
  shift?: number | number[];
}

/** A depthwise convolution of an image with `channels` channels. An Add of another image to it is fused, and a HardSigmoid after that. */
export function depthwise(ctx: RuleContext, value: string, channels: number, { kernel, taps, strides, pads, shift = 0 }: Taps): string {
  const weights = ctx.builder.constant(
    Array.from({ length: channels }).flatMap(() => taps),
    [channels, 1, ...kernel],
    DType.float32,
    'taps',
  );
  const shifts = typeof shift === 'number' ? new Array<number>(channels).fill(shift) : shift;
  const bias = shifts.every((s) => s === 0) ? [] : [ctx.builder.constant(shifts, [channels], DType.float32, 'shift')];
  return ctx.emit('Conv', [value, weights, ...bias], {
    group: channels,
    kernel_shape: kernel,
    ...(strides ? { strides } : {}),
    ...(pads ? { pads } : {}),
  });
}

/** scale * value + shift, of an image in blocks. */
export function affine(ctx: RuleContext, value: string, channels: number, scale: number, shift = 0): string {
  return depthwise(ctx, value, channels, { kernel: [1, 1], taps: [scale], shift });
}

/** HardSigmoid(slope x + offset), clipped to [0, 1]. */
const clipped = (ctx: RuleContext, value: string, slope: number, offset: number) =>
  ctx.emit('HardSigmoid', [value], { alpha: { float: slope }, beta: { float: offset } });

/** 1 where the value is above 0, else 0. Exact for normal float32 numbers. */
export const positive = (ctx: RuleContext, value: string): string => clipped(ctx, value, STEEP, 0);

/** Whether `beyond` can tell values from this bound: there must be room for a slope that makes one unit in the last place a 1. */
export const hasStep = (bound: number): boolean => bound === 0 || (Math.abs(bound) > 2 ** -90 && Math.abs(bound) < 2 ** 90);

/**
 * 1 where the value is above (side 1) or below (side -1) a bound, else 0, at the bound itself 0. The slope is a power of two,
 * so slope x - slope bound is exact wherever the two are near one another.
 */
export function beyond(ctx: RuleContext, value: string, bound: number, side: 1 | -1): string {
  if (bound === 0) return clipped(ctx, value, side * STEEP, 0);
  const slope = side * 2 ** (30 - Math.floor(Math.log2(Math.abs(bound))));
  return clipped(ctx, value, slope, -slope * bound);
}

/**
 * 1 strictly between 0 and a bound, for an image clipped to these two: with p = [x > 0], x is below p bound just there.
 * One pass less than a product of two steps, as the convolution takes up the sum and the step.
 */
export function betweenZeroAnd(ctx: RuleContext, value: string, bound: number): string {
  const excess = ctx.emit('Add', [affine(ctx, positive(ctx, value), ctx.dims(value)[1]!, -bound), value]);
  return clipped(ctx, excess, -STEEP, 0);
}

/**
 * scale * every pixel, repeated over a window of the given size: [n, c, h, w] to [n, c, h kh, w kw]. The scaling is what brings
 * the value into blocks, without which a nearest Resize takes its slow way.
 */
export function repeated(ctx: RuleContext, value: string, channels: number, kernel: readonly number[], scale = 1): string {
  const scales = ctx.builder.constant([1, 1, ...kernel], [4], DType.float32, 'scales');
  const settings = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  return ctx.emit('Resize', [affine(ctx, value, channels, scale), '', scales], settings);
}

/** Puts a value that is in the plain layout into blocks, so that what follows stays there. */
export const intoBlocks = (ctx: RuleContext, value: string, channels: number): string => affine(ctx, value, channels, 1);

/**
 * An image with its pixels `stride` apart and zeros between them, in an image of the given size. MaxUnpool places them, one
 * by one but far faster than anything else can; its indices take twice the memory of the image with no zeros.
 */
export function spaced(
  ctx: RuleContext,
  value: string,
  dims: readonly number[],
  stride: readonly number[],
  size: readonly number[],
): string {
  const [n, c, h, w] = dims as [number, number, number, number];
  const corners = Array.from({ length: h * w }, (_, i) => Math.floor(i / w) * stride[0]! * size[1]! + (i % w) * stride[1]!);
  const planes = Array.from({ length: n * c }, (_, i) => i * size[0]! * size[1]!);
  const places = ctx.add(
    ctx.builder.constant(corners, [h, w], DType.int64, 'corners'),
    ctx.builder.constant(planes, [n, c, 1, 1], DType.int64, 'planes'),
  );
  return placed(ctx, value, places, [n, c, ...size]);
}

/** Every value of an image written to its place (int64, counted over the whole result), zeros elsewhere. No two may share a place. */
export function placed(ctx: RuleContext, value: string, places: string, dims: readonly number[]): string {
  // The window only sets the least size that onnxruntime accepts, which forgets about padding: the places say all.
  const result = ctx.emit('MaxUnpool', [value, places, ctx.ints(dims)], { kernel_shape: dims.slice(2).map(() => 1) });
  // onnxruntime infers no shape here, and without one leaves the blocked layout for good: Reshape says it, at no cost.
  return ctx.emit('Reshape', [result, ctx.ints(dims)]);
}
