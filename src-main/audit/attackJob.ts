import { join } from 'node:path';
import { Cancelled, messageOf } from '../../shared/errors.ts';
import { within } from '../../shared/norms.ts';
import type { Finding } from '../../shared/results.ts';
import { attackBatch } from '../attacks/batch.ts';
import type { ImageFinding } from '../attacks/batch.ts';
import type { Gate } from '../attacks/counted.ts';
import { decodeFile, toUnit } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import { topScores } from '../model/scores.ts';
import { distances } from '../norms/distances.ts';
import type { Original } from '../runtime/original.ts';
import { areNumbers } from './cleanJob.ts';
import { failure, FILES } from './jobs.ts';
import type { Job, JobContext, JobImage } from './jobs.ts';
import type { Models } from './models.ts';
import { pictureOf, writePng } from './picture.ts';

type AttackJob = Extract<Job, { kind: 'attack' }>;

/**
 * Runs one attack on a few images of one size, writes the PNG of every success, and lets the original model judge
 * the decoded PNG (design rule 4).
 */
export async function runAttackJob(job: AttackJob, context: JobContext, models: Models, gate: Gate): Promise<Finding[]> {
  const { channels, height, width } = job.images[0]!;
  const shape = { channels, height, width };
  let found: ImageFinding[];
  try {
    found = await attackBatch({
      model: await models.differentiable(shape, context.rows),
      images: job.images.map((i) => ({ pixels: toUnit(pictureOf(i)), hash: i.hash, label: i.label, goal: i.goal })),
      norm: job.norm,
      eps: job.eps,
      attack: job.attack,
      options: job.options,
      seed: context.seed,
      maxQueries: context.maxQueries,
      gate,
    });
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return job.images.map((image) => failure(job, image, messageOf(error)));
  }
  const original = await models.original(context.output);
  const findings: Finding[] = [];
  for (const [i, image] of job.images.entries()) {
    await gate.check();
    findings.push(await judge(job, context, image, found[i]!, original));
  }
  return findings;
}

/** From what the attack claims to a finding: broken only if the exported picture breaks the original model. */
async function judge(job: AttackJob, context: JobContext, image: JobImage & { label: number; goal: number | null }, found: ImageFinding, original: Original): Promise<Finding> {
  const base: Finding = {
    ...failure(job, image, null),
    state: found.state,
    reason: found.reason,
    float: found.float,
    forwards: found.forwards,
    backwards: found.backwards,
  };
  if (found.state !== 'broken' || found.eightBit === null) return base;
  const file = FILES.adversarial(job.threat, job.norm, job.attack, image.id);
  const picture = planesToPicture(found.eightBit, image);
  await writePng(join(context.folder, file), picture);
  const decoded = await decodeFile(join(context.folder, file), file);
  const pixels = toUnit(decoded);
  const scores = await original.predict(pixels, { channels: image.channels, height: image.height, width: image.width });
  if (!areNumbers(scores)) return { ...base, state: 'failed', reason: 'the original model gives NaN or infinity for the exported picture, so the success does not count' };
  const reached = image.goal === null ? scores.prediction !== image.label : scores.prediction === image.goal;
  const eightBit = distances(pixels, toUnit(pictureOf(image)), image.channels);
  const inside = found.epsilon === null || within(eightBit[job.norm], found.epsilon);
  if (!reached || !inside)
    return {
      ...base,
      state: 'failed',
      reason: reached
        ? 'the exported picture is outside the budget'
        : `the original model takes the exported picture for class ${scores.prediction}, so the success does not count`,
    };
  return { ...base, eightBit, prediction: scores.prediction, top: topScores(scores), file };
}

function planesToPicture(planes: Uint8Array, { width, height, channels }: JobImage): Picture {
  const plane = width * height;
  const data = new Uint8Array(planes.length);
  for (let p = 0; p < plane; p++) for (let c = 0; c < channels; c++) data[p * channels + c] = planes[c * plane + p]!;
  return { width, height, channels, data };
}
