import { Cancelled, messageOf } from '../../shared/errors.ts';
import type { Gate } from '../attacks/problem/counted.ts';
import { measureChecks } from '../checks/measure.ts';
import { toUnit } from '../images/index.ts';
import { cut } from '../model/preprocessing/index.ts';
import type { Job, JobContext, JobResult } from './jobs.ts';
import type { Models } from './models.ts';
import { pictureOf } from './picture.ts';

type CheckJob = Extract<Job, { kind: 'check' }>;

/** Measures what the page of checks judges by on a few images of one size. */
export async function runCheckJob(job: CheckJob, context: JobContext, models: Models, gate: Gate): Promise<JobResult> {
  const { channels, height, width } = job.images[0]!;
  const shape = { channels, height, width };
  const window = models.window(shape, []);
  const said = (image: string, measured: object): JobResult[number] => ({
    outcome: { type: 'check', check: { image, runs: {}, values: {}, ...measured } },
    files: [],
  });
  try {
    const measured = await measureChecks({
      model: await models.differentiable(shape, context.rows, window),
      images: job.images.map((image) => {
        const pixels = toUnit(pictureOf(image));
        return { pixels: window ? cut(pixels, shape, window) : pixels, hash: image.hash, label: image.label, goal: image.goal };
      }),
      norm: job.norm,
      budgets: job.budgets,
      seed: context.seed,
      gate,
    });
    return job.images.map(({ id }, at) => said(id, measured[at]!));
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return job.images.map(({ id }) => said(id, { reason: messageOf(error) }));
  }
}
