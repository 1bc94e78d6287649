import type { Preprocessing } from '../../../shared/plan.ts';
import { DType } from '../../graph/ir.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { ImageShape } from '../differentiable.ts';
import { channelMap } from './channels.ts';
import type { ChannelMap } from './channels.ts';
import { spatialMaps } from './matrices.ts';
import type { Matrix } from './matrices.ts';

export interface EmitRequest {
  /** Value with the pixels: [rows, C, H, W] float32 in [0,1]. */
  pixels: string;
  spec: Preprocessing;
  picture: ImageShape;
  /** What the network reads; its layout is in `spec`. */
  network: ImageShape;
  /** Pictures in a batch. */
  rows: number;
}

/**
 * Adds the preprocessing to a graph: MatMul for the geometry, Mul and Add or a 1x1 Conv for the channels, Transpose for
 * the layout; nothing where it changes nothing. All are linear but for a constant, so the gradient is exact.
 * @returns the value the network reads: float32 [rows, C', H', W'], or [rows, H', W', C'] for nhwc
 * @throws UserError when preprocessing and picture do not fit.
 */
export function emitPreprocessing(builder: GraphBuilder, { pixels, spec, picture, network, rows }: EmitRequest): string {
  const maps = spatialMaps(spec, picture.height, picture.width);
  let value = pixels;
  const matmul = (a: string, b: string): string => builder.node('MatMul', [a, b], {}, { hint: 'resample' });
  const alongRows = (x: string): string => (maps.rows ? matmul(matrix(builder, maps.rows, false), x) : x);
  const alongCols = (x: string): string => (maps.cols ? matmul(x, matrix(builder, maps.cols, true)) : x);
  // Either order is right; the cheaper one shrinks first.
  const costRowsFirst = maps.height * picture.width * (picture.height + maps.width);
  const costColsFirst = maps.width * picture.height * (picture.width + maps.height);
  value = costRowsFirst <= costColsFirst ? alongCols(alongRows(value)) : alongRows(alongCols(value));
  if (maps.pad && spec.padValue !== 0) {
    const border = maps.pad.map((v) => v * spec.padValue);
    value = builder.node('Add', [value, builder.constant(border, [1, 1, maps.height, maps.width], DType.float32, 'border')]);
  }
  value = emitChannels(builder, value, channelMap(spec, picture.channels, network.channels));
  const nhwc = spec.layout === 'nhwc';
  if (nhwc) value = builder.node('Transpose', [value], { perm: [0, 2, 3, 1] }, { hint: 'nhwc' });
  const size = nhwc ? [maps.height, maps.width, network.channels] : [network.channels, maps.height, maps.width];
  builder.facts.set(value, { type: DType.float32, dims: [rows, ...size] });
  return value;
}

function matrix(builder: GraphBuilder, { rows, cols, data }: Matrix, transposed: boolean): string {
  if (!transposed) return builder.constant(data, [rows, cols], DType.float32, 'resample');
  const turned = Float64Array.from({ length: data.length }, (_, i) => data[(i % rows) * cols + Math.floor(i / rows)]!);
  return builder.constant(turned, [cols, rows], DType.float32, 'resample');
}

function emitChannels(builder: GraphBuilder, value: string, { matrix: m, bias }: ChannelMap): string {
  const [to, from] = [m.length, m[0]!.length];
  const diagonal = to === from && m.every((row, r) => row.every((weight, c) => r === c || weight === 0));
  if (!diagonal) {
    const weights = builder.constant(m.flat(), [to, from, 1, 1], DType.float32, 'channels');
    const offsets = bias.some((b) => b !== 0) ? [builder.constant(bias, [to], DType.float32, 'offset')] : [];
    return builder.node('Conv', [value, weights, ...offsets], { kernel_shape: [1, 1] }, { hint: 'channels' });
  }
  const scales = m.map((row, c) => row[c]!);
  let out = value;
  if (scales.some((s) => s !== 1)) out = builder.node('Mul', [out, builder.constant(scales, [1, to, 1, 1], DType.float32, 'scale')]);
  if (bias.some((b) => b !== 0)) out = builder.node('Add', [out, builder.constant(bias, [1, to, 1, 1], DType.float32, 'offset')]);
  return out;
}
