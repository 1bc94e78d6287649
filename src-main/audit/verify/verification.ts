import type { NamedFiles } from '../../../shared/plan.ts';
import type { Results } from '../../../shared/results.ts';

/** What a check of an audit's folder found. */
export interface Verification {
  /** Clean pictures and adversarial ones that were looked at. */
  pictures: number;
  successes: number;
  /** Every difference between the report and what was found, a sentence each. */
  problems: string[];
  /** What could not be checked, or an older audit lacks, a sentence each. */
  notes: string[];
  /** What no check of the files can show, each as the end of "On trust: ". */
  trust: string[];
  /** Fields that the report lacks, a sentence each: an older Hairline did not write them. */
  lacks: string[];
  /** Whether the audit was through, so that all of its documents are due. */
  complete: boolean;
}

/** Whose attacks are run again, and how many. */
export interface RepeatRequest {
  folder: string;
  results: Results;
  named: Partial<NamedFiles>;
  /** Images under one threat model that are attacked again. */
  count: number;
}

/** What became of them. */
export interface Repeated {
  repeated: number;
  problems: string[];
  notes: string[];
}
