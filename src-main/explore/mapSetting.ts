import type { PartitionChoice } from '../../shared/partitions.ts';
import type { REFERENCES } from '../../shared/plan.ts';

/** What is asked of one image: how its map is made. */
export interface MapSetting {
  epsilon: number;
  partition: PartitionChoice;
  tries: number;
  probes: number;
  /** Outputs: what they are held against. */
  reference: (typeof REFERENCES)[number];
  /** Outputs: largest value possible. */
  peak: number;
}
