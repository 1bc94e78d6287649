import type { Norm } from '../../shared/norms.ts';
import type { Answer, Goal, Knowledge, Preprocessing, Provider } from '../../shared/plan.ts';
import type { CheckMeasure, Finding } from '../../shared/results.ts';
import type { NetworkOutput } from '../model/networkOutput.ts';
import type { ClassifierOutput } from '../model/output.ts';
import type { ImageRecord } from './records.ts';

/**
 * Jobs are plain data, and so is what comes back: a worker needs the model's file besides, and writes nothing,
 * so that it could as well be another machine.
 */
export interface JobImage {
  id: string;
  index: number;
  hash: string;
  width: number;
  height: number;
  channels: 1 | 3;
  /** Rows first, channels last, 8 bit. */
  data: Uint8Array;
}

/** What stays the same for all jobs of an audit. */
export interface JobContext {
  model: string;
  input: string | null;
  fixed: Record<string, number | number[]>;
  /** The value that goals are on, as the plan names it. */
  output: string | null;
  /** What the plan says of a classifier's answer. */
  answer?: Answer | undefined;
  preprocessing: Preprocessing;
  /** One of these two, as the setup found. */
  scores: ClassifierOutput | null;
  networkOutput: NetworkOutput | null;
  /** Goal of every threat model. */
  goals: Goal[];
  /** What the attacker knows under each. */
  knowledge: Knowledge[];
  provider: Provider;
  rows: number;
  seed: number;
  maxQueries: number | null;
}

export type Job =
  | { kind: 'clean'; images: (JobImage & { label: number | null; source: string })[] }
  | {
      kind: 'attack';
      threat: number;
      norm: Norm;
      eps: number[];
      attack: string;
      options: Record<string, unknown>;
      images: (JobImage & { label: number; goal: number | null })[];
    }
  | { kind: 'check'; norm: Norm; budgets: number[]; images: (JobImage & { label: number; goal: number | null })[] };

/** What a job has made: a line for the journal, and the files that it speaks of, relative to the audit's folder. */
export type JobResult = { outcome: JobOutcome; files: JobFile[] }[];
export interface JobFile {
  file: string;
  bytes: Uint8Array;
}

export type JobOutcome =
  { type: 'image'; image: ImageRecord } | { type: 'finding'; finding: Finding } | { type: 'check'; check: CheckMeasure };

/** Files of an audit, relative to its folder. */
export const FILES = {
  plan: 'plan.json',
  /** What the desktop knows an audit by: opened, it leads to the folder it lies in. */
  mark: 'audit.hairline',
  journal: 'journal.jsonl',
  results: 'results.json',
  schema: 'results.schema.json',
  csv: 'results.csv',
  pdf: 'report.pdf',
  clean: (id: string) => `clean/${id}.png`,
  /** What the network makes of the clean picture, and of the adversarial one. */
  output: (id: string) => `clean-output/${id}.png`,
  broken: (threat: number, norm: Norm, attack: string, id: string) => `adversarial-output/${threat + 1}-${norm}-${attack}/${id}.png`,
  /** And of noise as large as the attack's change, where somebody asked for it. */
  noise: (threat: number, norm: Norm, attack: string, id: string) => `noise-output/${threat + 1}-${norm}-${attack}/${id}.png`,
  adversarial: (threat: number, norm: Norm, attack: string, id: string) => `adversarial/${threat + 1}-${norm}-${attack}/${id}.png`,
} as const;

/** Those of them that are written from its results, and the folders of its pictures. */
export const DOCUMENTS = [FILES.results, FILES.schema, FILES.csv, FILES.pdf] as const;
export const FOLDERS = ['clean', 'adversarial', 'clean-output', 'adversarial-output', 'noise-output'] as const;

/** Most bytes that make sense in those of them that are read; a text of more than half a gigabyte cannot be. */
export const SIZES = { plan: 64 * 2 ** 20, mark: 2 ** 16, journal: 2 ** 31, results: 500 * 2 ** 20, picture: 2 ** 30 } as const;

/** The finding of an attack that came to nothing. */
export function failure({ threat, attack }: { threat: number; attack: string }, image: { id: string }, reason: string | null): Finding {
  return {
    image: image.id,
    threat,
    attack,
    state: 'failed',
    reason,
    float: null,
    eightBit: null,
    prediction: null,
    top: [],
    file: null,
    output: null,
    forwards: 0,
    backwards: 0,
  };
}
