import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../../shared/errors.ts';
import { VERSION } from '../../shared/version.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import type { ModelIdentity } from '../../shared/results.ts';
import { externalFile } from '../graph/index.ts';
import type { ImageSet } from '../images/index.ts';
import { digestOf, namedPaths } from './namedFiles.ts';
import type { Setup } from './records.ts';
import { surrogatesOf } from './surrogates.ts';
import type { AuditState } from './state.ts';

/**
 * What an audit goes on with must be what it began with; else one results.json would speak of two models or two
 * data sets.
 * @throws UserError naming what has changed.
 */
export async function demandSameModel(plan: Pick<AuditPlan, 'model' | 'threats'>, setup: Setup): Promise<void> {
  if (setup.hairline !== VERSION)
    throw new UserError(
      `This audit was begun by Hairline ${setup.hairline}, and this is ${VERSION}: finish it there, or start it anew in another folder.`,
    );
  const files = [plan.model, ...surrogatesOf(plan).map(({ model }) => model)];
  if (files.length !== setup.surrogates.length + 1)
    throw new UserError('The plan has other surrogates than this audit began with: start the audit in another folder.');
  for (const [i, identity] of [setup.model, ...setup.surrogates].entries()) await demandModel(files[i]!, identity);
}

/** A model's file, and those of its weights. @throws UserError when they are others */
export async function demandModel(file: string, { sha256, weights }: Pick<ModelIdentity, 'sha256' | 'weights'>): Promise<void> {
  const expected = [{ path: file, sha256 }, ...weights.map((one) => ({ path: externalFile(file, one.file), sha256: one.sha256 }))];
  for (const { path, sha256: known } of expected)
    if ((await digestOf(path)).sha256 !== known)
      throw new UserError(`${path} is not the model this audit began with: put that one back, or start the audit in another folder.`);
}

/** The other files that the plan names; audits begun before these had hashes are believed. @throws UserError when one has changed */
export async function demandSameFiles(plan: AuditPlan, { files = [] }: Pick<Setup, 'files'>): Promise<void> {
  const paths = namedPaths(plan);
  for (const [i, { sha256 }] of files.entries()) {
    const path = paths[i]?.path;
    if (path === undefined || (await digestOf(path)).sha256 !== sha256)
      throw new UserError(
        `${path ?? 'A file of the plan'} is not the file this audit began with: put that one back, or start the audit in another folder.`,
      );
  }
}

/** What was settled of the model, where it is not vouched for. @throws UserError when it comes out otherwise here */
export function demandSameSetup(now: Setup, then: Setup): void {
  const matters = ({ input, classes, scores, output, classNames, files, images, bits, leftOut, drawn, rows, provider }: Setup) => ({
    input,
    classes,
    scores,
    output,
    classNames,
    files: then.files && files,
    images,
    bits: then.bits && bits,
    leftOut,
    drawn,
    rows,
    provider: provider.used,
  });
  if (!isDeepStrictEqual(plain(matters(now)), plain(matters(then))))
    throw new UserError(
      'What the journal says of the model and the images is not what this machine finds: put back what the audit began with, or start it in another folder.',
    );
}

/** As it comes back from a journal. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The same for the images and the labels of those already seen. @throws UserError when they differ. */
export function demandSameImages(set: ImageSet, setup: Setup, state: AuditState): void {
  // Those that are not of the audit are the ones that it left out, and no new ones.
  const leftOut = set.leftOut.length + (set.others ?? 0);
  // Of a sample the others are those, too, that were not drawn.
  const known = (setup.leftOut?.total ?? 0) + (setup.drawn ? setup.drawn.of - setup.images.length : 0);
  if (set.items.map((i) => i.id).join('\n') !== setup.images.join('\n') || leftOut !== known)
    throw new UserError('The images are not the ones this audit began with: put them back, or start the audit in another folder.');
  for (const { id, label, source } of set.items) {
    // Goals on an output have no use for labels.
    const seen = setup.output ? undefined : state.images.get(id);
    if (seen && label !== (seen.labelGiven ? seen.label : null))
      throw new UserError(
        `The label of ${source} is not the one this audit began with: put the labels back, or start the audit in another folder.`,
      );
  }
}
