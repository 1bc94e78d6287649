import { Cancelled, messageOf } from '../../shared/errors.ts';
import { within } from '../../shared/norms.ts';
import type { Surrogate } from '../../shared/plan.ts';
import type { Finding } from '../../shared/results.ts';
import { attackBatch } from '../attacks/problem/batch.ts';
import type { ImageFinding } from '../attacks/problem/finding.ts';
import { transfer } from '../attacks/problem/transfer.ts';
import type { Gate } from '../attacks/problem/counted.ts';
import type { ProblemImage } from '../attacks/problem/problem.ts';
import { figuresWords, outputAim } from '../goals/index.ts';
import { toUnit } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import type { Differentiable } from '../model/differentiable.ts';
import type { NetworkOutput } from '../model/networkOutput.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { cut, paste } from '../model/preprocessing/index.ts';
import type { Window } from '../model/preprocessing/index.ts';
import { topScores } from '../model/scores.ts';
import { distances } from '../norms/distances.ts';
import { areNumbers } from './cleanJob.ts';
import { failure, FILES } from './jobs.ts';
import type { Job, JobContext, JobFile, JobImage, JobResult } from './jobs.ts';
import type { Models } from './models.ts';
import { outputFile } from './outputPicture.ts';
import { decodePng, pictureOf, pngFile } from './picture.ts';

type AttackJob = Extract<Job, { kind: 'attack' }>;

type AttackImage = AttackJob['images'][number];

/**
 * Runs one attack on a few images of one size, makes the PNG of every success, and lets the original model judge
 * the decoded PNG (design rule 4).
 * @param onMiss told of the nearest miss of each image that a fixed-budget attack did not break, pixels CHW
 */
export async function runAttackJob(
  job: AttackJob,
  context: JobContext,
  models: Models,
  gate: Gate,
  onMiss?: (image: string, pixels: Float32Array) => void,
): Promise<JobResult> {
  const shape = shapeOf(job);
  // What the network does not read is neither attacked nor changed.
  const window = models.window(shape, surrogatesOf(job, context));
  const part = <P extends Float32Array | Uint8Array>(planes: P): P => (window ? cut(planes, shape, window) : planes);
  const whole = <P extends Float32Array | Uint8Array>(planes: () => P, found: P): P =>
    window ? paste(planes(), shape, window, found) : found;
  let found: ImageFinding[];
  let bench: Bench;
  try {
    bench = context.networkOutput
      ? await outputBench(job, context, context.networkOutput, models, window)
      : await classBench(job, context, context.scores!, models, window);
    found = await attackBatch({
      model: bench.model,
      images: job.images.map((i, at) => ({
        pixels: part(toUnit(pictureOf(i))),
        hash: i.hash,
        label: i.label,
        goal: i.goal,
        ...bench.extra(at),
      })),
      norm: job.norm,
      eps: job.eps,
      attack: job.attack,
      options: job.options,
      seed: context.seed,
      maxQueries: context.maxQueries,
      gate,
      ...(onMiss && { misses: true }),
    });
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return job.images.map((image) => ({ outcome: { type: 'finding', finding: failure(job, image, messageOf(error)) }, files: [] }));
  }
  const results: JobResult = [];
  for (const [i, image] of job.images.entries()) {
    await gate.check();
    const { miss, eightBit } = found[i]!;
    if (miss)
      onMiss?.(
        image.id,
        whole(() => toUnit(pictureOf(image)), miss),
      );
    const levels = eightBit && whole(() => pictureToPlanes(image), eightBit);
    results.push(await judge(job, image, { ...found[i]!, eightBit: levels }, (pixels) => bench.judge(i, pixels)));
  }
  return results;
}

/** What an exported picture comes to in the original model: why it does not count, or what the finding says of it. */
type Verdict = { reason: string } | { finding: Pick<Finding, 'prediction' | 'top' | 'output'>; files: JobFile[] };

/** A goal's model under attack, and its judge. */
interface Bench {
  model: Differentiable;
  /** What an image brings besides pixels, label and goal. */
  extra(image: number): Partial<ProblemImage>;
  judge(image: number, pixels: Float32Array): Promise<Verdict>;
}

const shapeOf = ({ images: [image] }: AttackJob) => ({ channels: image!.channels, height: image!.height, width: image!.width });

/** Models whose gradients stand in for those of the one under attack; none where its own are known. */
function surrogatesOf(job: AttackJob, context: JobContext): readonly Surrogate[] {
  const knowledge = context.knowledge[job.threat]!;
  return knowledge.kind === 'white-box' ? [] : knowledge.surrogates;
}

async function classBench(
  job: AttackJob,
  context: JobContext,
  output: ClassifierOutput,
  models: Models,
  window: Window | null,
): Promise<Bench> {
  const shape = shapeOf(job);
  const original = await models.original(output);
  return {
    model: await attackedModel(job, context, models, window),
    extra: () => ({}),
    async judge(at, pixels) {
      const { goal, label } = job.images[at]!;
      const scores = await original.predict(pixels, shape);
      if (!areNumbers(scores))
        return { reason: 'the original model gives NaN or infinity for the exported picture, so the success does not count' };
      const done = goal === null ? scores.prediction !== label : scores.prediction === goal;
      if (!done)
        return { reason: `the original model takes the exported picture for class ${scores.prediction}, so the success does not count` };
      return { finding: { prediction: scores.prediction, top: topScores(scores), output: null }, files: [] };
    },
  };
}

/** The model itself, or its answers with other models' gradients. */
async function attackedModel(job: AttackJob, context: JobContext, models: Models, window: Window | null): Promise<Differentiable> {
  const victim = await models.differentiable(shapeOf(job), context.rows, window);
  const surrogates = surrogatesOf(job, context);
  if (surrogates.length === 0) return victim;
  return transfer(
    victim,
    await Promise.all(surrogates.map((surrogate) => models.surrogate(surrogate).differentiable(shapeOf(job), context.rows, window))),
  );
}

async function outputBench(
  job: AttackJob,
  context: JobContext,
  output: NetworkOutput,
  models: Models,
  window: Window | null,
): Promise<Bench> {
  const shape = shapeOf(job);
  const goal = context.goals[job.threat]!;
  const aim = outputAim(goal);
  const original = await models.originalOutput(output);
  const references: Float64Array[] = [];
  for (const image of job.images) references.push(await aim.reference(original, toUnit(pictureOf(image)), shape, output));
  return {
    model: await (await models.outputModel(shape, context.rows, window)).scored(aim),
    extra: (at) => ({ reference: Float32Array.from(references[at]!) }),
    async judge(at, pixels) {
      const y = await original.output(pixels, shape);
      if (!y.every(Number.isFinite))
        return { reason: 'the original model gives NaN or infinity for the exported picture, so the success does not count' };
      const figures = aim.figures(y, references[at]!, output);
      if (!aim.reached(figures))
        return {
          reason: `the original model's output for the exported picture does not reach the goal (${figuresWords(goal, figures)}), so the success does not count`,
        };
      const png = await outputFile(FILES.broken(job.threat, job.norm, job.attack, job.images[at]!.id), y, output, aim.peak);
      return { finding: { prediction: 1, top: [], output: { figures, file: png?.file ?? null } }, files: png ? [png] : [] };
    },
  };
}

/** From what the attack claims to a finding: broken only if the exported picture breaks the original model. */
async function judge(
  job: AttackJob,
  image: AttackImage,
  found: ImageFinding,
  verdictOn: (pixels: Float32Array) => Promise<Verdict>,
): Promise<JobResult[number]> {
  const of = (finding: Finding, files: JobFile[] = []): JobResult[number] => ({ outcome: { type: 'finding', finding }, files });
  const base: Finding = {
    ...failure(job, image, null),
    state: found.state,
    reason: found.reason,
    float: found.float,
    forwards: found.forwards,
    backwards: found.backwards,
  };
  if (found.state !== 'broken' || found.eightBit === null) return of(base);
  const png = await pngFile(FILES.adversarial(job.threat, job.norm, job.attack, image.id), planesToPicture(found.eightBit, image));
  const pixels = toUnit(await decodePng(png));
  const verdict = await verdictOn(pixels);
  if ('reason' in verdict) return of({ ...base, state: 'failed', reason: verdict.reason });
  const eightBit = distances(pixels, toUnit(pictureOf(image)), image.channels);
  if (found.epsilon !== null && !within(eightBit[job.norm], found.epsilon))
    return of({ ...base, state: 'failed', reason: 'the exported picture is outside the budget' });
  const by = found.by !== job.attack && { by: found.by! };
  return of({ ...base, ...by, eightBit, ...verdict.finding, file: png.file }, [png, ...verdict.files]);
}

/** Levels CHW as a picture of the image's size. */
export function planesToPicture(planes: Uint8Array, { width, height, channels }: JobImage): Picture {
  const plane = width * height;
  const data = new Uint8Array(planes.length);
  for (let p = 0; p < plane; p++) for (let c = 0; c < channels; c++) data[p * channels + c] = planes[c * plane + p]!;
  return { width, height, channels, data };
}

/** The inverse. */
function pictureToPlanes({ width, height, channels, data }: JobImage): Uint8Array {
  const plane = width * height;
  const planes = new Uint8Array(data.length);
  for (let p = 0; p < plane; p++) for (let c = 0; c < channels; c++) planes[c * plane + p] = data[p * channels + c]!;
  return planes;
}
