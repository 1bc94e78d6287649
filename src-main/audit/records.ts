import { z } from 'zod';
import { FileName } from '../../shared/names.ts';
import { Bits } from '../../shared/plan.ts';
import {
  CheckMeasure,
  ClassNames,
  Drawn,
  Finding,
  GradientCheck,
  ImageResult,
  Instant,
  LeftOutList,
  ModelIdentity,
  NamedFile,
  NetworkOutput,
  ProviderChoice,
} from '../../shared/results.ts';
import type { ClassifierOutput } from '../model/output.ts';

/** A clean image as the original model sees it; the outcomes are added when the results are put together. */
export const ImageRecord = ImageResult.omit({ outcomes: true }).extend({
  index: z.number().int().min(0),
  /** Class with the smallest score, for goals that aim at it. */
  leastLikely: z.number().int(),
});
export type ImageRecord = z.infer<typeof ImageRecord>;

/** The prediction of an image for which the model gives NaN or infinity; it has no scores either. */
export const NO_CLASS = -1;

/** Whether the model is right about the clean image, wrong, or gives no numbers for it. */
export function standing({ prediction, label }: Pick<ImageRecord, 'prediction' | 'label'>): 'right' | 'wrong' | 'none' {
  if (prediction === NO_CLASS) return 'none';
  return prediction === label ? 'right' : 'wrong';
}

/** What was settled before the first attack; kept so that a resumed audit goes on with exactly that. */
export const Setup = z.object({
  hairline: z.string(),
  model: ModelIdentity,
  /** Models whose gradients a transfer attack uses, in the order of the plan. */
  surrogates: z.array(ModelIdentity).default([]),
  input: z.string(),
  classes: z.number().int().positive(),
  /** Where a classifier's answer is found; null where goals are on the output. */
  scores: z
    .object({
      name: z.string(),
      logits: z.string(),
      kind: z.enum(['logits', 'softmax', 'log-softmax', 'sigmoid']),
      width: z.number().int().positive(),
      classes: z.number().int().positive(),
      threshold: z.number().optional(),
      others: z.array(z.string()).optional(),
      why: z.string().optional(),
      smallest: z.literal(true).optional(),
      own: z.literal(true).optional(),
      each: z.literal(true).optional(),
      doubt: z.string().optional(),
    } satisfies Record<keyof ClassifierOutput, z.ZodType>)
    .nullable(),
  /** The output that goals are on; null of classifiers. */
  output: NetworkOutput.nullable(),
  classNames: ClassNames.nullable(),
  /** Files that the plan names beside models and images; absent where there is none. */
  files: z.array(NamedFile).optional(),
  /** How class folders were matched; absent where there are none, and in audits of an older Hairline, which went by order where it did not know a name. */
  folders: z.literal('by-name').optional(),
  /** Images of the audit, and their ids in order. */
  images: z.array(FileName),
  /** How many bits were found to be in use of pictures that have 16 a value; absent where there are none, or the plan says it. */
  bits: Bits.optional(),
  /** What was given beside them and could not be taken; absent where there is none. */
  leftOut: LeftOutList.optional(),
  /** How they were drawn, where the plan has a sample. */
  drawn: Drawn.optional(),
  provider: ProviderChoice,
  rows: z.number().int().positive(),
  gradientCheck: GradientCheck,
  versions: z.record(z.string(), z.string()),
  warnings: z.array(z.string()),
});
export type Setup = z.infer<typeof Setup>;

/** How a session ends that is not killed: `cancelled` by a person, `interrupted` by the system. */
export const ENDS = ['finished', 'cancelled', 'interrupted', 'failed'] as const;
export type End = (typeof ENDS)[number];

/** One line of the journal. */
export const JournalRecord = z.discriminatedUnion('type', [
  z.object({ type: z.literal('plan'), hash: z.string(), started: Instant }),
  /** `seal`: by which the installation that settled it knows it again. */
  z.object({ type: z.literal('setup'), setup: Setup, seal: z.string().optional() }),
  z.object({ type: z.literal('image'), image: ImageRecord }),
  z.object({ type: z.literal('finding'), finding: Finding }),
  /** What the page of checks rests on, of one image. */
  z.object({ type: z.literal('check'), check: CheckMeasure }),
  /** Seconds of work in one session, and how it ended; an audit that was interrupted has several. One that was killed leaves none. */
  z.object({
    type: z.literal('session'),
    seconds: z.number().min(0).max(1e10),
    done: z.number().int(),
    end: z.enum(ENDS).optional(),
    /** Where an error that nobody foresaw was thrown: see `traceOf`. */
    trace: z.string().optional(),
  }),
  /** Another session begins after one that had ended. */
  z.object({ type: z.literal('resumed') }),
]);
export type JournalRecord = z.infer<typeof JournalRecord>;
