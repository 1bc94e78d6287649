import type { Preprocessing } from '../../../shared/plan.ts';
import { DType } from '../../graph/ir.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { ImageShape } from '../differentiable.ts';
import { channelMap } from './channels.ts';
import type { ChannelMap } from './channels.ts';

export interface EmitRequest {
  /** Value with the pixels: [rows, C, H, W] float32 in [0,1]. */
  pixels: string;
  spec: Preprocessing;
  /** At the size that the network reads: `Resampler` stands before the graph. */
  picture: ImageShape;
  /** What the network reads; its layout is in `spec`. */
  network: ImageShape;
  /** Pictures in a batch. */
  rows: number;
}

/**
 * Adds the preprocessing to a graph, but for its geometry: Mul and Add or a 1x1 Conv for the channels, Transpose for the
 * layout; nothing where it changes nothing. All are linear but for a constant, so the gradient is exact.
 * @returns the value the network reads: float32 [rows, C', H', W'], or [rows, H', W', C'] for nhwc
 * @throws UserError when preprocessing and picture do not fit.
 */
export function emitPreprocessing(builder: GraphBuilder, { pixels, spec, picture, network, rows }: EmitRequest): string {
  let value = emitChannels(builder, pixels, channelMap(spec, picture.channels, network.channels));
  const nhwc = spec.layout === 'nhwc';
  if (nhwc) value = builder.node('Transpose', [value], { perm: [0, 2, 3, 1] }, { hint: 'nhwc' });
  const size = nhwc ? [picture.height, picture.width, network.channels] : [network.channels, picture.height, picture.width];
  builder.facts.set(value, { type: DType.float32, dims: [rows, ...size] });
  return value;
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
