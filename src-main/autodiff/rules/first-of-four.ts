import { DType } from '../../graph/index.ts';
import type { RuleContext } from '../rule.ts';
import type { Window } from './window.ts';

/** Channels in one block of onnxruntime's blocked layout with 512-bit vectors; with shorter ones it is a divisor of this. */
const BLOCK = 16;

/** The commonest pool of all, 2x2 windows side by side, on a value that onnxruntime keeps in its blocked layout. */
export function quartered(ctx: RuleContext, w: Window): boolean {
  const dims = ctx.dims(ctx.x());
  const plain = [...w.begin, ...w.end].every((p) => p === 0) && w.size.every((d, i) => w.output[i] === Math.floor(d / 2));
  const two = w.kernel.every((k, i) => k === 2 && w.stride[i] === 2 && w.dilation[i] === 1);
  return dims.length === 4 && dims[1]! % BLOCK === 0 && plain && two && ctx.type(ctx.x()) === DType.float32;
}

/** One tap pattern applied to every channel by itself. */
function depthwise(ctx: RuleContext, value: string, taps: number[], kernel: number[]): string {
  const channels = ctx.dims(ctx.x())[1]!;
  const weights = ctx.builder.constant(Array.from({ length: channels }).flatMap(() => taps), [channels, 1, ...kernel], DType.float32, 'taps');
  return ctx.emit('Conv', [value, weights], { group: channels, kernel_shape: kernel, strides: kernel });
}

/** 1 where the second of two neighbours is greater, else 0: at equality the first wins. */
function secondWins(ctx: RuleContext, value: string, kernel: number[]): string {
  return ctx.emit('HardSigmoid', [depthwise(ctx, value, [-1, 1], kernel)], { alpha: { float: 3e38 }, beta: { float: 0 } });
}

/**
 * Index of the first maximum (in row order) of each 2x2 window [[a, b], [c, d]], as MaxPool's own second output has it.
 * onnxruntime computes that output one number at a time and outside its blocked layout, at 15 times the cost of the pool;
 * this takes a third of that. Two choices decide: within each row the right one only if greater, then the lower row only
 * if its maximum is greater. The differences are convolutions, and each fuses with the HardSigmoid that turns it into 0 or 1.
 */
export function firstOfFour(ctx: RuleContext): string {
  const [n, c, h, w] = ctx.dims(ctx.x()) as [number, number, number, number];
  const [rows, columns] = [Math.floor(h / 2), Math.floor(w / 2)];
  const right = secondWins(ctx, ctx.x(), [1, 2]);
  const rowMax = ctx.emit('MaxPool', [ctx.x()], { kernel_shape: [1, 2], strides: [1, 2] });
  const lower = secondWins(ctx, rowMax, [2, 1]);
  // right of the winning row = upper + lower (below - upper)
  const change = depthwise(ctx, right, [-1, 1], [2, 1]);
  const chosen = ctx.add(depthwise(ctx, right, [1, 0], [2, 1]), ctx.emit('Mul', [lower, change]));
  const offset = ctx.emit('Cast', [ctx.add(chosen, ctx.mul(lower, w))], { to: DType.int64 });
  const corners = Array.from({ length: rows * columns }, (_, i) => 2 * w * Math.floor(i / columns) + 2 * (i % columns));
  const planes = Array.from({ length: n * c }, (_, i) => i * h * w);
  const inPlane = ctx.add(offset, ctx.builder.constant(corners, [rows, columns], DType.int64, 'corners'));
  return ctx.add(inPlane, ctx.builder.constant(planes, [n, c, 1, 1], DType.int64, 'planes'));
}
