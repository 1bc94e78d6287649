import { isCount, within } from '../../../shared/norms.ts';
import type { Norm } from '../../../shared/norms.ts';
import type { Differentiable } from '../../model/differentiable.ts';
import type { Attack, Stage } from '../attack.ts';
import { attackOf, isPreset, optionsOf, stageOf } from '../registry.ts';
import { toEightBit } from '../rounding/eight-bit.ts';
import { CountedProblem } from './counted.ts';
import type { Gate, Known } from './counted.ts';
import { nothing, record } from './finding.ts';
import type { ImageFinding } from './finding.ts';
import type { ProblemImage } from './problem.ts';

export interface AttackJob {
  model: Differentiable;
  images: readonly ProblemImage[];
  norm: Norm;
  /** Budgets, ascending. Fixed-budget attacks run at each, on the images that still stand; others run once. */
  eps: readonly number[];
  /** An attack of the registry, or a preset. */
  attack: string;
  options: Record<string, unknown>;
  seed: number;
  /** Forward plus backward passes each image may spend, rounding to 8 bit included; null: no bound. */
  maxQueries: number | null;
  gate: Gate;
  /** Whether held images shall show how near a fixed-budget attack came. */
  misses?: boolean;
}

/** Passes kept for rounding, at most: a quarter of the bound when that is less. */
const RESERVE = 40;

/**
 * Runs one attack on a batch of images and rounds what it finds, or the stages of a preset. An image's finding does not depend on the others.
 * @throws UserError on an unknown attack, a norm it does not have, or options that do not fit
 * @throws Cancelled when the gate says so
 */
export async function attackBatch(job: AttackJob): Promise<ImageFinding[]> {
  const attack = attackOf(job.attack);
  const options = optionsOf(job.attack, job.options, job.norm);
  if (isPreset(attack)) return runStages(job, attack.stages(sceneOf(job)));
  const findings = job.images.map(nothing);
  await runStage(job, attack, options, job.attack, findings);
  return findings;
}

/** One after another, each on the images and budgets where there is still something to find; the best of every image is kept. */
export async function runStages(job: AttackJob, stages: readonly Stage[]): Promise<ImageFinding[]> {
  const findings = job.images.map(nothing);
  for (const [at, { attack, options, fromBest }] of stages.entries())
    await runStage(job, stageOf(attack), optionsOf(attack, options, job.norm), `${job.attack}/${at + 1}`, findings, fromBest);
  return findings;
}

function sceneOf({ model, images, norm }: AttackJob) {
  const { classes, shape, products } = model;
  return { norm, classes, shape, targeted: images[0]?.goal != null, outputs: products?.width ?? 0 };
}

/** @param stream names its random choices, beside the seed and the image */
async function runStage(
  job: AttackJob,
  attack: Attack,
  options: Record<string, unknown>,
  stream: string,
  findings: ImageFinding[],
  fromBest = false,
): Promise<void> {
  const { norm, maxQueries } = job;
  for (const epsilon of attack.kind === 'fixed-budget' ? job.eps : [undefined]) {
    const open = [...findings.keys()].filter((image) => isOpen(findings[image]!, norm, epsilon));
    if (open.length === 0) continue;
    const problem = new CountedProblem(
      job.model,
      open.map((image) => job.images[image]!),
      {
        norm,
        epsilon,
        stream: [job.seed, stream, norm, epsilon ?? ''].join(':'),
        limits: maxQueries === null ? null : open.map((image) => maxQueries - findings[image]!.forwards - findings[image]!.backwards),
        gate: job.gate,
        access: attack.access,
        ...(fromBest && { known: open.map((image) => knownOf(findings[image]!)) }),
        ...(job.misses && { keepLowestMargin: true }),
      },
    );
    if (maxQueries !== null) problem.setAside(Math.min(RESERVE, Math.floor(maxQueries / 4)));
    const before = open.map((_, at) => problem.bestDistance(at));
    await attack.run(problem, epsilon === undefined ? options : { ...options, epsilon });
    problem.revive();
    // What was known before has been rounded before.
    before.forEach((size, at) => size < Infinity && problem.bestDistance(at) === size && problem.finish(at));
    const pictures = await toEightBit(problem);
    open.forEach((image, at) => record(findings[image]!, problem, at, pictures[at]!, attack.id));
  }
}

function knownOf({ floatPixels, floatMargin }: ImageFinding): Known | null {
  return floatPixels && { pixels: floatPixels, margin: floatMargin! };
}

/** Whether there is still something to find: a picture within the budget or, without one, a smaller change than the one known. */
function isOpen({ state, eightBitDistances }: ImageFinding, norm: Norm, epsilon: number | undefined): boolean {
  if (state === 'failed') return false;
  const enough = epsilon ?? (isCount(norm) ? 1 : 1 / 255);
  return eightBitDistances === null || !within(eightBitDistances[norm], enough);
}
