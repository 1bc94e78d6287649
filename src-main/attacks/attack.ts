import type { z } from 'zod';
import type { Access } from '../../shared/access.ts';
import type { FeatureNorm, Norm } from '../../shared/norms.ts';
import type { Cost, Scene } from './cost.ts';
import type { Problem } from './problem/problem.ts';

/**
 * One attack of the registry: a pure function of a problem and its options. What it finds stays with the problem,
 * which has seen every query; it gives back nothing.
 */
export interface Attack<Schema extends z.ZodObject = z.ZodObject> {
  id: string;
  title: string;
  norms: readonly Norm[];
  /** fixed-budget: stays within ε and seeks any success. minimum-norm: seeks the nearest success. */
  kind: 'fixed-budget' | 'minimum-norm';
  targeted: boolean;
  access: Access;
  /** Drives an output away from its reference by the products J'u and Jv: for goals of deviation alone. */
  needsOutput?: true;
  summary: string;
  /** Paper, and what this file does differently. */
  source: string;
  options: Schema;
  /** What a run spends on one image, at most, under one budget; what is found is rounded besides (`roundingCost`). */
  cost(scene: Scene, options: z.output<Schema>): Cost;
  /** @param options with the problem's budget as `epsilon` for fixed-budget attacks */
  run(problem: Problem, options: z.output<Schema> & { epsilon?: number }): Promise<void>;
}

/** What a preset is made for, whatever the budgets. */
export type PresetScene = Omit<Scene, 'epsilon'>;

/** One attack of a preset, with options in place of its defaults. */
export interface Stage {
  attack: string;
  options: Record<string, unknown>;
  /** Begins with the best that the stages before it found, which it then betters. */
  fromBest?: true;
}

/**
 * Attacks that complement each other, one after another, the cheapest first: each on the images and budgets that still hold, or that may
 * still be bettered, the best of every image kept. To a plan it is one attack like any other.
 */
export interface Preset extends Omit<Attack, 'run' | 'cost' | 'kind' | 'needsOutput'> {
  /** Whatever its stages look for, the nearest success counts. */
  kind: 'minimum-norm';
  needsOutput?: never;
  stages(scene: PresetScene): Stage[];
}

/** Keeps the options' type while the registry forgets it. */
export function defineAttack<Schema extends z.ZodObject>(attack: Attack<Schema>): Attack {
  return attack as unknown as Attack;
}

/**
 * The norm, for attacks that know none but those of single features.
 * @throws RangeError under l0Pixels; the registry keeps such an attack from it
 */
export function featureNorm({ norm }: Pick<Problem, 'norm'>): FeatureNorm {
  if (norm === 'l0Pixels') throw new RangeError('this attack has no form for whole pixels');
  return norm;
}

/** Views of each image's row in a count x features array; writes go through. */
export function rowsOf(values: Float32Array, count: number): Float32Array[] {
  const d = values.length / count;
  return Array.from({ length: count }, (_, i) => values.subarray(i * d, (i + 1) * d));
}

/** One image's clean pixels, a view. */
export function cleanOf({ clean, features }: Pick<Problem, 'clean' | 'features'>, image: number): Float32Array {
  return clean.subarray(image * features, (image + 1) * features);
}
