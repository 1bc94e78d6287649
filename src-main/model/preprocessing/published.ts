import { z } from 'zod';
import { UserError } from '../../../shared/errors.ts';
import type { Preprocessing } from '../../../shared/plan.ts';

/*
 * Preprocessings as they lie beside published models: Hugging Face's preprocessor_config.json, and timm's config.json with its
 * pretrained_cfg. What they leave out has the default that their programs have.
 */

const Triple = z.union([z.array(z.number()), z.number().transform((one) => [one])]);
const Pixels = z.number().int().positive();
const Size = z.union([Pixels, z.looseObject({ height: Pixels, width: Pixels }), z.looseObject({ shortest_edge: Pixels })]);

const HuggingFace = z.looseObject({
  do_resize: z.boolean().nullish(),
  size: Size.nullish(),
  resample: z.number().int().nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: Size.nullish(),
  crop_pct: z.number().positive().nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().positive().nullish(),
  rescale_offset: z.boolean().nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: Triple.nullish(),
  image_std: Triple.nullish(),
  do_flip_channel_order: z.boolean().nullish(),
  image_processor_type: z.string().nullish(),
  feature_extractor_type: z.string().nullish(),
  include_top: z.boolean().nullish(),
});

/** What changes a picture in ways that Hairline does not follow. */
const STRANGE = ['do_pad', 'do_thumbnail', 'do_align_long_axis', 'do_grayscale', 'do_convert_grayscale', 'size_divisor', 'pad_size'];

const Timm = z.looseObject({
  mean: Triple,
  std: Triple,
  input_size: z.tuple([Pixels, Pixels, Pixels]),
  interpolation: z.string().nullish(),
  crop_pct: z.number().positive().nullish(),
  crop_mode: z.string().nullish(),
});

/** What such a file says; null where it is none. @throws UserError for one that asks for what Hairline does not do */
export function publishedPreprocessing(value: unknown): Partial<Preprocessing> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { pretrained_cfg: timm, image_processor: inner, ...whole } = value as Record<string, unknown>;
  if (timm !== undefined || ('input_size' in whole && 'mean' in whole)) return ofTimm(checked(Timm, timm ?? whole));
  if (inner !== undefined) return publishedPreprocessing(inner);
  if (
    !['image_mean', 'do_normalize', 'do_rescale', 'do_resize', 'image_processor_type', 'feature_extractor_type'].some((key) => key in whole)
  )
    return null;
  return ofHuggingFace(checked(HuggingFace, whole));
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unclear(parsed.error.issues[0]!.path.join('.'));
}

const unclear = (what: string): UserError =>
  new UserError(
    `The preprocessing file says of ${what || 'the preprocessing'} what Hairline does not read: give the preprocessing as key=value pairs instead.`,
  );

/** Pillow's numbers of its filters. */
const PILLOW: Record<number, Preprocessing['interpolation']> = { 0: 'nearest', 2: 'bilinear', 3: 'bicubic' };

function ofHuggingFace(file: z.infer<typeof HuggingFace>): Partial<Preprocessing> {
  const strange = STRANGE.find((key) => file[key] !== undefined && file[key] !== null && file[key] !== false);
  if (strange !== undefined) throw unclear(strange);
  if (typeof file.size === 'object' && file.size !== null && file.size['longest_edge'] !== undefined) throw unclear('size.longest_edge');
  const kind = file.image_processor_type ?? file.feature_extractor_type ?? '';
  const interpolation = PILLOW[file.resample ?? 2];
  if (!interpolation) throw unclear('resample');
  // Decoded values of 0 to 255 are multiplied with the factor, then perhaps moved by 1.
  const rescales = file.do_rescale ?? true;
  const scale = rescales ? Number((255 * (file.rescale_factor ?? 1 / 255)).toPrecision(9)) : 255;
  // A processor that is named has a mean of its own where the file is silent.
  const normalises = file.do_normalize ?? (file.image_mean != null || kind !== '');
  const offset = rescales && file.rescale_offset === true ? 1 : 0;
  if (normalises && (file.image_mean == null || file.image_std == null)) throw unclear('image_mean and image_std');
  const mean = (normalises ? file.image_mean! : [0]).map((m) => m + offset);
  // EfficientNet's divides by the deviation once more.
  const twice = /^EfficientNet/.test(kind) && file.include_top !== false;
  return {
    ...geometryOf(file, kind),
    interpolation,
    channels: file.do_flip_channel_order ? 'bgr' : 'rgb',
    scale,
    mean,
    std: normalises ? file.image_std!.map((s) => (twice ? s * s : s)) : [1],
  };
}

type Geometry = Partial<Pick<Preprocessing, 'geometry' | 'width' | 'height' | 'resizeTo'>>;

/** @param kind of processor: some have rules of their own */
function geometryOf(
  { do_resize: resizes, size, do_center_crop: crops, crop_size: crop, crop_pct: share }: z.infer<typeof HuggingFace>,
  kind: string,
): Geometry {
  const cut = crops ? sidesOf(crop ?? size) : null;
  // A number alone is both sides, or the shorter one where the rest is cut off; not with those that stretch before they crop.
  const stretches = /^(DeiT|Beit|ViT)/.test(kind);
  const to = sidesOf(typeof size === 'number' && (cut !== null || share != null) && !stretches ? { shortest_edge: size } : size);
  // LeViT's makes the shorter side larger first.
  if (/^Levit/.test(kind) && to !== null && to.short !== null && cut !== null && resizes !== false)
    return centre(cut.width, cut.height, Math.trunc((256 / 224) * to.short));
  if (resizes === false || to === null) {
    if (cut !== null) throw unclear('do_center_crop without a size to resize to');
    return {};
  }
  // ConvNeXt's rule: below 384 it crops, from there on it stretches.
  if (share != null && to.short !== null)
    return to.short < 384 ? centre(to.short, to.short, Math.trunc(to.short / share)) : stretch(to.short, to.short);
  if (to.short !== null) return cut === null ? centre(to.short, to.short, to.short) : centre(cut.width, cut.height, to.short);
  if (cut === null || (cut.width === to.width && cut.height === to.height)) return stretch(to.width, to.height);
  throw unclear('size and crop_size (it stretches before it crops)');
}

const centre = (width: number, height: number, resizeTo: number): Geometry => ({ geometry: 'centre-crop', width, height, resizeTo });
const stretch = (width: number, height: number): Geometry => ({ geometry: 'stretch', width, height });

/** Width and height, or (`short`) the shorter side. */
function sidesOf(size: z.infer<typeof Size> | null | undefined): { width: number; height: number; short: number | null } | null {
  if (size == null) return null;
  if (typeof size === 'number') return { width: size, height: size, short: null };
  if ('shortest_edge' in size) {
    const side = size.shortest_edge as number;
    return { width: side, height: side, short: side };
  }
  return { width: size.width as number, height: size.height as number, short: null };
}

function ofTimm({
  mean,
  std,
  input_size: [channels, height, width],
  interpolation: way,
  crop_pct: share,
  crop_mode: mode,
}: z.infer<typeof Timm>): Partial<Preprocessing> {
  const interpolation = (['nearest', 'bilinear', 'bicubic'] as const).find((one) => one === (way ?? 'bilinear'));
  if (!interpolation) throw unclear('interpolation');
  if (channels !== 1 && channels !== 3) throw unclear('input_size');
  const rest = { interpolation, channels: channels === 1 ? ('grey' as const) : ('rgb' as const), mean, std };
  if ((mode ?? 'center') === 'center') return { ...centre(width, height, Math.floor(Math.min(height, width) / (share ?? 0.875))), ...rest };
  if (mode === 'squash' && (share ?? 0.875) === 1) return { ...stretch(width, height), ...rest };
  throw unclear('crop_mode');
}
