import type { NamedFiles } from '../../shared/plan.ts';
import type { MapProgress, ModelCard, SubsetAttacked, VulnerabilityMap } from '../../shared/contract.ts';
import type { PartitionChoice } from '../../shared/partitions.ts';
import type { GradientCheck, ModelIdentity, NoiseOutput, Results } from '../../shared/results.ts';
import type { Picture } from '../images/index.ts';
import type { GradcheckRequest } from '../audit/gradcheck.ts';
import type { Wanted } from '../explore/inspect.ts';
import type { Drawn, MapRequest, MapTable } from '../explore/openMaps.ts';
import type { NoiseRequest } from '../explore/noise.ts';
import type { Measured, MeasureRequest } from '../estimate/measure.ts';
import type { PassTimeRequest } from '../estimate/passTime.ts';
import type { CutPicture } from '../explore/partition.ts';
import type { AuditTasks } from '../audit/pool.ts';
import type { Repeated, RepeatRequest, Verification } from '../audit/verify/verification.ts';
import type { Vulnerability, VulnerabilityRequest } from '../explore/vulnerability.ts';
import type { Previewed, PreviewTask } from '../explore/previewSession.ts';
import type { Probed, ProbeTask } from '../explore/probeTask.ts';

/** Work for a worker thread, as plain data, and what comes back. */
export interface Tasks extends AuditTasks {
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
  documents: { in: { folder: string; results: Results }; out: { problems: string[]; notes: string[]; own: boolean; missing: string[] } };
  repeat: { in: RepeatRequest & { data: string }; out: Repeated };
  preview: { in: PreviewTask; out: Previewed };
  probe: { in: ProbeTask; out: Probed };
}
export type TaskName = keyof Tasks;
