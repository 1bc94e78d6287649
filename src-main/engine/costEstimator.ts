import { availableParallelism } from 'node:os';
import type { PlanCost } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { planEstimate } from '../estimate/costs.ts';
import type { Pictures } from '../estimate/costs.ts';
import type { TaskName, Tasks } from '../workers/tasks.ts';
import { readAlike } from '../estimate/passTime.ts';
import type { ImageShape } from '../model/differentiable.ts';
import type { LimitedProcess } from '../workers/limited.ts';

/** Answers kept. */
const KEPT = 64;
/** More images than this make no block of rows larger. */
const MANY = 16;
/** Of slower models, in milliseconds for the gradient of one image, an attack's own arithmetic is little, and a run of it long. */
const SLOW = 30;
/** Milliseconds that the model may take in a run of an attack, and passes of an image at least and at most. */
const RUN = 250;
const LEAST = 20;
const MOST = 80;

/** Prices plans, and measures for it what it has not measured yet. */
export class CostEstimator {
  private readonly timing: LimitedProcess;
  private readonly known = new Map<string, Promise<unknown>>();

  constructor(timing: LimitedProcess) {
    this.timing = timing;
  }

  /** The model and its attacks are timed with pictures of the most frequent shape. */
  async estimate(plan: AuditPlan, pictures: Pictures[]): Promise<PlanCost> {
    const { count: _, ...picture } = pictures.reduce((a, b) => (b.count > a.count ? b : a));
    const { model, input, fixed, output, answer, preprocessing, provider, threats } = plan;
    const source = { model, input, fixed, output, answer, preprocessing, provider };
    const images = pictures.reduce((n, { count }) => n + count, 0);
    const block = { source, picture, images: Math.min(images, MANY) };
    const measured = await this.ask('measure', block, () => block);
    const { rows } = measured;
    const each = measured.gradient / rows;
    const passes = Math.round(Math.min(MOST, Math.max(LEAST, RUN / each)));
    const timed = { ...plan, name: '', threats: [], workers: null, maxQueries: null };
    // Once for all attacks, and not at all where all of them are known.
    let some: Promise<Float32Array[]> | null = null;
    const passTimes: (number | null)[] = [];
    for (const threat of threats)
      for (const attack of threat.attacks) {
        const asked = { plan: timed, threat: { ...threat, attacks: [attack] }, picture, rows };
        if (each > SLOW) passTimes.push(null);
        else
          passTimes.push(
            await this.ask('passTime', asked, async () => ({ ...asked, passes, pictures: await (some ??= alike(plan, picture, rows)) })),
          );
      }
    return planEstimate(plan, pictures, measured, passTimes, availableParallelism());
  }

  /** What was asked before is known. What failed is asked again. @param asked what the answer hangs on */
  private ask<N extends TaskName>(
    name: N,
    asked: unknown,
    input: () => Promise<Tasks[N]['in']> | Tasks[N]['in'],
  ): Promise<Tasks[N]['out']> {
    const key = JSON.stringify([name, asked]);
    const answer =
      (this.known.get(key) as Promise<Tasks[N]['out']> | undefined) ?? Promise.resolve(input()).then((all) => this.timing.run(name, all));
    this.known.delete(key);
    this.known.set(key, answer);
    if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value!);
    answer.catch(() => this.known.delete(key));
    return answer;
  }
}

/** None where the plan's images do not open: the audit will say why. */
async function alike(plan: AuditPlan, picture: ImageShape, rows: number): Promise<Float32Array[]> {
  try {
    return await readAlike(plan, picture, rows);
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
