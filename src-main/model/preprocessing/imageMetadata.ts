import type { Preprocessing } from '../../../shared/plan.ts';
import type { Graph } from '../../graph/index.ts';

/**
 * What a file's own metadata say of the pictures it reads: ONNX's ImageMetadata, which Windows ML writes; and mean and deviation, which
 * people add by hand.
 */
export interface ImageMetadata {
  channels: Preprocessing['channels'] | null;
  /** Numbers that values of [0,1] become, as scale and mean; null: not said. */
  range: { scale: number; mean: number } | null;
  /** Mean and deviation of values of [0,1], or of 0 to 255 where they can only be that; null: not said. */
  normal: { scale: number; mean: number[]; std: number[] } | null;
  /** The entries, as they stand in the file. */
  says: string[];
  /** Entries of these names with values that mean nothing here. */
  unknown: string[];
}

/** A fourth channel, of opacity, is none of the picture's: its order is what the entry says of the others. */
const FORMATS: Record<string, Preprocessing['channels']> = {
  gray8: 'grey',
  gray16: 'grey',
  rgb8: 'rgb',
  bgr8: 'bgr',
  rgba8: 'rgb',
  bgra8: 'bgr',
  rgb16: 'rgb',
  bgr16: 'bgr',
  rgba16: 'rgb',
  bgra16: 'bgr',
};
const RANGES: Record<string, { scale: number; mean: number }> = {
  nominalrange_0_255: { scale: 255, mean: 0 },
  normalized_0_1: { scale: 1, mean: 0 },
  normalized_1_1: { scale: 2, mean: 1 },
  // Video levels.
  nominalrange_16_235: { scale: 219, mean: -16 },
};

/** Null where the file says nothing of it. */
export function imageMetadata({ model }: Graph): ImageMetadata | null {
  const found = new Map(model.metadataProps.map(({ key, value }) => [key, value]));
  const [format, range] = ['Image.BitmapPixelFormat', 'Image.NominalPixelRange'].map((key) => found.get(key)?.trim());
  const channels = FORMATS[format?.toLowerCase() ?? ''] ?? null;
  const values = RANGES[range?.toLowerCase() ?? ''] ?? null;
  const normal = normalOf(model.metadataProps);
  const unknown = [...(format && channels === null ? [format] : []), ...(range && values === null ? [range] : [])];
  if (channels === null && values === null && normal === null && unknown.length === 0) return null;
  const says = [...(channels === null ? [] : [format!]), ...(values === null ? [] : [range!]), ...(normal?.says ?? [])];
  return { channels, range: values, normal: normal?.normal ?? null, says, unknown };
}

const MEAN = /^(image|pixel|norm(ali[sz]e|ali[sz]ation)?|input)?means?$/;
const STD = /^(image|pixel|norm(ali[sz]e|ali[sz]ation)?|input)?(stds?|stddevs?|standarddeviations?)$/;

/** The entries of mean and deviation; null where one is missing, or they are no numbers. */
function normalOf(
  entries: readonly { key: string; value: string }[],
): { normal: NonNullable<ImageMetadata['normal']>; says: string[] } | null {
  const find = (name: RegExp) => entries.find(({ key }) => name.test(key.toLowerCase().replaceAll(/[\s_.-]/g, '')));
  const [meanEntry, stdEntry] = [find(MEAN), find(STD)];
  const [mean, std] = [numbersOf(meanEntry?.value), numbersOf(stdEntry?.value)];
  if (mean === null || std?.length !== mean.length || std.some((value) => value <= 0)) return null;
  // Of values of [0,1], neither is above 1.
  const scale = mean.some((value) => value > 1) || std.some((value) => value > 1.5) ? 255 : 1;
  return { normal: { scale, mean, std }, says: [meanEntry!, stdEntry!].map(({ key, value }) => `${key} ${value.trim()}`) };
}

/** One number, or one for each of three channels, with whatever stands around and between. */
function numbersOf(text: string | undefined): number[] | null {
  const parts = (text ?? '')
    .replaceAll(/[[\](){}]/g, ' ')
    .split(/[\s,;]+/)
    .filter((part) => part !== '');
  const numbers = parts.map(Number);
  return (numbers.length === 1 || numbers.length === 3) && numbers.every(Number.isFinite) && text!.length < 200 ? numbers : null;
}
