import { UserError } from '../../shared/errors.ts';
import type { AuditPlan, ThreatModel } from '../../shared/plan.ts';
import { attackBatch } from '../attacks/problem/batch.ts';
import type { Gate } from '../attacks/problem/counted.ts';
import type { ProblemImage } from '../attacks/problem/problem.ts';
import { openImages, toUnit } from '../images/index.ts';
import type { Differentiable, ImageShape } from '../model/differentiable.ts';
import { cut } from '../model/preprocessing/index.ts';
import { argMax } from '../model/scores.ts';
import type { Models } from '../audit/models.ts';
import { aimOf, kindOf } from '../goals/index.ts';
import { rangeOf } from '../audit/plan.ts';

export interface PassTimeRequest {
  plan: AuditPlan;
  /** The threat model with the one attack whose pace is wanted. */
  threat: ThreatModel;
  picture: ImageShape;
  /** Of the plan, of that shape, to fill a block with: pixels CHW. */
  pictures: readonly Float32Array[];
  rows: number;
  /** Passes that each image may spend. */
  passes: number;
}

/** Passes of a first run, which opens what the attack needs. */
const WARM = 10;

/**
 * Milliseconds that an attack takes for one pass of one image, its own arithmetic included, by a short run on a block of the
 * plan's pictures: of small models that arithmetic is most of it.
 * @returns null where there is no picture, the attack refuses, or it spends nothing
 */
export async function passTime(
  { plan, threat, picture, pictures, rows, passes }: PassTimeRequest,
  models: Models,
  gate: Gate,
): Promise<number | null> {
  if (pictures.length === 0) return null;
  const [attack] = threat.attacks;
  try {
    const { model, images } = await subject(threat, picture, pictures, rows, models);
    const run = (maxQueries: number) =>
      attackBatch({
        model,
        images,
        norm: threat.norm,
        eps: threat.eps,
        attack: attack!.id,
        options: attack!.options,
        seed: plan.seed,
        maxQueries,
        gate,
      });
    await run(WARM);
    const began = performance.now();
    const found = await run(passes);
    const spent = found.reduce((n, { forwards, backwards }) => n + forwards + backwards, 0);
    return spent > 0 ? (performance.now() - began) / spent : null;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

async function subject(
  { goal }: ThreatModel,
  picture: ImageShape,
  pictures: readonly Float32Array[],
  rows: number,
  models: Models,
): Promise<{ model: Differentiable; images: ProblemImage[] }> {
  const window = models.window(picture, []);
  const part = (pixels: Float32Array) => (window ? cut(pixels, picture, window) : pixels);
  const named = pictures.map((pixels, at) => ({ pixels: part(pixels), hash: `${at}`, label: 0, goal: null }));
  const aim = aimOf(goal);
  if (aim.on === 'output') {
    const network = await models.outputModel(picture, rows, window);
    const original = await models.originalOutput(network.model.output);
    const images: ProblemImage[] = [];
    for (const [at, image] of named.entries())
      images.push({
        ...image,
        reference: Float32Array.from(await aim.reference(original, pictures[at]!, picture, network.model.output)),
      });
    return { model: await network.scored(aim), images };
  }
  const model = await models.differentiable(picture, rows, window);
  const size = named[0]!.pixels.length;
  const block = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) block.set(named[row % named.length]!.pixels, row * size);
  const { logits } = await model.forward(block);
  const images = named.map((image, row) => {
    const label = argMax(logits.subarray(row * model.classes, (row + 1) * model.classes));
    return { ...image, label, goal: kindOf(goal).targeted ? (label + 1) % model.classes : null };
  });
  return { model, images };
}

/** The first few pictures of the plan that have the shape, pixels CHW. @throws UserError where its images do not open */
export async function readAlike(plan: AuditPlan, { channels, height, width }: ImageShape, rows: number): Promise<Float32Array[]> {
  const { items } = await openImages({ ...rangeOf(plan), labels: plan.labels, unlabelled: true });
  const alike = items.filter((one) => one.channels === channels && one.height === height && one.width === width).slice(0, rows);
  // One that is damaged inside is left out of the audit, too.
  const read = await Promise.all(
    alike.map((one) => one.read().catch((error: unknown) => (error instanceof UserError ? null : Promise.reject(error as Error)))),
  );
  return read.flatMap((picture) => (picture ? [toUnit(picture)] : []));
}
