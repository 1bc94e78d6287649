import type { Asked } from './child.ts';

/** A file as its program would write it. */
export interface Made {
  name: string;
  bytes: Buffer;
  use: Asked['use'];
  /** Where sizes, counts and lengths stand, and how many bytes each takes. */
  fields: readonly (readonly [at: number, size: 1 | 2 | 4])[];
  /** Numbers are written lowest byte first. */
  little?: boolean;
}
