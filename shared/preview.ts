import { z } from 'zod';
import { AuditPlan } from './plan.ts';
import { ClassScore } from './results.ts';

/** Pictures that are looked at in one go. */
export const PREVIEW_MOST = 32;

/** What the network reads of loaded images under a preprocessing, and what it says of them; everything else is as in a plan. */
export const PreviewRequest = z.strictObject({
  model: AuditPlan.shape.model,
  input: AuditPlan.shape.input,
  fixed: AuditPlan.shape.fixed,
  answer: AuditPlan.shape.answer,
  output: AuditPlan.shape.output,
  preprocessing: AuditPlan.shape.preprocessing,
  /** Ids of `LoadedImage`s. */
  images: z.array(z.string()).min(1).max(PREVIEW_MOST),
  /** Whether other preprocessings are tried on those that have labels, too: that takes seconds. */
  trials: z.boolean().default(false),
});
export type PreviewRequest = z.infer<typeof PreviewRequest>;

/** Values that the network reads. */
export const Spread = z.object({ low: z.number(), high: z.number(), mean: z.number(), std: z.number() });
export type Spread = z.infer<typeof Spread>;

export const PreviewPicture = z.object({
  image: z.string(),
  /** As the network reads it. */
  width: z.number().int(),
  height: z.number().int(),
  /** One for each channel, in the network's order. */
  channels: z.array(Spread),
  label: z.number().int().nullable(),
  /** The original model's likeliest class; null where it gives no numbers, or puts out no class scores. */
  top: ClassScore.nullable(),
  /** The same with red and blue in the other order; null where that was not tried. */
  swapped: ClassScore.nullable(),
});
export type PreviewPicture = z.infer<typeof PreviewPicture>;

/** Presets whose scale, mean and deviation are tried. */
export const TrialValues = z.enum(['unit', '0..255', '-1..1', 'imagenet', 'cifar10-norm', 'imagenet-caffe', 'mnist-norm']);
export type TrialValues = z.infer<typeof TrialValues>;

/** What looks wrong. */
export const PreviewWarning = z.discriminatedUnion('kind', [
  /** Every value is the same. */
  z.object({ kind: z.literal('flat'), value: z.number() }),
  /** All values lie in [0, 1/64]. */
  z.object({ kind: z.literal('tiny'), high: z.number() }),
  /** Farther from 0 than pictures of 0 to 255 get. */
  z.object({ kind: z.literal('huge'), low: z.number(), high: z.number() }),
  /** Mean and deviation are given, and yet the values have not about mean 0 and deviation 1. */
  z.object({ kind: z.literal('unlike'), mean: z.number(), std: z.number() }),
  /** As many labels are hit with probability `p` by guessing, or by naming the commonest class, of which there are so many, every time. */
  z.object({
    kind: z.literal('chance'),
    right: z.number().int(),
    of: z.number().int(),
    classes: z.number().int(),
    commonest: z.number().int().nullable(),
    p: z.number(),
  }),
  /** Better with the other order of channels: by labels hit, or else by the mean probability of the likeliest class. */
  z.object({
    kind: z.literal('swapped'),
    use: z.enum(['rgb', 'bgr']),
    by: z.enum(['labels', 'probability']),
    now: z.number(),
    then: z.number(),
    of: z.number().int(),
  }),
  /** More labels are hit under another preprocessing than could be by chance: with other values, another order or layout of the channels, or labels that count from another class. */
  z.object({
    kind: z.literal('better'),
    preprocessing: AuditPlan.shape.preprocessing,
    values: TrialValues.nullable(),
    order: z.enum(['rgb', 'bgr']).nullable(),
    layout: z.enum(['nchw', 'nhwc']).nullable(),
    shift: z.union([z.literal(-1), z.literal(0), z.literal(1)]),
    now: z.number().int(),
    then: z.number().int(),
    of: z.number().int(),
  }),
]);
export type PreviewWarning = z.infer<typeof PreviewWarning>;

export const Preview = z.object({
  /** Names its pictures: `{ kind: 'read', preview, image }`. */
  preview: z.string(),
  pictures: z.array(PreviewPicture).min(1),
  /** Over all pictures and channels. */
  range: Spread,
  /** Of the labelled pictures; null: there is none. */
  accuracy: z.object({ right: z.number().int(), of: z.number().int() }).nullable(),
  warnings: z.array(PreviewWarning),
});
export type Preview = z.infer<typeof Preview>;
