import { DType, elementCount } from '../../graph/index.ts';
import type { RuleContext } from '../rule.ts';

/** A quantised value and what its integers mean, by places in the node's inputs (or, for a value that is none, by name). */
export interface Operand {
  value: number;
  name?: string;
  scale?: number;
  zero?: number;
  /** Axis that a scale per channel runs along; the last where not given. */
  axis?: number;
}

const RANGE: Record<number, [number, number]> = {
  [DType.uint8]: [0, 255],
  [DType.int8]: [-128, 127],
  [DType.uint16]: [0, 65535],
  [DType.int16]: [-32768, 32767],
};

/**
 * The range of a quantised value, where its ends stand for a clip that the model means. With the zero point at the low end
 * nothing negative can be told apart: that is how quantisers absorb a Relu or Relu6. Any other range is only where
 * the calibration images ended, and a value stuck at its end must still be able to move: null.
 */
export function bounds(ctx: RuleContext, value: string, zero: string): { low: number; high: number } | null {
  const range = RANGE[ctx.type(value)];
  const zeros = zero === '' ? [0] : ctx.facts(zero).data;
  if (!range || !zeros || !Array.from(zeros).every((z) => z === range[0])) return null;
  return { low: range[0], high: range[1] };
}

/** A gradient where the quantised value is not held at an end of its range (see `bounds`), else 0. */
export function unclipped(ctx: RuleContext, dy: string, value: string, zero: string): string {
  const range = bounds(ctx, value, zero);
  if (!range) return dy;
  const level = ctx.emit('Cast', [value], { to: DType.float32 });
  const step = (alpha: number, beta: number) => ctx.emit('HardSigmoid', [level], { alpha: { float: alpha }, beta: { float: beta } });
  return ctx.mul(ctx.mul(dy, step(1, -range.low)), step(-1, range.high));
}

/** A scale or zero point so that it broadcasts against a value of some rank; the axis counts for one per channel only. */
export function laid(ctx: RuleContext, vector: string, rank: number, axis = rank - 1): string {
  const sizes = ctx.dims(vector);
  if (elementCount(sizes) === 1) return sizes.length === 0 ? vector : ctx.emit('Reshape', [vector, ctx.ints([])]);
  if (sizes.length !== 1) return ctx.refuse('it has a scale per block');
  if (axis === rank - 1) return vector;
  return ctx.emit('Reshape', [vector, ctx.ints(Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1)))]);
}

/**
 * (q - z) s as a float32 value, times one more scalar where given. Written as arithmetic, which onnxruntime folds
 * on constant weights when it opens the session; it leaves DequantizeLinear alone.
 */
export function dequantise(ctx: RuleContext, { value, name = ctx.x(value), scale, zero, axis }: Operand, factor = ''): string {
  const dims = ctx.dims(name);
  const at = (i: number | undefined) => (i === undefined || i < 0 || !ctx.x(i) ? '' : laid(ctx, ctx.x(i), dims.length, axis));
  const float = (v: string) => ctx.emit('Cast', [v], { to: DType.float32 });
  let result = ctx.type(name) === DType.float32 ? name : float(name);
  if (at(zero)) result = ctx.sub(result, float(at(zero)));
  const scaling = [at(scale), factor].filter((s) => s !== '');
  if (scaling.length > 0) result = ctx.mul(result, scaling.length === 2 ? ctx.mul(scaling[0]!, scaling[1]!) : scaling[0]!);
  ctx.builder.facts.set(result, { type: DType.float32, dims });
  return result;
}
