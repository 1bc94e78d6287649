import type { AuditPlan } from '../../shared/plan.ts';
import type { ModelCard } from '../../shared/contract.ts';
import type { GradientCheck, NoiseOutput } from '../../shared/results.ts';
import type { GradcheckRequest } from './gradcheck.ts';
import type { Wanted } from './inspect.ts';
import type { Job, JobContext, JobOutcome } from './jobs.ts';
import type { NoiseRequest } from './noise.ts';
import type { Prepared } from './prepare.ts';

/** Work for a worker thread, as plain data, and what comes back. */
export interface Tasks {
  inspect: { in: { model: string } & Wanted; out: ModelCard };
  gradcheck: { in: GradcheckRequest; out: GradientCheck };
  noise: { in: NoiseRequest; out: NoiseOutput };
  prepare: { in: { plan: AuditPlan }; out: Prepared };
  job: { in: { context: JobContext; job: Job }; out: JobOutcome[] };
}
export type TaskName = keyof Tasks;

/** Worker threads as an audit sees them. */
export interface Crew {
  readonly size: number;
  /** @throws Cancelled when the run was cancelled meanwhile, and whatever the task throws. */
  run<N extends TaskName>(name: N, input: Tasks[N]['in']): Promise<Tasks[N]['out']>;
}

/** The run's own pause and cancel switch. */
export interface Control {
  readonly cancelled: boolean;
  readonly paused: boolean;
  /** Rejects with Cancelled when the run is cancelled. */
  readonly cancellation: Promise<never>;
  /** Stops the workers' work in progress between two queries. */
  cancel(): void;
}
