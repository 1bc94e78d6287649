import type { AuditPlan } from '../../shared/plan.ts';
import type { GradientCheck } from '../../shared/results.ts';
import type { Job, JobContext, JobResult } from './jobs.ts';
import type { Prepared } from './prepare.ts';

/** The work that an audit hands to others, as plain data, and what comes back. */
export interface AuditTasks {
  prepare: { in: { plan: AuditPlan }; out: Prepared };
  job: { in: { context: JobContext; job: Job }; out: JobResult };
}

/** How far a task is, where it says so; `soFar`: what a gradient check knows already. */
export type Report = (done: number, total: number, soFar?: GradientCheck) => void;

/** Whoever does it: threads here, or other machines. */
export interface WorkerPool {
  /** Jobs at a time. */
  readonly size: number;
  /** @throws Cancelled when the run was cancelled meanwhile, and whatever the task throws. */
  run<N extends keyof AuditTasks>(name: N, input: AuditTasks[N]['in'], report?: Report): Promise<AuditTasks[N]['out']>;
}

/** The run's own pause and cancel switch. */
export interface Control {
  readonly cancelled: boolean;
  readonly paused: boolean;
  /** Whether it is the system that cancelled it, not a person. */
  readonly interrupted: boolean;
  /** Rejects with Cancelled when the run is cancelled. */
  readonly cancellation: Promise<never>;
  /** Stops the workers' work in progress between two queries. */
  cancel(): void;
}
