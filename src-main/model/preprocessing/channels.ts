import { UserError } from '../../../shared/errors.ts';
import type { Preprocessing } from '../../../shared/plan.ts';

/** Channels of a pixel as an affine map: network = matrix · picture + bias. */
export interface ChannelMap {
  /** Network channels x picture channels. */
  matrix: number[][];
  /** One per network channel. */
  bias: number[];
}

/** Luma weights of ITU-R BT.601, as PIL's mode L has them. */
const LUMA = [0.299, 0.587, 0.114];

/**
 * Channel order, grey, scale, mean and std in one map: (value * scale - mean) / std.
 * A grey picture fills all channels of a colour network; a network with one channel reads luma, whatever the order says.
 * @throws UserError when picture or network have neither 1 nor 3 channels, or mean and std are of the wrong number.
 */
export function channelMap(spec: Preprocessing, pictureChannels: number, networkChannels: number): ChannelMap {
  const means = perChannel(spec.mean, networkChannels, 'mean');
  const stds = perChannel(spec.std, networkChannels, 'std');
  const picked = pick(spec.channels, pictureChannels, networkChannels);
  return {
    matrix: picked.map((row, c) => row.map((weight) => (weight * spec.scale) / stds[c]!)),
    bias: means.map((mean, c) => (mean === 0 ? 0 : -mean / stds[c]!)),
  };
}

/** Which share of each picture channel goes into each network channel. */
function pick(order: Preprocessing['channels'], from: number, to: number): number[][] {
  if ((from !== 1 && from !== 3) || (to !== 1 && to !== 3))
    throw new UserError(
      `Pictures have 1 or 3 channels, but ${from === 1 || from === 3 ? `the network reads ${to}` : `the picture has ${from}`}.`,
    );
  if (from === 1) return Array.from({ length: to }, () => [1]);
  if (to === 1 || order === 'grey') return Array.from({ length: to }, () => [...LUMA]);
  const unit = (at: number): number[] => [0, 1, 2].map((c) => (c === at ? 1 : 0));
  return (order === 'bgr' ? [2, 1, 0] : [0, 1, 2]).map(unit);
}

/** One value for all channels, or one each. */
export function perChannel(values: readonly number[], channels: number, what: string): number[] {
  if (values.length === 1) return new Array<number>(channels).fill(values[0]!);
  if (values.length === channels) return [...values];
  throw new UserError(
    `The preprocessing has ${values.length} values of ${what}, but the network reads ${channels} channel${channels > 1 ? 's' : ''}: give 1 or ${channels}.`,
  );
}
