import type { Distances, Norm } from '../../../shared/norms.ts';
import type { Differentiable } from '../../model/differentiable.ts';
import { distances } from '../../norms/distances.ts';
import { CountedProblem } from './counted.ts';
import type { Gate } from './counted.ts';
import type { ProblemImage } from './problem.ts';
import { toEightBit } from '../rounding/eight-bit.ts';
import { toPixels } from '../rounding/levels.ts';
import { attackOf, optionsOf } from '../registry.ts';

export interface AttackJob {
  model: Differentiable;
  images: readonly ProblemImage[];
  norm: Norm;
  /** Budgets, ascending. Fixed-budget attacks run at each, on the images that still stand; others run once. */
  eps: readonly number[];
  attack: string;
  options: Record<string, unknown>;
  seed: number;
  /** Forward plus backward passes each image may spend, rounding to 8 bit included; null: no bound. */
  maxQueries: number | null;
  gate: Gate;
  /** Whether held images shall show how near a fixed-budget attack came. */
  misses?: boolean;
}

export interface ImageFinding {
  /** broken: an 8-bit picture reaches the goal (within a budget, if the attack has one). failed: NaN or infinity. */
  state: 'broken' | 'held' | 'failed';
  reason: string | null;
  /** Best point before rounding, pixels CHW, and its distances; null when there was none. */
  floatPixels: Float32Array | null;
  float: Distances | null;
  /** The picture, levels CHW, and its distances; null unless broken. */
  eightBit: Uint8Array | null;
  eightBitDistances: Distances | null;
  /** Of a held image, where it was asked for: the point within the largest budget that came nearest to the goal. */
  miss: Float32Array | null;
  /** Budget at which a fixed-budget attack broke the image; null otherwise. */
  epsilon: number | null;
  forwards: number;
  backwards: number;
}

/** Passes kept for rounding, at most: a quarter of the bound when that is less. */
const RESERVE = 40;

/**
 * Runs one attack on a batch of images and rounds what it finds. An image's finding does not depend on the others.
 * @throws UserError on an unknown attack, a norm it does not have, or options that do not fit
 * @throws Cancelled when the gate says so
 */
export async function attackBatch(job: AttackJob): Promise<ImageFinding[]> {
  const attack = attackOf(job.attack);
  const options = optionsOf(job.attack, job.options, job.norm);
  const findings = job.images.map(nothing);
  const budgets = attack.kind === 'fixed-budget' ? job.eps : [undefined];
  let open = job.images.map((_, image) => image);
  for (const epsilon of budgets) {
    if (open.length === 0) break;
    const problem = new CountedProblem(
      job.model,
      open.map((image) => job.images[image]!),
      {
        norm: job.norm,
        epsilon,
        stream: [job.seed, job.attack, job.norm, epsilon ?? ''].join(':'),
        limits:
          job.maxQueries === null ? null : open.map((image) => job.maxQueries! - findings[image]!.forwards - findings[image]!.backwards),
        gate: job.gate,
        access: attack.access,
        ...(job.misses && { keepLowestMargin: true }),
      },
    );
    if (job.maxQueries !== null) problem.setAside(Math.min(RESERVE, Math.floor(job.maxQueries / 4)));
    await attack.run(problem, epsilon === undefined ? options : { ...options, epsilon });
    problem.revive();
    const pictures = await toEightBit(problem);
    open.forEach((image, at) => record(findings[image]!, problem, at, pictures[at]!));
    open = open.filter((image) => findings[image]!.state === 'held');
  }
  return findings;
}

function nothing(): ImageFinding {
  return {
    state: 'held',
    reason: null,
    floatPixels: null,
    float: null,
    eightBit: null,
    eightBitDistances: null,
    miss: null,
    epsilon: null,
    forwards: 0,
    backwards: 0,
  };
}

function record(finding: ImageFinding, problem: CountedProblem, at: number, picture: Uint8Array | null): void {
  const clean = problem.clean.subarray(at * problem.features, (at + 1) * problem.features);
  const { channels } = problem.shape;
  const pixels = problem.found.pixels(at);
  finding.forwards += problem.forwards[at]!;
  finding.backwards += problem.backwards[at]!;
  finding.miss = picture ? null : (problem.lowestMargin?.pixels(at) ?? null);
  // A float success at a smaller budget that no picture could keep is still the nearer one.
  if (pixels && !finding.floatPixels) {
    finding.floatPixels = pixels;
    finding.float = distances(pixels, clean, channels);
  }
  if (picture) {
    finding.state = 'broken';
    finding.eightBit = picture;
    finding.eightBitDistances = distances(toPixels(picture), clean, channels);
    finding.epsilon = problem.epsilon ?? null;
  } else if (problem.failure[at] !== null) {
    finding.state = 'failed';
    finding.reason = problem.failure[at]!;
  }
}
