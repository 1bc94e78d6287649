import { Preprocessing } from '../../../shared/plan.ts';
import type { ImageMetadata } from './imageMetadata.ts';
import type { Leading } from './leading.ts';
import { PRESETS } from '../../../shared/presets.ts';
import { sized } from './presets.ts';

/** What else is known of a model. */
export interface GuessHints {
  producer?: string;
  classes?: number | null;
  leading?: Leading;
  metadata?: ImageMetadata | null;
  /** Of a network of any size: the only one of those tried that it runs at. */
  only?: { width: number; height: number } | null;
}

/** An input as its file declares it. */
export interface DeclaredInput {
  /** null where open. */
  dims: readonly (number | null)[];
  /** Whether the first dimension counts pictures; true unless said otherwise. */
  batched?: boolean;
  /** Largest value of an input of whole numbers; null, or absent, of floating-point ones. */
  largest?: number | null;
}

export interface Guess {
  preprocessing: Preprocessing;
  /** One sentence: what was taken, and what to check. */
  why: string;
  /** Image the network reads; null: any size. */
  network: { width: number | null; height: number | null; channels: number };
}

/**
 * A first guess of the preprocessing from a network's own input. Layout and size can be read off its shape; the scale
 * cannot, so [0,1] is taken unless normalising inside the network, ImageNet's 1000 classes or Caffe say otherwise.
 */
export function guessPreprocessing({ dims, batched = true, largest = null }: DeclaredInput, hints: GuessHints = {}): Guess {
  const { layout, ...network } = imageOf(batched ? dims : [1, ...dims]);
  const { channels } = network;
  const { width, height } = hints.only ?? network;
  const values = guessValues(channels, largest, hints);
  const fixed = width !== null && height !== null;
  // Small networks are fed whole pictures; large square ones mostly the middle of a larger picture.
  const crop = fixed && width === height && width > 64;
  const geometry = fixed ? sized(crop ? 'centre-crop' : 'none', width, height) : {};
  const order = channels === 1 ? 'grey' : values.spec.channels === 'grey' ? 'rgb' : values.spec.channels;
  const preprocessing = Preprocessing.parse({ ...values.spec, ...geometry, layout, channels: order });
  const size = !fixed
    ? 'any size'
    : hints.only
      ? `any size, of which only ${width} x ${height} runs of those tried`
      : `${width} x ${height}`;
  const how = crop ? ' (centre crop)' : '';
  const shape = dims.map((d) => d ?? '?').join(' x ');
  const read = [order === 'grey' ? 'grey' : order.toUpperCase(), layout.toUpperCase(), `${size}${how}`, values.why].join(', ');
  const unknown = hints.metadata?.unknown ?? [];
  const why = `From the input ${shape}: ${read}${unknown.length > 0 ? `; what its metadata say by ${unknown.join(', ')} is not known here` : ''}.`;
  return { preprocessing, why, network };
}

interface ReadImage {
  layout: Preprocessing['layout'];
  width: number | null;
  height: number | null;
  channels: number;
}

const isColour = (d: number | null | undefined): boolean => d === 1 || d === 3;

function imageOf(dims: readonly (number | null)[]): ReadImage {
  const [, a = null, b = null, c = null] = dims;
  if (dims.length === 4) {
    const nhwc = !isColour(a) && (isColour(c) || (a === null && c !== null && c <= 4));
    return nhwc ? { layout: 'nhwc', height: a, width: b, channels: c! } : { layout: 'nchw', channels: a ?? 3, height: b, width: c };
  }
  if (dims.length === 3 && a !== null && b !== null && a > 4 && b > 4) return { layout: 'nchw', channels: 1, height: a, width: b };
  return { layout: 'nchw', ...flat(dims.slice(1)) };
}

/** Flat inputs are square pictures, grey or else three planes. */
function flat(dims: readonly (number | null)[]): Omit<ReadImage, 'layout'> {
  const features = dims.includes(null) ? 0 : dims.reduce<number>((a, b) => a * b!, 1);
  for (const channels of [1, 3]) {
    const side = Math.sqrt(features / channels);
    if (side >= 2 && Number.isInteger(side)) return { channels, height: side, width: side };
  }
  return { channels: 1, height: null, width: null };
}

interface Values {
  spec: Partial<Preprocessing> & Pick<Preprocessing, 'channels'>;
  why: string;
}

function guessValues(
  channels: number,
  largest: number | null,
  { producer = '', classes = null, leading, metadata = null }: GuessHints,
): Values {
  if (metadata?.range) {
    const { scale, mean } = metadata.range;
    return {
      spec: { channels: metadata.channels ?? 'rgb', scale, mean: [mean] },
      why: `as the file's own metadata say (${metadata.says.join(', ')})`,
    };
  }
  // What the model itself does, the entries may only describe.
  if (
    metadata?.normal &&
    largest === null &&
    !leading?.operators.length &&
    (metadata.normal.mean.length === 1 || metadata.normal.mean.length === channels)
  )
    return {
      spec: { channels: metadata.channels ?? 'rgb', ...metadata.normal },
      why: `as the file's own metadata say (${metadata.says.join(', ')})`,
    };
  if (metadata?.channels) {
    const other = guessValues(channels, largest, { producer, classes, ...(leading && { leading }) });
    return {
      spec: { ...other.spec, channels: metadata.channels },
      why: `${metadata.says.join(', ')} as the file's own metadata say, ${other.why}`,
    };
  }
  const inside = leading?.operators.join(', ');
  const made = leading?.largest ?? null;
  if (largest !== null && (made === null || made >= largest || largest === 255))
    return {
      spec: { channels: 'rgb', scale: largest },
      why: `values 0 to ${largest}, because the input takes whole numbers of ${largest === 255 ? '8' : '16'} bits`,
    };
  if (leading?.signed)
    return {
      spec: { channels: 'rgb', scale: 2, mean: [1] },
      why: `values from -1 to 1, because the model itself begins with ${inside} made for them`,
    };
  if (made !== null)
    return {
      spec: { channels: 'rgb', scale: made },
      why: `values 0 to ${made}, because the model itself begins with ${inside} made for them`,
    };
  if (inside) return { spec: { channels: 'rgb' }, why: `values in [0,1], because the model itself begins with ${inside}` };
  if (channels === 3 && (classes === 1000 || classes === 1001)) {
    const caffe = /caffe/i.test(producer);
    const { channels: order, scale, mean, std } = PRESETS[caffe ? 'imagenet-caffe' : 'imagenet']!.preprocessing;
    const what = caffe ? "Caffe's mean pixel" : "ImageNet's mean and deviation";
    return { spec: { channels: order, scale, mean, std }, why: `${what}, because it tells ${classes} classes apart` };
  }
  return { spec: { channels: 'rgb' }, why: 'values in [0,1], which the file does not say' };
}
