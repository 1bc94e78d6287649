import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../../shared/errors.ts';
import { VERSION } from '../../shared/version.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { externalFile } from '../graph/index.ts';
import type { ImageSet } from '../images/index.ts';
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
    throw new UserError(`This audit was begun by Hairline ${setup.hairline}, and this is ${VERSION}: finish it there, or start it anew in another folder.`);
  const files = [plan.model, ...surrogatesOf(plan).map(({ model }) => model)];
  for (const [i, { sha256, weights }] of [setup.model, ...setup.surrogates].entries()) {
    const expected = [{ path: files[i]!, sha256 }, ...weights.map((one) => ({ path: externalFile(files[i]!, one.file), sha256: one.sha256 }))];
    for (const { path, sha256: known } of expected)
      if ((await sha256Of(path)) !== known) throw new UserError(`${path} is not the model this audit began with: put that one back, or start the audit in another folder.`);
  }
}

/** The same for the images and the labels of those already seen. @throws UserError when they differ. */
export function demandSameImages(set: ImageSet, setup: Setup, state: AuditState): void {
  if (set.items.map((i) => i.id).join('\n') !== setup.images.join('\n'))
    throw new UserError('The images are not the ones this audit began with: put them back, or start the audit in another folder.');
  for (const { id, label, source } of set.items) {
    // Goals on an output have no use for labels.
    const known = setup.field ? undefined : state.images.get(id);
    if (known && label !== (known.labelGiven ? known.label : null))
      throw new UserError(`The label of ${source} is not the one this audit began with: put the labels back, or start the audit in another folder.`);
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch {
    throw new UserError(`${file} cannot be read: check that the file is there and may be opened.`);
  }
  return hash.digest('hex');
}
