import { z } from 'zod';
import { FileName, InnerPath } from './names.ts';
import { Distance, Distances, Norm } from './norms.ts';
import { Preprocessing, Provider, ThreatModel } from './plan.ts';

/** What became of an image: design rule 3. `target-already`: its label is the class that it was to be taken for, so there is nothing to attack. */
export const STATES = ['wrong-already', 'target-already', 'broken', 'held', 'failed', 'unfinished'] as const;
export const State = z.enum(STATES);
export type State = z.infer<typeof State>;

/** A class and how sure the model is; probability is the softmax of the logits. */
export const ClassScore = z.object({ class: z.number().int(), logit: z.number(), probability: z.number() });
export type ClassScore = z.infer<typeof ClassScore>;

/** A moment, as Date writes it: `2026-01-31T12:00:00.000Z`. */
export const Instant = z
  .string()
  .refine((text) => /^\d{4}-[\d\-T:.]+Z$/.test(text) && Number.isFinite(Date.parse(text)), 'this is no date');
const Count = z.number().int().min(0);
const Share = z.number().min(0).max(1);
/** Pixels of a side; more than any picture has. */
const Side = z
  .number()
  .int()
  .min(1)
  .max(2 ** 24);
export const ClassNames = z.array(z.string());
export const ProviderChoice = z.object({ asked: Provider, used: Provider, why: z.string() });

/**
 * What a goal measures of an output, by the names that its card has; null is infinite, which JSON has no word for (the PSNR of equals).
 * A figure that an output does not have is absent: the SSIM of what is no picture, and every one where the network gives no numbers.
 */
export const Figures = z.record(z.string(), z.number().nullable());
export type Figures = z.infer<typeof Figures>;

/** What an image-to-image or vector network made of a picture, held against the goal's reference: original model, in float64. */
export const OutputResult = z.object({
  figures: Figures,
  /** The output as PNG relative to the audit folder; null where it is no picture. */
  file: InnerPath.nullable(),
});
export type OutputResult = z.infer<typeof OutputResult>;

/** An output for random noise as large as an attack's change; made when it is asked for, and no part of the results. */
export const NoiseOutput = z.object({
  /** signs: every value moved by the same amount, up or down; gaussian: of the same Euclidean length. */
  kind: z.enum(['signs', 'gaussian']),
  distances: Distances,
  output: OutputResult,
});
export type NoiseOutput = z.infer<typeof NoiseOutput>;

/**
 * What one attack found on one image under one threat model. `float` is the best point the attack
 * reached; `eightBit` is the exported PNG, decoded again and predicted by the original model.
 * Only that makes the state `broken`.
 */
export const Finding = z.object({
  image: FileName,
  threat: Count,
  attack: FileName,
  /** Of a preset that broke the image: which of its attacks found the picture. */
  by: FileName.optional(),
  state: State,
  /** Why it failed; null unless failed. */
  reason: z.string().nullable(),
  float: Distances.nullable(),
  eightBit: Distances.nullable(),
  /** The class the original model gives the exported PNG. */
  prediction: z.number().int().nullable(),
  /** Original model on the PNG, best five. */
  top: z.array(ClassScore),
  /** File of the PNG relative to the audit folder. */
  file: InnerPath.nullable(),
  /** What the network makes of that PNG, for goals on its output; else null. */
  output: OutputResult.nullable().default(null),
  forwards: Count,
  backwards: Count,
});
export type Finding = z.infer<typeof Finding>;

export const ImageResult = z.object({
  id: FileName,
  /** Where it came from: path, or data set and index. */
  source: z.string(),
  /** sha256 of the decoded pixels with their shape. */
  hash: z.string(),
  width: Side,
  height: Side,
  channels: z.number().int().min(1).max(3),
  label: z.number().int(),
  /** Whether the label was given, or is the clean prediction. */
  labelGiven: z.boolean(),
  prediction: z.number().int(),
  top: z.array(ClassScore),
  /** The clean image as PNG, relative to the audit folder. */
  file: InnerPath,
  /** What the network makes of it, for goals on its output: one entry per threat model, each against that goal's reference; else empty. */
  outputs: z.array(OutputResult).default([]),
  /** One entry per threat model: the smallest verified change over all attacks. */
  outcomes: z.array(
    z.object({
      threat: Count,
      state: State,
      /** Attack whose finding is the smallest in the threat's norm; null unless broken. */
      best: z.string().nullable(),
      /** Its 8-bit distance in the threat's norm; null unless broken. */
      distance: Distance.nullable(),
    }),
  ),
});
export type ImageResult = z.infer<typeof ImageResult>;

/**
 * Robust accuracy at one ε with its 95 % Wilson interval. It is that of the images that count; of those on which not every attack
 * ended nobody knows, so `least` and `most` say what it is of all images when they count as broken, and as right.
 */
export const CurvePoint = z.object({
  eps: Distance,
  /** Null where no image counts. */
  accuracy: Share.nullable(),
  low: Share,
  high: Share,
  /** Images right at this ε, and all images that count. */
  right: Count,
  total: Count,
  /** Over all images that are not of the target class already; absent where every attack ended on every image. */
  least: Share.optional(),
  most: Share.optional(),
  /** Images not broken within ε on which an attack failed, and those that an attack was not through with; absent where there is none. */
  failed: Count.optional(),
  unfinished: Count.optional(),
});
export type CurvePoint = z.infer<typeof CurvePoint>;

export const AttackSummary = z.object({
  attack: z.string(),
  /** Images attacked (right when clean), broken by it at any distance, and those that failed. */
  attacked: Count,
  broken: Count,
  failed: Count,
  /** Of 8-bit distances in the threat's norm; median over all attacked, a held image counting as infinite (null). */
  median: Distance.nullable(),
  mean: Distance.nullable(),
  floatMedian: Distance.nullable(),
  floatMean: Distance.nullable(),
  forwards: Count,
  backwards: Count,
});
export type AttackSummary = z.infer<typeof AttackSummary>;

export const ThreatResult = ThreatModel.extend({
  /** At the budgets of the plan. */
  points: z.array(CurvePoint),
  /** A step at every distance found, by whichever attack. */
  curve: z.array(CurvePoint),
  /** The same of the minimum-norm attacks alone, which look at every ε: what may be drawn as a line. Empty where there is none of them, absent where there is no other. */
  line: z.array(CurvePoint).optional(),
  attackSummaries: z.array(AttackSummary),
  /** Of the smallest 8-bit distance over all attacks. */
  median: Distance.nullable(),
  mean: Distance.nullable(),
});
export type ThreatResult = z.infer<typeof ThreatResult>;

export const ModelIdentity = z.object({
  file: z.string(),
  sha256: z.string(),
  bytes: Count,
  /** Files beside it that hold weights (external data), named as in the model, in order of their names. */
  weights: z.array(z.object({ file: z.string(), sha256: z.string(), bytes: Count })).default([]),
  producer: z.string(),
  irVersion: z.number().int(),
  opsets: z.record(z.string(), z.number().int()),
  parameters: z.number().int(),
  operators: z.record(z.string(), z.number().int()),
  inputs: z.array(z.object({ name: z.string(), type: z.string(), shape: z.array(z.union([z.number(), z.string()])) })),
  outputs: z.array(z.object({ name: z.string(), type: z.string(), shape: z.array(z.union([z.number(), z.string()])) })),
});
export type ModelIdentity = z.infer<typeof ModelIdentity>;

/** What came of a gradient check. partly: what there was time for passed; unchecked: there was time for too little to say anything; unneeded: no attack asks for gradients, and the forward pass passed. */
export const CHECK_VERDICTS = ['passed', 'partly', 'unchecked', 'unneeded', 'failed'] as const;
export type CheckVerdict = (typeof CHECK_VERDICTS)[number];
/** Passed, and says nothing: the gradient goes by a surrogate, or is nothing to compare with. */
export const HOLLOW_VERDICTS = ['surrogate', 'zero', 'tiny'] as const;

/** Result of the check that runs when a model is loaded: design rule 5. */
export const GradientCheck = z.object({
  /** Passed, as far as it was checked; false, too, where nothing was. */
  ok: z.boolean(),
  /** Older results do not say; see `verdictOf`. What passed and is no derivative, or nothing, is called that in results. */
  verdict: z.enum([...CHECK_VERDICTS, ...HOLLOW_VERDICTS]).optional(),
  /** Largest |forward of the derived graph - onnxruntime on the original file|, relative to the largest |logit|. */
  forwardError: z.number(),
  /** Largest relative error of a directional derivative against central differences. */
  gradientError: z.number(),
  /** The same of Jv, which networks that are no classifiers are attacked with; null of classifiers. */
  tangentError: z.number().nullable().default(null),
  /** Directions that the errors are of, and how many were wanted. */
  directions: z.number().int(),
  wanted: Count.optional(),
  /** Pictures that the forward passes were compared at. */
  compared: Count.optional(),
  /** Why nothing else that was found means anything: the model answers otherwise each time, or its gradient is NaN or infinite. */
  trouble: z.enum(['random', 'not-finite']).optional(),
  /** At how many of these pictures the gradient is exactly zero, and at how many so small that float32 does not tell where it leads. */
  slopes: z.object({ pictures: Count, zero: Count, tiny: Count }).optional(),
  /** Operators attacked through a declared straight-through surrogate. */
  straightThrough: z.array(z.string()),
  /** Nodes of the derived graph that another provider than the CPU left to the CPU: `Operator (node)`. */
  fallbacks: z.array(z.string()).default([]),
});
export type GradientCheck = z.infer<typeof GradientCheck>;

/** The output that goals of deviation and match are about, of one image. */
export const NetworkOutput = z.object({
  name: z.string(),
  dims: z.array(Count),
  width: z.number().int().positive(),
  /** How its values are a picture; null where they are none. */
  picture: z.object({ channels: Side, height: Side, width: Side, layout: z.enum(['nchw', 'nhwc']) }).nullable(),
});
export type NetworkOutput = z.infer<typeof NetworkOutput>;

/** A file that was given and is no image of the audit. `reason` goes on where `source` ends: `is empty: copy it again.` */
export const LeftOut = z.object({ source: z.string(), reason: z.string() });
export type LeftOut = z.infer<typeof LeftOut>;

/** All of them, counted; of very many only the first are named. */
export const LeftOutList = z.object({ total: Count, files: z.array(LeftOut) });
export type LeftOutList = z.infer<typeof LeftOutList>;

/** How the images of a sample were drawn: of how many, and whether class by class. */
export const Drawn = z.object({ of: Count, byClass: z.boolean() });
export type Drawn = z.infer<typeof Drawn>;

/** The value that holds the class scores: what speaks for it, what else may hold some, and from which value on a single number stands for the second class. */
export const ScoresFound = z.object({
  output: z.string(),
  why: z.string().optional(),
  others: z.array(z.string()).optional(),
  threshold: z.number().optional(),
});
export type ScoresFound = z.infer<typeof ScoresFound>;

/** A file that the plan names beside models and images, as it was when the audit began. */
export const NamedFile = z.object({
  role: z.enum(['labels', 'classNames', 'picture']),
  file: z.string(),
  sha256: z.string(),
  bytes: Count,
});
export type NamedFile = z.infer<typeof NamedFile>;

/** What was measured on one image for the page of checks. */
export const CheckMeasure = z.object({
  image: FileName,
  /** Why nothing more could be measured: its outputs or gradients were no numbers. */
  reason: z.string().optional(),
  /** Of each attack, whether it reached the goal within each of the budgets; of one without a bound there is one entry. */
  runs: z.record(z.string(), z.array(z.boolean())),
  /** What else was measured, by name; null where it was no number, or there was nothing to measure. */
  values: z.record(z.string(), z.number().nullable()),
});
export type CheckMeasure = z.infer<typeof CheckMeasure>;

export const CHECK_STATES = ['passed', 'failed', 'not-applicable'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

/** One line of the page of checks; what it is called and what its figures say, its card tells. */
export const CheckResult = z.object({ id: FileName, state: z.enum(CHECK_STATES), figures: z.record(z.string(), Count) });
export type CheckResult = z.infer<typeof CheckResult>;

/** "Can I trust this?": the usual signs of a broken attack, looked for on a few of the images. */
export const Checks = z.object({
  /** The threat model that it is about, the norm and the budgets that its attacks were run with. */
  threat: Count,
  norm: Norm,
  budgets: z.array(Distance).min(1),
  checks: z.array(CheckResult),
  /** What they rest on, one entry an image. */
  measures: z.array(CheckMeasure),
});
export type Checks = z.infer<typeof Checks>;

export const Results = z.object({
  $schema: z.string().optional(),
  format: z.literal(2),
  hairline: z.string(),
  name: z.string(),
  model: ModelIdentity,
  /** Models whose gradients transfer attacks used, in the order of the plan. */
  surrogates: z.array(ModelIdentity).default([]),
  classNames: ClassNames.nullable(),
  /** Labels, class names and pictures to be matched; absent where the plan names none. Older results lack it. */
  files: z.array(NamedFile).optional(),
  preprocessing: Preprocessing,
  seed: z.number().int(),
  maxQueries: z.number().int().nullable(),
  provider: ProviderChoice,
  /** Rows of the one batch shape every kernel ran with. */
  kernelBatch: z.number().int().positive(),
  versions: z.record(z.string(), z.string()),
  gradientCheck: GradientCheck,
  /** Of the clean images against given labels; null when the labels are the model's own predictions. */
  cleanAccuracy: CurvePoint.nullable(),
  /** Where goals are on the output of the network: which; null of classifiers. Labels and predictions are then 0: unbroken. */
  output: NetworkOutput.nullable().default(null),
  /** Where a classifier's answer was found, and why there, as far as there was a choice; absent where there was none. */
  scores: ScoresFound.optional(),
  /** Classes the model tells apart: the length of its logits; 2 where goals are on the output: unbroken and broken. */
  classes: z.number().int(),
  threats: z.array(ThreatResult),
  images: z.array(ImageResult),
  /** Where the plan draws a sample: of how many images, and whether class by class. */
  drawn: Drawn.optional(),
  /** Images of the plan that were not even looked at, of an audit that was stopped; absent where there is none. */
  unseen: Count.optional(),
  /** Files that could not be taken; absent where there is none. */
  leftOut: LeftOutList.optional(),
  findings: z.array(Finding),
  /** The page of checks; absent where the plan asks for none, or there is nothing to check. */
  checks: Checks.optional(),
  /** Plain sentences an auditor must read: label guesses, chance accuracy, failed images, ... */
  warnings: z.array(z.string()),
  /** The plan as it was run, to run it again. */
  plan: z.unknown(),
  /** The only part that differs between two runs of one plan. */
  timing: z.object({
    started: Instant,
    finished: Instant,
    seconds: z.number().min(0).max(1e12),
    workers: Count,
    batch: Count,
    /** Findings that were there before this session. */
    resumed: Count,
    /** Whether nothing had been done before it. Older results lack it, and what is not known is not claimed. */
    oneGo: z.boolean().optional(),
    machine: z.string(),
  }),
});
export type Results = z.infer<typeof Results>;
