import type { z } from 'zod';
import type { Language } from '../../shared/languages.ts';
import type { FigureCard, GoalWords } from '../../shared/goalWords.ts';
import type { Figures } from '../../shared/results.ts';
import type { EmitScore } from '../model/regression.ts';
import type { NetworkOutput } from '../model/networkOutput.ts';
import type { ImageShape } from '../model/differentiable.ts';
import type { OriginalOutput } from '../runtime/original.ts';

/** What is known of a clean image when its class to reach is chosen. */
export interface CleanImage {
  label: number;
  leastLikely: number;
}

/** A goal on classes with its options. */
export interface ClassAim {
  on: 'classes';
  /** The class an image shall be taken for, or null when any wrong class will do. @param index of the image in the plan's order */
  target(image: CleanImage, index: number, classes: number): number | null;
  /** Asked before anything is attacked. @throws UserError when the options do not fit the model or the images */
  demandFit(images: number, classes: number, leftOut: number): void;
}

/** A goal on a network's output with its options. */
export interface OutputAim {
  on: 'output';
  /** Largest value an output can take, which PSNR is relative to. */
  peak: number;
  /** Tells the graph that `emit` makes from others. */
  key: string;
  /** Adds the goal's nodes to a graph: a number per row that is above 0 where it is reached. */
  emit: EmitScore;
  /**
   * What an image's output is held against.
   * @param clean pixels of the clean picture, C x H x W in [0,1]
   * @returns as many values as the output has
   * @throws UserError when the reference has another length than the output, or a picture that is named another shape
   */
  reference(original: OriginalOutput, clean: Float32Array, shape: ImageShape, output: NetworkOutput): Promise<Float64Array>;
  /** What is reported of an output beside its reference, by the names of the goal's figures; both finite. */
  figures(y: Float64Array, reference: Float64Array, output: NetworkOutput): Figures;
  /** Whether an output with these figures is what the attacker wants. Never one that has none. */
  reached(figures: Figures): boolean;
}

export type Aim = ClassAim | OutputAim;

/** One figure of an output, as results have it and people read it. */
export interface GoalFigure extends FigureCard {
  /** By how much another machine's kernels may round it differently. */
  slack: number;
}

/** The verdict of a report: what a share of the images does at a budget. */
export interface Verdict {
  /** Between the budget and the share. */
  lead: string;
  /** Stands out: `the output for 40 % of the images`. */
  subject(share: string): string;
  /** Goes on where it ends. */
  rest: string;
}

/** One goal of the registry: what an attack is to reach. */
export interface GoalKind<Schema extends z.ZodObject = z.ZodObject> {
  kind: string;
  /** What it is about: the classes that the scores rank, or a value of the network as it is. An audit has goals of one of these. */
  on: Aim['on'];
  /** Whether every image has a class of its own to reach, which not every attack can aim at. */
  targeted: boolean;
  /** Whether the products J'u and Jv lead to it: away from a reference that the clean image has itself. */
  byProducts: boolean;
  /** Its options, without the kind; each with a `describe`. */
  options: Schema;
  /** Options that are paths of files. */
  paths: readonly (keyof z.output<Schema> & string)[];
  /** What it reports of an output, the one it is judged by first; none of goals on classes. */
  figures: readonly GoalFigure[];
  words: Record<Language, GoalWords>;
  /** The report's sentence. @param labelled whether any image came with a label */
  verdict(options: z.output<Schema>, labelled: boolean): Verdict;
  aim(options: z.output<Schema>): Aim;
}

/** Keeps the options' type while the registry forgets it. */
export function defineGoal<Schema extends z.ZodObject>(goal: GoalKind<Schema>): GoalKind {
  return goal as unknown as GoalKind;
}
