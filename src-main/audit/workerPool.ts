import type { AuditPlan, NamedFiles } from '../../shared/plan.ts';
import type { MapProgress, ModelCard, SubsetAttacked, VulnerabilityMap } from '../../shared/contract.ts';
import type { PartitionChoice } from '../../shared/partitions.ts';
import type { GradientCheck, ModelIdentity, NoiseOutput, Results } from '../../shared/results.ts';
import type { Picture } from '../images/index.ts';
import type { GradcheckRequest } from './gradcheck.ts';
import type { Wanted } from './inspect.ts';
import type { Job, JobContext, JobOutcome } from './jobs.ts';
import type { Drawn, MapRequest, MapTable } from './openMaps.ts';
import type { NoiseRequest } from './noise.ts';
import type { Measured, MeasureRequest } from './measure.ts';
import type { PassTimeRequest } from './passTime.ts';
import type { CutPicture } from './partition.ts';
import type { Prepared } from './prepare.ts';
import type { Repeated, RepeatRequest, Verification } from './verify/verification.ts';
import type { Vulnerability, VulnerabilityRequest } from './vulnerability.ts';
import type { Previewed, PreviewTask } from './previewSession.ts';
import type { Probed, ProbeTask } from './probeTask.ts';

/** Work for a worker thread, as plain data, and what comes back. */
export interface Tasks {
  weigh: { in: { model: string }; out: { bytes: number } };
  load: { in: { model: string } & Wanted; out: { large: boolean; bytes: number } };
  inspect: { in: { model: string } & Wanted; out: ModelCard };
  /** What can be said of any file, whether it can be audited or not. */
  identity: { in: { model: string }; out: ModelIdentity };
  values: { in: { model: string } & Wanted; out: { name: string; dims: number[] }[] };
  unclearInputs: { in: { model: string }; out: string[] };
  gradcheck: { in: GradcheckRequest; out: GradientCheck };
  noise: { in: NoiseRequest; out: NoiseOutput };
  measure: { in: MeasureRequest; out: Measured };
  passTime: { in: PassTimeRequest; out: number | null };
  partition: { in: { picture: Picture; choice: PartitionChoice }; out: CutPicture };
  map: { in: MapRequest; out: { map: VulnerabilityMap; drawn: Drawn } };
  mapMore: { in: { map: string }; out: MapProgress };
  mapAttack: { in: { map: string; subset: number }; out: { attacked: SubsetAttacked; drawn: Drawn } };
  mapTable: { in: { map: string }; out: MapTable };
  vulnerability: { in: Omit<VulnerabilityRequest, 'gate' | 'report'>; out: Vulnerability };
  /** `data`: the program's data folder, which knows the audits that were begun here. */
  verify: { in: { folder: string; results: Results; named: Partial<NamedFiles>; data: string; sampled: boolean }; out: Verification };
  /** Of the report, which stands above: `engine/worker.ts` does it. */
  documents: { in: { folder: string; results: Results }; out: { problems: string[]; notes: string[]; own: boolean; missing: string[] } };
  repeat: { in: RepeatRequest & { data: string }; out: Repeated };
  prepare: { in: { plan: AuditPlan }; out: Prepared };
  preview: { in: PreviewTask; out: Previewed };
  probe: { in: ProbeTask; out: Probed };
  job: { in: { context: JobContext; job: Job }; out: JobOutcome[] };
}
export type TaskName = keyof Tasks;

/** How far a task is, where it says so; `soFar`: what a gradient check knows already. */
export type Report = (done: number, total: number, soFar?: GradientCheck) => void;

/** Worker threads as an audit sees them. */
export interface WorkerPool {
  readonly size: number;
  /** @throws Cancelled when the run was cancelled meanwhile, and whatever the task throws. */
  run<N extends TaskName>(name: N, input: Tasks[N]['in'], report?: Report): Promise<Tasks[N]['out']>;
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
