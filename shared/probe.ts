import { z } from 'zod';
import { Distances, Norm } from './norms.ts';
import { AttackChoice, AuditPlan, Goal } from './plan.ts';
import { ClassScore, Figures, NoiseOutput, State } from './results.ts';

/** One attack on one loaded image under one budget, to be tried by hand; everything else is as in a plan. */
export const ProbeRequest = z.strictObject({
  model: AuditPlan.shape.model,
  input: AuditPlan.shape.input,
  fixed: AuditPlan.shape.fixed,
  answer: AuditPlan.shape.answer,
  output: AuditPlan.shape.output,
  preprocessing: AuditPlan.shape.preprocessing,
  provider: AuditPlan.shape.provider,
  /** Id of a `LoadedImage`. */
  image: z.string(),
  norm: Norm,
  eps: z.number().positive(),
  goal: Goal.default({ kind: 'untargeted' }),
  attack: AttackChoice,
  seed: AuditPlan.shape.seed,
  maxQueries: AuditPlan.shape.maxQueries,
});
export type ProbeRequest = z.infer<typeof ProbeRequest>;

/** What the original model says of a picture. */
export const Evaluation = z.object({
  /** null for goals on an output. */
  prediction: z.number().int().nullable(),
  /** Best five classes. */
  top: z.array(ClassScore),
  /**
   * In logits, negative when the goal is reached: of the class that counts as right over the next, or (targeted) of the
   * best other class over the target; null for goals on an output, and where the model gives no numbers.
   */
  margin: z.number().nullable(),
  /** Of the output against the goal's reference; null of classifiers, and where the model gives no numbers. */
  figures: Figures.nullable(),
});
export type Evaluation = z.infer<typeof Evaluation>;

/** Pictures that belong to an answer. */
export const PROBE_PICTURES = ['adversarial', 'difference', 'clean-output', 'output', 'noise-output'] as const;
export type ProbePicture = (typeof PROBE_PICTURES)[number];

export const Probe = z.object({
  /** Names its pictures. */
  probe: z.string(),
  /** As an audit of this one image would have it. */
  state: State,
  reason: z.string().nullable(),
  /** Whether the picture found is within ε: a minimum-norm attack may break the image farther away. */
  success: z.boolean(),
  /** The class that counts as right, and the one to reach; null for goals on an output, or any wrong class. */
  label: z.number().int().nullable(),
  target: z.number().int().nullable(),
  clean: Evaluation,
  /** The adversarial picture or, where a fixed-budget attack did not break the image, its nearest miss within ε in 8 bits; null: there is none. */
  changed: Evaluation.extend({ eightBit: Distances }).nullable(),
  /** Distances of the best point before rounding; null: no point reached the goal. */
  float: Distances.nullable(),
  /** Random noise as large as that change. */
  noise: Evaluation.extend({ kind: NoiseOutput.shape.kind, eightBit: Distances }).nullable(),
  forwards: z.number().int(),
  backwards: z.number().int(),
  /** Of the attack and its verification, without opening the model. */
  milliseconds: z.number(),
  pictures: z.array(z.enum(PROBE_PICTURES)),
});
export type Probe = z.infer<typeof Probe>;
