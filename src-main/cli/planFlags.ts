import type { Provider } from '../../shared/plan.ts';
import type { WantedFlags } from './ends.ts';

/** What makes a plan, and how it is run. */
export interface PlanFlags extends WantedFlags {
  model?: string;
  images?: string[];
  labels?: string;
  classNames?: string;
  preset?: string;
  preprocess?: string;
  norm?: string;
  eps?: string[];
  attacks?: string;
  targets?: string;
  goal?: string;
  /** Pictures to be matched; of a new audit the last. */
  picture?: string[];
  limit?: string;
  first?: string;
  offset?: string;
  bits?: string;
  checks?: string;
  seed?: string;
  steps?: string;
  maxQueries?: string;
  workers?: string;
  batch?: string;
  provider?: Provider;
  name?: string;
  out?: string;
  resume?: boolean;
  failUnder?: string;
  json?: boolean;
}

/** As they are given: files of an audit that goes on may be several. */
export type AuditFlags = PlanFlags & { surrogate?: string[] };
