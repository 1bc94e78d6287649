import { availableParallelism } from 'node:os';
import type { PlanCost } from '../../shared/contract.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { planEstimate } from '../audit/costs.ts';
import type { Pictures } from '../audit/costs.ts';
import type { TaskName, Tasks } from '../audit/crew.ts';
import type { Pool } from './pool.ts';

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
export class Stopwatch {
  private readonly desk: () => Promise<Pool>;
  private readonly known = new Map<string, Promise<unknown>>();

  constructor(desk: () => Promise<Pool>) {
    this.desk = desk;
  }

  /** The model and its attacks are timed with pictures of the most frequent shape. */
  async estimate(plan: AuditPlan, pictures: Pictures[]): Promise<PlanCost> {
    const { count: _, ...picture } = pictures.reduce((a, b) => (b.count > a.count ? b : a));
    const { model, input, fixed, output, preprocessing, provider, threats } = plan;
    const source = { model, input, fixed, output, preprocessing, provider };
    const images = pictures.reduce((n, { count }) => n + count, 0);
    const measured = await this.ask('measure', { source, picture, images: Math.min(images, MANY) });
    const each = measured.gradient / measured.rows;
    const paces: (number | null)[] = [];
    const spend = Math.round(Math.min(MOST, Math.max(LEAST, RUN / each)));
    for (const threat of threats)
      for (const attack of threat.attacks) {
        if (each > SLOW) paces.push(null);
        else paces.push(await this.ask('pace', { plan: { ...plan, name: '', threats: [], workers: null, maxQueries: null }, threat: { ...threat, attacks: [attack] }, picture, rows: measured.rows, passes: spend }));
      }
    return planEstimate(plan, pictures, measured, paces, availableParallelism());
  }

  /** What was asked before is known. What failed is asked again. */
  private ask<N extends TaskName>(name: N, input: Tasks[N]['in']): Promise<Tasks[N]['out']> {
    const key = JSON.stringify([name, name === 'pace' ? { ...input, passes: 0 } : input]);
    const answer = (this.known.get(key) as Promise<Tasks[N]['out']> | undefined) ?? this.desk().then((desk) => desk.run(name, input));
    this.known.delete(key);
    this.known.set(key, answer);
    if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value!);
    answer.catch(() => this.known.delete(key));
    return answer;
  }
}
