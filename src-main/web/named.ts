import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import type { CallName, CALLS } from '../../shared/contract.ts';
import type { AuditPlan, NamedFiles } from '../../shared/plan.ts';
import { goalPaths } from '../goals/index.ts';

/** An input as it arrives at the engine, with its defaults. */
type Checked<N extends CallName> = z.output<(typeof CALLS)[N]['in']>;

/** What a call names of this machine. */
export interface Named {
  /** Files and folders that are read. */
  reads?: readonly (string | null)[];
  /** Id of an audit. */
  audit?: string;
  /** Whether the audit's own plan is carried out, and so whatever it names is read. */
  planned?: boolean;
  /** Folder that is written to; null: the engine chooses. */
  writes?: string | null;
}

const nothing = (): Named => ({});
const ofAudit = ({ audit }: { audit: string }): Named => ({ audit });
const ofModel = ({ model }: { model: string }): Named => ({ reads: [model] });
const ofSet = ({ paths, labels, classNames }: { paths: string[]; labels: string | null; classNames: string | null }): Named => ({
  reads: [...paths, labels, classNames],
});

/** Everything that a plan reads. */
export function readsOf({ model, images, labels, classNames, threats }: AuditPlan): (string | null)[] {
  const others = threats.flatMap(({ goal, knowledge }) => [
    ...goalPaths(goal),
    ...(knowledge.kind === 'transfer' ? knowledge.surrogates.map((one) => one.model) : []),
  ]);
  return [model, ...images, labels, classNames, ...others];
}

/** Files given in place of a plan's own. */
const filesOf = (files: NamedFiles | null): (string | null)[] =>
  files ? [files.model, ...files.images, files.labels, files.classNames, ...files.pictures, ...files.surrogates] : [];

/**
 * The paths and audits in the input of every call. The type asks for a new call; for a new field of an old call,
 * tests/web/bounds.test.ts does.
 */
export const NAMED: { [N in CallName]: (input: Checked<N>) => Named } = {
  about: nothing,
  attacks: nothing,
  goals: nothing,
  checks: nothing,
  sample: nothing,
  inspect: ofModel,
  values: ofModel,
  unclearInputs: ofModel,
  gradcheck: ({ model, images }) => ({ reads: [model, ...images] }),
  gradcheckStop: nothing,
  probeStop: nothing,
  images: ofSet,
  tell: ({ files, paths }) => ({ reads: [...files, ...paths] }),
  beside: ({ paths }) => ({ reads: paths }),
  relabel: ofSet,
  nameClasses: nothing,
  partition: nothing,
  probe: ({ model, goal }) => ({ reads: [model, ...goalPaths(goal)] }),
  preview: ofModel,
  estimate: ({ plan }) => ({ reads: readsOf(plan) }),
  start: ({ plan, folder, files }) => ({ reads: [...readsOf(plan), ...filesOf(files)], writes: folder }),
  pause: ofAudit,
  resume: ({ audit, files }) => ({ audit, planned: true, reads: filesOf(files) }),
  cancel: ofAudit,
  audits: nothing,
  // The engine takes the folder that the file lies in.
  open: ({ file }) => ({ audit: dirname(resolve(file)) }),
  progress: ofAudit,
  results: ofAudit,
  noiseOutput: ({ audit, files }) => ({ audit, planned: true, reads: filesOf(files) }),
  map: ({ model, image }) => ({ reads: [model], ...(image.kind === 'clean' ? { audit: image.audit } : {}) }),
  mapMore: nothing,
  mapAttack: nothing,
  mapStop: nothing,
  mapSave: nothing,
  export: ofAudit,
};
