import type { AuditPlan } from '../../shared/plan.ts';
import type { Probe, ProbePicture } from '../../shared/probe.ts';
import type { JobImage } from '../audit/jobs.ts';

/** A plan with one threat model, one attack and one budget, and its one image. */
export interface ProbeTask {
  plan: AuditPlan;
  image: JobImage & { label: number | null; source: string };
  /** Takes the pictures. */
  folder: string;
}

/** The answer, with its pictures as files in the folder. */
export interface Probed {
  answer: Omit<Probe, 'probe' | 'pictures'>;
  files: Partial<Record<ProbePicture, string>>;
}
