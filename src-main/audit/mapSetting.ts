import type { PartitionChoice } from '../../shared/partitions.ts';
import type { Goal } from '../../shared/plan.ts';

/** What is asked of one image: how its map is made. */
export interface MapSetting {
  epsilon: number;
  partition: PartitionChoice;
  tries: number;
  probes: number;
  /** Outputs: what they are held against. */
  reference: Extract<Goal, { kind: 'deviation' }>['reference'];
  /** Outputs: largest value possible. */
  peak: number;
}
