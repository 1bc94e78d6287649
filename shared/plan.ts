import { z } from 'zod';
import { Distance, Norm } from './norms.ts';
import { DroppedName, FileName } from './names.ts';

/**
 * From the decoded picture (RGB or grey, values in [0,1]) to what the network reads:
 * geometry first (resize, crop, pad), then channels, then (value * scale - mean) / std, then layout.
 */
export const Preprocessing = z.strictObject({
  /** none: the picture's own size. stretch: to width x height. centre-crop: shorter side to `resizeTo`, then crop. letterbox: fit inside, pad. pad: no scaling, centred on a canvas. */
  geometry: z.enum(['none', 'stretch', 'centre-crop', 'letterbox', 'pad']).default('none'),
  /** What the network reads, in pixels; null with geometry none. */
  width: z.number().int().positive().nullable().default(null),
  height: z.number().int().positive().nullable().default(null),
  /** Shorter side before a centre crop; null: the longer of width and height. */
  resizeTo: z.number().int().positive().nullable().default(null),
  /** Bilinear and bicubic are antialiased when shrinking, as PIL does. */
  interpolation: z.enum(['nearest', 'bilinear', 'bicubic']).default('bilinear'),
  /** Value of padded pixels, in [0,1] before scale, mean and std. */
  padValue: z.number().min(0).max(1).default(0),
  channels: z.enum(['rgb', 'bgr', 'grey']).default('rgb'),
  layout: z.enum(['nchw', 'nhwc']).default('nchw'),
  /** 1 for [0,1], 255 for [0,255]. */
  scale: z.number().positive().default(1),
  /** One value, or one per channel in the network's own channel order; in units after `scale`. */
  mean: z.array(z.number()).min(1).default([0]),
  std: z.array(z.number().positive()).min(1).default([1]),
  /** Where the network reads more channels than the picture has: the first one that the picture takes, and what the others hold; null: it takes all. */
  embed: z
    .strictObject({ first: z.number().int().min(0), fill: z.number() })
    .nullable()
    .default(null),
});
export type Preprocessing = z.infer<typeof Preprocessing>;

/** Options are numbers, words, lists and lists of lists; what goes far deeper would exhaust the stack of whoever walks it. */
const DEEPEST = 8;

function isShallow(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

/** What an output is held against: what the network makes of the clean image, or the image as the network reads it (autoencoders). */
export const REFERENCES = ['clean-output', 'input'] as const;

/** What an attack is to reach: a goal of the registry, and its options, which its own schema checks when the plan is made. */
export const Goal = z.looseObject({ kind: FileName }).refine((goal) => isShallow(goal, DEEPEST), 'this is nested too deep for options');
export type Goal = z.infer<typeof Goal>;

/** A model whose gradients stand in for those of the model under attack. */
export const Surrogate = z.strictObject({
  /** Path of its .onnx file. */
  model: z.string(),
  /** null: that of the model under attack. */
  preprocessing: Preprocessing.nullable().default(null),
});
export type Surrogate = z.infer<typeof Surrogate>;

/** What the attacker knows: the model itself, or (transfer) its answers, and the gradients of other models instead of its own. */
export const Knowledge = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('white-box') }),
  z.strictObject({ kind: z.literal('transfer'), surrogates: z.array(Surrogate).min(1) }),
]);
export type Knowledge = z.infer<typeof Knowledge>;

export const AttackChoice = z.strictObject({
  /** Registry name, e.g. `sigma-zero`. */
  id: FileName,
  /** Options of that attack; checked against its own schema when the plan is made. */
  options: z
    .record(z.string(), z.unknown())
    .refine((options) => isShallow(options, DEEPEST), 'this is nested too deep for options')
    .default({}),
});
export type AttackChoice = z.infer<typeof AttackChoice>;

export const ThreatModel = z.strictObject({
  norm: Norm,
  /** Budgets, ascending, in pixel units of [0,1] (l0: number of features, l0Pixels: of pixels). */
  eps: z.array(Distance.positive()).min(1),
  goal: Goal.default({ kind: 'untargeted' }),
  knowledge: Knowledge.default({ kind: 'white-box' }),
  attacks: z.array(AttackChoice).min(1),
});
export type ThreatModel = z.infer<typeof ThreatModel>;

export const PROVIDERS = ['cpu', 'cuda', 'dml', 'webgpu', 'coreml'] as const;
export const Provider = z.enum(PROVIDERS);
export type Provider = z.infer<typeof Provider>;

/** What is said of a classifier's answer; null: found. */
export const Answer = z.strictObject({ output: z.string().nullable().default(null), threshold: z.number().nullable().default(null) });
export type Answer = z.infer<typeof Answer>;

/** Bits in use of 16, from the lowest on. */
export const Bits = z.number().int().min(8).max(16);

/** A random sample of the images that are left after offset and limit: so many, class by class where labels are given. */
export const Sample = z.strictObject({ size: z.number().int().positive(), seed: z.number().int().min(0).max(0xffffffff).default(0) });
export type Sample = z.infer<typeof Sample>;

/**
 * What was dropped into a browser's window at once: the plan's paths in `folder` are copies, which may go, and each file is found again by
 * its hash. `files` is empty of a drop of too many.
 */
export const Drop = z.strictObject({
  folder: z.string(),
  files: z.array(z.strictObject({ name: DroppedName, sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(0) })),
});
export type Drop = z.infer<typeof Drop>;

/** Everything an audit needs, as plain data: a file, a call, or a job for another machine. */
export const AuditPlan = z.strictObject({
  format: z.literal(1).default(1),
  name: z.string().default(''),
  /** Path of the .onnx file; a plan file's own folder is the base of relative paths. */
  model: z.string(),
  /** Which input takes the image, when there are several; null: found. */
  input: z.string().nullable().default(null),
  /** Values of the other inputs, one for all entries or a list; what is not named gets 0. */
  fixed: z.record(z.string(), z.union([z.number(), z.array(z.number())])).default({}),
  /** Output, or any value inside the network, that goals of deviation and match are about; null: found. */
  output: z.string().nullable().default(null),
  /** Of goals on classes: which value holds the class scores; of a single number, from which value on it stands for the second of two classes. Absent: found. */
  answer: Answer.optional(),
  preprocessing: Preprocessing,
  /** Where nobody set the preprocessing: what it was guessed from, in a sentence. Absent where somebody did, or nothing is known of that. */
  guess: z.string().max(2000).optional(),
  images: z.array(z.string()).min(1),
  /** File of labels, or null: class folders, the data set's own, else the clean prediction. */
  labels: z.string().nullable().default(null),
  /** File with one class name a line, or null. */
  classNames: z.string().nullable().default(null),
  /** Which of these nobody named: they were found beside the images. Absent where there is none. */
  beside: z.array(z.enum(['labels', 'classNames'])).optional(),
  offset: z.number().int().min(0).default(0),
  /** The first so many after the offset; null: all. Sorted by class, they may be of one class: see `sample`. */
  limit: z.number().int().positive().nullable().default(null),
  sample: Sample.optional(),
  /** How many bits are in use of pictures that have 16 a value. Absent: found. */
  bits: Bits.optional(),
  threats: z.array(ThreatModel).min(1),
  seed: z.number().int().min(0).max(0xffffffff).default(0),
  provider: Provider.default('cpu'),
  /** Worker threads, at most as many as there are cores; null: so many. Never changes a result. */
  workers: z.number().int().positive().nullable().default(null),
  /** Images handed to an attack at once; null: chosen. Never changes a result. */
  batch: z.number().int().positive().nullable().default(null),
  /** Most forward plus backward passes an attack may spend on one image; null: no bound. */
  maxQueries: z.number().int().positive().nullable().default(null),
  /** The page of checks, "can I trust this?": on how many images it is measured; 0 or absent: there is none. */
  checks: z.strictObject({ images: z.number().int().min(0).max(1000) }).optional(),
  /** Of a plan that a served window made; results tell the names in place of the paths. */
  dropped: z.array(Drop).optional(),
});
export type AuditPlan = z.infer<typeof AuditPlan>;
/** Files that a person names for a plan, in place of those that it names itself; empty where they name none. */
export const NamedFiles = z.strictObject({
  model: z.string().nullable().default(null),
  images: z.array(z.string()).default([]),
  labels: z.string().nullable().default(null),
  classNames: z.string().nullable().default(null),
  /** Pictures to be matched and surrogate models, each once, in the order of the plan. */
  pictures: z.array(z.string()).default([]),
  surrogates: z.array(z.string()).default([]),
});
export type NamedFiles = z.infer<typeof NamedFiles>;

/** A plan as people write it: whatever has a default may be absent. */
export type AuditPlanInput = z.input<typeof AuditPlan>;
