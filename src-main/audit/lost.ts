import { isDeepStrictEqual } from 'node:util';
import type { Finding } from '../../shared/results.ts';
import { pictureHash, toUnit } from '../images/index.ts';
import type { ImageSet, Picture } from '../images/index.ts';
import { distances } from '../norms/distances.ts';
import type { Control } from './pool.ts';
import { readPng } from './picture.ts';
import type { AuditState } from './state.ts';

/**
 * Forgets what has lost its picture: a file that is gone, damaged, or another one than the journal speaks of. The audit then
 * does it again, to the same result, and so the picture is back.
 */
export async function forgetLost(state: AuditState, folder: string, set: ImageSet, control: Pick<Control, 'cancelled'>): Promise<void> {
  const read = (file: string | null | undefined): Promise<Picture | null> =>
    file ? readPng(folder, file).catch(() => null) : Promise.resolve(null);
  const findings = new Map<string, Finding[]>();
  for (const finding of state.findings.values()) findings.set(finding.image, [...(findings.get(finding.image) ?? []), finding]);
  for (const image of [...state.images.values()]) {
    if (control.cancelled) return;
    const found = await read(image.file);
    const kept = found !== null && pictureHash(found) === image.hash;
    const outputs = new Set(image.outputs.flatMap(({ file }) => file ?? []));
    if (!kept || (await Promise.all([...outputs].map(read))).includes(null)) state.forgetImage(image);
    const clean = kept ? found : await set.items[image.index]!.read();
    for (const finding of findings.get(image.id) ?? []) {
      const { file, output, eightBit } = finding;
      if (!file) continue;
      const adversarial = await read(file);
      const same =
        adversarial?.data.length === clean.data.length &&
        isDeepStrictEqual(distances(toUnit(adversarial), toUnit(clean), clean.channels), eightBit);
      if (!same || (output?.file && !(await read(output.file)))) state.forgetFinding(finding);
    }
  }
}
