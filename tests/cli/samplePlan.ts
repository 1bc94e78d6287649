import { writeFileSync } from 'node:fs';
import type { AuditPlanInput } from '../../shared/plan.ts';
import { IMAGES, MODEL, SAMPLES } from './hairline.ts';
import { join } from 'node:path';

/** Twelve sample pictures under three norms: seconds of work, with every kind of attack in it. */
export const SAMPLE_PLAN: AuditPlanInput = {
  name: 'Twelve signs',
  model: MODEL,
  preprocessing: {},
  images: [IMAGES],
  classNames: join(SAMPLES, 'classes.txt'),
  limit: 12,
  threats: [
    { norm: 'l0', eps: [5, 20], attacks: [{ id: 'sigma-zero', options: { steps: 40 } }] },
    { norm: 'l2', eps: [0.5, 1], attacks: [{ id: 'ddn', options: { steps: 25 } }] },
    { norm: 'linf', eps: [4 / 255, 8 / 255], attacks: [{ id: 'pgd', options: { steps: 10 } }] },
  ],
  seed: 3,
};

export function writePlan(file: string, plan: AuditPlanInput = SAMPLE_PLAN): string {
  writeFileSync(file, JSON.stringify(plan));
  return file;
}
