import type { Preprocessing } from '../../../shared/plan.ts';
import type { Graph } from '../../graph/index.ts';

/** What a file's own metadata say of the pictures it reads (ONNX's ImageMetadata, which Windows ML writes). */
export interface ImageMetadata {
  channels: Preprocessing['channels'] | null;
  /** Numbers that values of [0,1] become, as scale and mean; null: not said. */
  range: { scale: number; mean: number } | null;
  /** The entries, as they stand in the file. */
  says: string[];
}

const FORMATS: Record<string, Preprocessing['channels']> = { gray8: 'grey', rgb8: 'rgb', bgr8: 'bgr' };
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
  if (channels === null && values === null) return null;
  return { channels, range: values, says: [...(channels === null ? [] : [format!]), ...(values === null ? [] : [range!])] };
}
