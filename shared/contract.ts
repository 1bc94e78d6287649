import { z } from 'zod';
import { ACCESS } from './access.ts';
import { Norm } from './norms.ts';
import { PartitionChoice } from './partitions.ts';
import { Preview, PreviewRequest } from './preview.ts';
import { Probe, PROBE_PICTURES, ProbeRequest } from './probe.ts';
import { CheckCard } from './checkWords.ts';
import { FigureCard, GoalWords } from './goalWords.ts';
import { AuditPlan, NamedFiles, Preprocessing, Provider, REFERENCES, Sample, ThreatModel } from './plan.ts';
import {
  ClassScore,
  GradientCheck,
  LeftOutList,
  ModelIdentity,
  NoiseOutput,
  NetworkOutput,
  Results,
  ScoresFound,
  State,
} from './results.ts';
import type { LeftOut } from './results.ts';
import { SHEET_MOST, SHEET_SIDE } from './sheet.ts';

/**
 * What the window may ask of a host, and what it is told. Electron serves this over a MessagePort,
 * the browser host over a WebSocket, the command line calls it directly. Pictures travel beside it
 * as PNG bytes under an opaque address (`PictureAddress`), never as a path of the machine.
 */

/** `host.pictureUrl(address)` in the window turns this into a URL: clean, adversarial or difference image. */
export const PictureAddress = z.discriminatedUnion('kind', [
  /** A loaded image that is not yet part of an audit. */
  z.object({ kind: z.literal('image'), image: z.string() }),
  /** Thumbnails of many of them as one picture, as `shared/sheet.ts` lays them out; `side` of a cell in px. */
  z.object({ kind: z.literal('sheet'), images: z.array(z.string()).min(1).max(SHEET_MOST), side: z.number().int().min(1).max(SHEET_SIDE) }),
  z.object({ kind: z.literal('clean'), audit: z.string(), image: z.string() }),
  z.object({
    kind: z.enum(['adversarial', 'difference']),
    audit: z.string(),
    image: z.string(),
    threat: z.number().int(),
    attack: z.string(),
  }),
  /** What the network makes of the clean image, where that is a picture. */
  z.object({ kind: z.literal('clean-output'), audit: z.string(), image: z.string() }),
  /** And of the adversarial one, and of noise (once `noiseOutput` was asked for it). */
  z.object({
    kind: z.enum(['output', 'noise-output']),
    audit: z.string(),
    image: z.string(),
    threat: z.number().int(),
    attack: z.string(),
  }),
  /** The picture of a map with one subset attacked (once `mapAttack` was asked for it), or without (null), or what the network makes of it. */
  z.object({ kind: z.literal('map'), map: z.string(), subset: z.number().int().nullable(), what: z.enum(['picture', 'output']) }),
  /** What the network reads of an image, of `preview`'s last answers. */
  z.object({ kind: z.literal('read'), preview: z.string(), image: z.string() }),
  /** Of what was tried by hand, as `Probe.pictures` names them. */
  z.object({ kind: z.literal('probe'), probe: z.string(), which: z.enum(PROBE_PICTURES) }),
]);
export type PictureAddress = z.infer<typeof PictureAddress>;

export const ModelCard = z.object({
  path: z.string(),
  identity: ModelIdentity,
  /** Which input takes the image. */
  input: z.string(),
  /** The inputs that could take it. */
  imageInputs: z.array(z.string()),
  /** The other inputs, which get fixed values; null where a dimension is open. */
  inputs: z.array(z.object({ name: z.string(), dims: z.array(z.number().int().nullable()) })),
  /** 0 of a network that is no classifier. */
  classes: z.number().int(),
  /** Size of the image the network reads; null: any. */
  network: z.object({ width: z.number().int().nullable(), height: z.number().int().nullable(), channels: z.number().int() }),
  /** Best guess of the preprocessing, with the reason in a sentence. */
  preprocessing: Preprocessing,
  guess: z.string(),
  /** softmax, sigmoid, log-softmax or logits: what a classifier's file puts out; values: no class scores. */
  output: z.enum(['logits', 'softmax', 'log-softmax', 'sigmoid', 'values']),
  /** Where class scores were found, as far as there was a choice. */
  scores: ScoresFound.optional(),
  /** What has to be known of how it is taken, in sentences; absent where there is nothing. */
  notes: z.array(z.string()).optional(),
  /** Why an audit would refuse it for its operators, which stands among the notes, too; absent where nothing says so. */
  refused: z.string().optional(),
  /** The output of a network that is no classifier: a picture, a vector, a map. */
  networkOutput: NetworkOutput.nullable(),
  /** Class names that the file itself holds. */
  classNames: z.array(z.string()).optional(),
});
export type ModelCard = z.infer<typeof ModelCard>;

export const LoadedImage = z.object({
  id: z.string(),
  /** Place in the whole set. */
  at: z.number().int(),
  source: z.string(),
  width: z.number().int(),
  height: z.number().int(),
  channels: z.number().int(),
  label: z.number().int().nullable(),
});
export type LoadedImage = z.infer<typeof LoadedImage>;

export const AttackCard = z.object({
  id: z.string(),
  title: z.string(),
  norms: z.array(Norm),
  kind: z.enum(['fixed-budget', 'minimum-norm']),
  targeted: z.boolean(),
  /** What it asks of the model: gradients, scores alone, or nothing but whether the goal is reached. */
  access: z.enum(ACCESS),
  /** Only for goals of deviation on an output. */
  needsOutput: z.boolean(),
  summary: z.string(),
  /** Paper and equation. */
  source: z.string(),
  /** JSON Schema of its options, defaults included. */
  options: z.record(z.string(), z.unknown()),
  /** Of a preset: the attacks that it runs one after another on a classifier of ten classes, by norm. */
  stages: z.partialRecord(Norm, z.array(z.string())).optional(),
});
export type AttackCard = z.infer<typeof AttackCard>;

export const GoalCard = z.object({
  kind: z.string(),
  on: z.enum(['classes', 'output']),
  targeted: z.boolean(),
  /** Whether attacks that need the products with an output's Jacobian lead to it. */
  byProducts: z.boolean(),
  /** Options that are paths of files. */
  paths: z.array(z.string()),
  /** JSON Schema of its options, defaults included. */
  options: z.record(z.string(), z.unknown()),
  /** What it reports of an output; the first is what it is judged by. None of goals on classes. */
  figures: z.array(FigureCard),
  words: z.object({ en: GoalWords, de: GoalWords }),
});
export type GoalCard = z.infer<typeof GoalCard>;

export const AuditStatus = z.object({
  audit: z.string(),
  name: z.string(),
  /** `cancelled` is what a person asked for; `interrupted` whatever else ended the engine, and `crashed` its own death, where its host saw that. */
  state: z.enum(['preparing', 'running', 'paused', 'finished', 'cancelled', 'interrupted', 'crashed', 'failed']),
  /** Image x threat x attack triples. */
  done: z.number().int(),
  total: z.number().int(),
  /** Seconds left, or null while unknown. */
  eta: z.number().nullable(),
  message: z.string(),
  folder: z.string(),
});
export type AuditStatus = z.infer<typeof AuditStatus>;

/** A clean image was looked at. */
export const ImageEvent = z.object({
  type: z.literal('image'),
  audit: z.string(),
  image: z.string(),
  label: z.number().int(),
  prediction: z.number().int(),
  right: z.boolean(),
});
export type ImageEvent = z.infer<typeof ImageEvent>;

/** One attack is through with one image. */
export const FindingEvent = z.object({
  type: z.literal('finding'),
  audit: z.string(),
  image: z.string(),
  threat: z.number().int(),
  attack: z.string(),
  state: State,
  /** 8-bit distance in the threat's norm, null unless broken. */
  distance: z.number().nullable(),
});
export type FindingEvent = z.infer<typeof FindingEvent>;

/** What the original model says of a picture: its class, or how far its output lies from the reference. */
export const MapAnswer = z.discriminatedUnion('kind', [
  /** `margin`: logits by which the map's class is ahead of the likeliest other one. */
  z.object({ kind: z.literal('classes'), prediction: z.number().int(), margin: z.number(), top: z.array(ClassScore) }),
  /** `distance`: root mean square; `psnr` null where the output is the reference; `picture`: whether the output is one. */
  z.object({
    kind: z.literal('output'),
    distance: z.number(),
    psnr: z.number().nullable(),
    ssim: z.number().nullable(),
    picture: z.boolean(),
  }),
]);
export type MapAnswer = z.infer<typeof MapAnswer>;

/** The first look at where an image is vulnerable; `mapMore` tells the rest. */
export const VulnerabilityMap = z.object({
  /** Names the map in further calls, until another one is drawn. */
  map: z.string(),
  width: z.number().int(),
  height: z.number().int(),
  channels: z.number().int(),
  /** The class that the model gives the image, which the margin is of; null for an output. */
  label: z.number().int().nullable(),
  subsets: z.number().int(),
  /** Planes that `of` is of: 1 where the channels of a pixel are together, else all. */
  planes: z.number().int(),
  /** Subset of each value of these planes, row by row, -1 for none; as `packSubsets` writes it. */
  of: z.array(z.number().int()),
  /** First order, one for each subset. */
  linear: z.array(z.number()),
  clean: MapAnswer,
});
export type VulnerabilityMap = z.infer<typeof VulnerabilityMap>;

/** A subset that was really tried: how far the best corner found moves the model, and whether that changes the class. */
export const SubsetTried = z.object({ subset: z.number().int(), moved: z.number(), breaks: z.boolean() });
export type SubsetTried = z.infer<typeof SubsetTried>;

export const MapProgress = z.object({
  /** What is being done: lengths of the Jacobian's columns (outputs only), then subsets. */
  what: z.enum(['columns', 'tries', 'done']),
  done: z.number().int(),
  total: z.number().int(),
  /** Told once, when it is there; never for classifiers. */
  quadratic: z.array(z.number()).nullable(),
  /** What is new. */
  tried: z.array(SubsetTried),
  best: SubsetTried.nullable(),
});
export type MapProgress = z.infer<typeof MapProgress>;

/** One subset attacked. `moved` and `breaks` as in the map; `after` is the original model on the 8-bit picture. */
export const SubsetAttacked = SubsetTried.extend({
  after: MapAnswer,
  /** Pixels that differ, and the levels (0 to 255) of the first few of them. */
  changed: z.number().int(),
  pixels: z.array(
    z.object({ x: z.number().int(), y: z.number().int(), before: z.array(z.number().int()), after: z.array(z.number().int()) }),
  ),
});
export type SubsetAttacked = z.infer<typeof SubsetAttacked>;

const none = z.strictObject({});

/** Which input takes the image, what the others hold, and which output is meant: as a plan has them. */
const ends = { input: AuditPlan.shape.input, fixed: AuditPlan.shape.fixed, output: AuditPlan.shape.output, answer: AuditPlan.shape.answer };

/** A classifier, and two networks that put out pictures. */
export const SAMPLES = ['signs', 'autoencoder', 'colorizer'] as const;
export type SampleName = (typeof SAMPLES)[number];

/** What an audit will take at most: attacks end early where nothing is left to find. */
export const PlanCost = z.object({
  /** Forward and backward passes of all attacks on all images. */
  passes: z.number().int(),
  seconds: z.number(),
  workers: z.number().int(),
  /** Milliseconds of a forward pass of the model, and of one with its gradient, for one image. */
  forward: z.number(),
  gradient: z.number(),
  attacks: z.array(z.object({ threat: z.number().int(), attack: z.string(), passes: z.number().int() })),
});
export type PlanCost = z.infer<typeof PlanCost>;

/** The gradient check of the model that is loaded. `stopped`: somebody ended it, or an audit began; where it is missing, it ended of itself or by its time. */
export const ModelCheck = GradientCheck.extend({ stopped: z.boolean().optional() });
export type ModelCheck = z.infer<typeof ModelCheck>;

/** Every call: name, what goes in, what comes back. A host validates both. */
export const CALLS = {
  about: { in: none, out: z.object({ hairline: z.string(), host: z.enum(['electron', 'browser', 'test']), providers: z.array(Provider) }) },
  attacks: { in: none, out: z.array(AttackCard) },
  goals: { in: none, out: z.array(GoalCard) },
  /** The lines of the page of checks, in its order. */
  checks: { in: none, out: z.array(CheckCard) },
  /** A bundled sample, ready to audit. */
  sample: {
    in: z.strictObject({ name: z.enum(SAMPLES).default('signs') }),
    out: z.object({ model: z.string(), images: z.array(z.string()), labels: z.string().nullable(), classNames: z.string().nullable() }),
  },
  /** With an output named, the model is taken by that output, even if it is a classifier. */
  inspect: {
    in: z.strictObject({
      model: z.string(),
      ...ends,
      /** Of the pictures, where some are loaded: for a network that leaves it open. */
      size: z.strictObject({ width: z.number().int().positive(), height: z.number().int().positive() }).optional(),
    }),
    out: ModelCard,
  },
  /** What goals can be about, by name: the outputs, then values inside the network, with dimensions for one image. */
  values: {
    in: z.strictObject({ model: z.string(), input: ends.input, fixed: ends.fixed }),
    out: z.array(z.object({ name: z.string(), dims: z.array(z.number().int()) })),
  },
  /** The inputs of which one has to be named before the model can be inspected, since each could take the image. */
  unclearInputs: { in: z.strictObject({ model: z.string() }), out: z.array(z.string()) },
  /**
   * Checks the gradient under a preprocessing: design rule 5. Takes about a minute at most, and tells by `check` events what is known so
   * far. null: another check, or the look at another model, took its place.
   */
  gradcheck: {
    in: z.strictObject({
      model: z.string(),
      preprocessing: Preprocessing,
      images: z.array(z.string()),
      ...ends,
    }),
    out: ModelCheck.nullable(),
  },
  /** Ends the check at work: it is answered with what is known. */
  gradcheckStop: { in: none, out: none },
  /**
   * `classNames`: a file of names; class folders and labels given as words are looked up in it, else in `modelNames`, which the model
   * holds. `classes`: how many the model has, so that labels beyond them are told at once. `unlabelled`: no labels are looked for.
   */
  images: {
    in: z.strictObject({
      paths: z.array(z.string()).min(1),
      labels: z.string().nullable(),
      classNames: z.string().nullable().default(null),
      modelNames: z.array(z.string()).nullable().default(null),
      classes: z.number().int().positive().nullable().default(null),
      unlabelled: z.boolean().default(false),
      offset: z.number().int().min(0),
      limit: z.number().int().positive().nullable(),
      sample: Sample.optional(),
    }),
    out: z.object({
      images: z.array(LoadedImage),
      total: z.number().int(),
      classNames: z.array(z.string()).nullable(),
      warnings: z.array(z.string()),
      leftOut: LeftOutList,
    }),
  },
  /** What text files hold that nobody said anything of, by their content; null for what is neither. `paths`: the pictures, as far as there are any. */
  tell: {
    in: z.strictObject({ files: z.array(z.string()), paths: z.array(z.string()), classes: z.number().int().positive().nullable() }),
    out: z.array(z.enum(['labels', 'classNames']).nullable()),
  },
  /** Files of labels and class names that lie in the folders given. */
  beside: {
    in: z.strictObject({ paths: z.array(z.string()).min(1), classes: z.number().int().positive().nullable() }),
    out: z.object({ labels: z.string().nullable(), classNames: z.string().nullable() }),
  },
  /**
   * One label set by hand: gives a new labels file for all images, with those that were there. `at` counts before the offset; null
   * is no label. What is audited with it says how many labels were set by hand.
   */
  relabel: {
    in: z.strictObject({
      paths: z.array(z.string()).min(1),
      labels: z.string().nullable(),
      classNames: z.string().nullable(),
      at: z.number().int().min(0),
      label: z.number().int().min(0).nullable(),
    }),
    out: z.object({ file: z.string() }),
  },
  /** Class names as text, one a line: gives a file of them. `classes`: how many there must be. */
  nameClasses: {
    in: z.strictObject({ text: z.string(), classes: z.number().int().positive().nullable() }),
    out: z.object({ file: z.string() }),
  },
  /** A loaded image cut into subsets, as attacks cut it: the subset of each pixel, row by row, packed (of several, as of values, the first). */
  partition: {
    in: z.strictObject({ image: z.string(), choice: PartitionChoice }),
    out: z.object({ width: z.number().int(), height: z.number().int(), count: z.number().int(), of: z.array(z.number().int()) }),
  },
  /**
   * One attack on one image under one budget, with the numbers that an audit of it has; the model stays open between calls. null: a
   * newer request overtook this one.
   */
  probe: { in: ProbeRequest, out: Probe.nullable() },
  /** Ends the attack at work, which is then answered with null; the next one opens its model anew. */
  probeStop: { in: none, out: none },
  /**
   * What the network reads of some loaded images, what it says of them, and what looks wrong; the model stays open between calls. Of
   * very large pictures only the first ones. null: a newer request overtook this one.
   */
  preview: { in: PreviewRequest, out: Preview.nullable() },
  /** What a plan costs on pictures of these shapes; model and attacks are timed once for each. */
  estimate: {
    in: z.strictObject({
      plan: AuditPlan,
      pictures: z
        .array(
          z.strictObject({
            channels: z.number().int().positive(),
            height: z.number().int().positive(),
            width: z.number().int().positive(),
            count: z.number().int().positive(),
          }),
        )
        .min(1),
    }),
    out: PlanCost,
  },
  /**
   * Without a folder the host chooses one. `resume` goes on with the audit that the folder holds. `files`: the plan is the one in that
   * folder, whose paths count only where this installation began the audit; these files are opened instead.
   */
  start: {
    in: z.strictObject({
      plan: AuditPlan,
      folder: z.string().nullable().default(null),
      resume: z.boolean().default(false),
      files: NamedFiles.nullable().default(null),
    }),
    out: z.object({ audit: z.string() }),
  },
  pause: { in: z.strictObject({ audit: z.string() }), out: none },
  /** `files`: what is loaded, to be opened where the audit was begun elsewhere. */
  resume: { in: z.strictObject({ audit: z.string(), files: NamedFiles.default(NamedFiles.parse({})) }), out: none },
  /** `interrupted`: it is the system that ends the run, not a person. */
  cancel: { in: z.strictObject({ audit: z.string(), interrupted: z.boolean().default(false) }), out: none },
  /** Known audits, newest first. */
  audits: { in: none, out: z.array(AuditStatus) },
  /** The audit that a `.hairline` file belongs to; it lies in the audit's folder. */
  open: { in: z.strictObject({ file: z.string() }), out: AuditStatus },
  /** Everything an audit has told of so far, from its journal: for a window that was not there to hear it. */
  progress: {
    in: z.strictObject({ audit: z.string() }),
    out: z.object({
      threats: z.array(ThreatModel),
      classNames: z.array(z.string()).nullable(),
      /** Every image of the audit, in order; none before the model was loaded. */
      order: z.array(z.string()),
      images: z.array(ImageEvent.extend({ source: z.string() })),
      findings: z.array(FindingEvent),
    }),
  },
  results: { in: z.strictObject({ audit: z.string() }), out: Results },
  /** The output for random noise as large as the change an attack found, seeded: how much of the harm is the attack's doing. */
  noiseOutput: {
    in: z.strictObject({
      audit: z.string(),
      image: z.string(),
      threat: z.number().int().min(0),
      attack: z.string(),
      files: NamedFiles.default(NamedFiles.parse({})),
    }),
    out: NoiseOutput,
  },
  /**
   * Where an image is vulnerable: how far changing each subset alone, by at most ε in each value, moves what the model says of it.
   * Answers with the first order; work on an earlier map ends. On an image of an audit, the model is the audit's own, or one that
   * `inspect` was asked about.
   */
  map: {
    in: z.strictObject({
      model: z.string(),
      preprocessing: Preprocessing,
      ...ends,
      provider: Provider.default('cpu'),
      /** A loaded image, or the clean image of an audit. */
      image: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('image'), image: z.string() }),
        z.strictObject({ kind: z.literal('clean'), audit: z.string(), image: z.string() }),
      ]),
      epsilon: z.number().positive().max(1),
      partition: PartitionChoice,
      /** Subsets that are really tried, the most promising first. */
      tries: z.number().int().min(0),
      /** Outputs: random probes for the columns' lengths. */
      probes: z.number().int().min(1).default(256),
      reference: z.enum(REFERENCES).default('clean-output'),
      /** Largest value of the output, which PSNR is relative to. */
      peak: z.number().positive().default(1),
    }),
    out: VulnerabilityMap,
  },
  /** Works on for a moment, and tells what is new; until it says `done`. */
  mapMore: { in: z.strictObject({ map: z.string() }), out: MapProgress },
  /** Attacks one subset at once, between two moments of `mapMore`. */
  mapAttack: { in: z.strictObject({ map: z.string(), subset: z.number().int().min(0) }), out: SubsetAttacked },
  /** Ends the work on a map; what it has stays, and subsets can still be attacked. */
  mapStop: { in: z.strictObject({ map: z.string() }), out: none },
  /** Writes a table of the map as far as it is, and gives its file, like `export`. */
  mapSave: { in: z.strictObject({ map: z.string() }), out: z.object({ file: z.string(), url: z.string().nullable() }) },
  /** Writes the document beside the results and gives its file; the host lets the user fetch or save it. */
  export: {
    in: z.strictObject({ audit: z.string(), format: z.enum(['pdf', 'csv', 'json']) }),
    out: z.object({ file: z.string(), url: z.string().nullable() }),
  },
} as const;
export type CallName = keyof typeof CALLS;
export type CallIn<N extends CallName> = z.input<(typeof CALLS)[N]['in']>;
export type CallOut<N extends CallName> = z.output<(typeof CALLS)[N]['out']>;

/** How far the gradient check of a model is, of `total`, and what is known so far. */
export const CheckEvent = z.object({
  type: z.literal('check'),
  model: z.string(),
  done: z.number().int(),
  total: z.number().int(),
  check: GradientCheck,
});
export type CheckEvent = z.infer<typeof CheckEvent>;

/** What happens while an audit runs, which the command line prints as JSON lines, or while a model is checked. */
export const RunEvent = z.discriminatedUnion('type', [
  CheckEvent,
  z.object({ type: z.literal('status'), status: AuditStatus }),
  ImageEvent,
  FindingEvent,
  z.object({ type: z.literal('warning'), audit: z.string(), message: z.string() }),
  z.object({ type: z.literal('finished'), audit: z.string(), folder: z.string() }),
  /** `user`: the message says what to mend. */
  z.object({
    type: z.literal('failed'),
    audit: z.string(),
    message: z.string(),
    user: z.boolean().default(false),
    /** Where an error that nobody foresaw was thrown. */
    trace: z.string().optional(),
  }),
  /** The engine is gone, with all that it had loaded; the next call starts another one. */
  z.object({ type: z.literal('died'), message: z.string() }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** What a call that went wrong comes back as. `user`: the sentence says what to mend. */
export const CallError = z.object({ message: z.string(), user: z.boolean() });
export type CallError = z.infer<typeof CallError>;

/** What came of files that were dropped. */
export interface Imported {
  paths: string[];
  leftOut: LeftOut[];
}

/** The window's side of the contract; every host provides one. */
export interface Host {
  call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>>;
  /** Gives back a function that stops listening. */
  listen(listener: (event: RunEvent) => void): () => void;
  /** Makes dropped or picked files known to the host; gives paths to use in calls, and what could not be taken. */
  importFiles(files: File[]): Promise<Imported>;
  pictureUrl(address: PictureAddress): string;
  /** Lets the user keep an exported document. */
  save(file: string, url: string | null): Promise<void>;
}

declare global {
  // The window's lib has it; main-side code only names it in this interface.
  interface File {
    readonly name: string;
  }
}
