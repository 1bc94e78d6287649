import type { Preprocessing } from '../../../shared/plan.ts';
import type { ImageShape } from '../differentiable.ts';
import { perChannel } from './channels.ts';
import { planGeometry } from './geometry.ts';
import type { Axis } from './geometry.ts';

/** What the network reads, in its own layout. */
export interface Preprocessed {
  data: Float32Array;
  /** [C, H, W] or, for layout nhwc, [H, W, C]. */
  shape: [number, number, number];
}

/**
 * Preprocesses one picture pixel by pixel, straight from the definition. It shares no arithmetic with the graph's
 * matrices: exported PNGs are checked through this, in the original model, so that a mistake in the one cannot hide in
 * the other.
 * @param pixels C x H x W, values in [0,1]
 * @param networkChannels channels the network reads: 1 or 3
 * @throws UserError as `planGeometry` and `perChannel`.
 */
export function preprocess(spec: Preprocessing, pixels: Float32Array, picture: ImageShape, networkChannels: number): Preprocessed {
  const { rows, cols } = planGeometry(spec, picture.height, picture.width);
  const [height, width] = [rows.to, cols.to];
  const means = perChannel(spec.mean, networkChannels, 'mean');
  const stds = perChannel(spec.std, networkChannels, 'std');
  const data = new Float32Array(networkChannels * height * width);
  const ys = Array.from({ length: height }, (_, y) => neighbours(rows, y, spec.interpolation));
  const xs = Array.from({ length: width }, (_, x) => neighbours(cols, x, spec.interpolation));
  const colour = new Array<number>(picture.channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [tall, wide] = [ys[y], xs[x]];
      if (tall && wide) resample(pixels, picture, tall, wide, colour);
      else colour.fill(spec.padValue);
      for (let c = 0; c < networkChannels; c++) {
        const value = (channel(colour, spec.channels, c, networkChannels) * spec.scale - means[c]!) / stds[c]!;
        data[spec.layout === 'nhwc' ? (y * width + x) * networkChannels + c : (c * height + y) * width + x] = value;
      }
    }
  }
  return { data, shape: spec.layout === 'nhwc' ? [height, width, networkChannels] : [networkChannels, height, width] };
}

/**
 * The picture among other channels of the network's input.
 * @param at channels before and after the picture's own, and what they hold; null: the picture takes all
 */
export function embed(
  { data, shape }: Preprocessed,
  spec: Pick<Preprocessing, 'layout'>,
  at: { before: number; after: number; fill: number } | null,
): Float32Array {
  if (at === null) return data;
  const nhwc = spec.layout === 'nhwc';
  const channels = nhwc ? shape[2] : shape[0];
  const of = at.before + channels + at.after;
  const plane = data.length / channels;
  const out = new Float32Array(plane * of).fill(at.fill);
  for (let p = 0; p < plane; p++)
    for (let c = 0; c < channels; c++)
      out[nhwc ? p * of + at.before + c : (at.before + c) * plane + p] = data[nhwc ? p * channels + c : c * plane + p]!;
  return out;
}

function channel(colour: readonly number[], order: Preprocessing['channels'], c: number, of: number): number {
  if (colour.length === 1) return colour[0]!;
  const [red, green, blue] = colour as [number, number, number];
  if (of === 1 || order === 'grey') return (299 * red + 587 * green + 114 * blue) / 1000;
  return order === 'bgr' ? colour[2 - c]! : colour[c]!;
}

/** Source pixels of one axis, and the weight of each before normalising. */
interface Neighbours {
  at: Int32Array;
  weight: Float64Array;
}

/** All channels of one output pixel from the source pixels under its kernel, into `colour`. */
function resample(pixels: Float32Array, picture: ImageShape, ys: Neighbours, xs: Neighbours, colour: number[]): void {
  const { channels, height, width } = picture;
  for (let c = 0; c < channels; c++) {
    let [sum, total] = [0, 0];
    for (let i = 0; i < ys.at.length; i++) {
      const row = (c * height + ys.at[i]!) * width;
      for (let j = 0; j < xs.at.length; j++) {
        const weight = ys.weight[i]! * xs.weight[j]!;
        sum += weight * pixels[row + xs.at[j]!]!;
        total += weight;
      }
    }
    colour[c] = sum / total;
  }
}

/** Source pixels under the kernel of output pixel `out`; null on the border. */
function neighbours({ from, scaled, offset }: Axis, out: number, interpolation: Preprocessing['interpolation']): Neighbours | null {
  const sample = out - offset;
  if (sample < 0 || sample >= scaled) return null;
  if (from === scaled) return { at: Int32Array.of(sample), weight: Float64Array.of(1) };
  const centre = ((sample + 0.5) * from) / scaled;
  if (interpolation === 'nearest') return { at: Int32Array.of(Math.floor(centre)), weight: Float64Array.of(1) };
  // Shrinking stretches the kernel over all pixels that fall together: antialiasing.
  const reach = Math.max(1, from / scaled);
  const found: [at: number, weight: number][] = [];
  for (let i = 0; i < from; i++) {
    const distance = Math.abs(i + 0.5 - centre) / reach;
    const weight = interpolation === 'bilinear' ? triangle(distance) : cubic(distance);
    if (weight !== 0) found.push([i, weight]);
  }
  return { at: Int32Array.from(found, ([at]) => at), weight: Float64Array.from(found, ([, weight]) => weight) };
}

const triangle = (d: number): number => (d < 1 ? 1 - d : 0);

/** Keys' cubic convolution for a = -1/2, expanded. */
function cubic(d: number): number {
  if (d < 1) return 1 - 2.5 * d ** 2 + 1.5 * d ** 3;
  return d < 2 ? 2 - 4 * d + 2.5 * d ** 2 - 0.5 * d ** 3 : 0;
}
