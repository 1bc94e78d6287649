import { NORMS } from '../../../shared/norms.ts';
import type { Finding } from '../../../shared/results.ts';
import { Folder } from '../../files/folder.ts';
import { pictureHash, toUnit } from '../../images/index.ts';
import type { Picture } from '../../images/index.ts';
import { distances } from '../../norms/distances.ts';
import type { Report } from '../pool.ts';
import { readAnyPng } from '../picture.ts';
import type { ImageRecord } from '../records.ts';
import type { Judge, ReadPicture } from './judge.ts';
import type { Told } from './told.ts';

/** Distances come from the same 8-bit pictures, so only the order of a sum could differ. */
const SLACK = 1e-9;

export interface CheckedPictures {
  clean: number;
  adversarial: number;
  problems: string[];
}

/** Reads pictures of a folder. @throws UserError for a link or a pipe: that is no difference from the report, but no audit's folder either */
export function reader(folder: string): ReadPicture {
  return async (file, problems) => {
    new Folder(folder).has(file);
    try {
      const { picture, plain } = await readAnyPng(folder, file);
      if (!plain) problems.push(`${file} is no PNG as Hairline writes it, so that another program may show another picture.`);
      return picture;
    } catch {
      problems.push(`${file} is missing or damaged.`);
      return null;
    }
  };
}

/** Every clean picture and every success: its file, its distances, and what the original model says of it. */
export async function checkPictures(
  { setup, state }: Pick<Told, 'setup' | 'state'>,
  judge: Judge,
  read: ReadPicture,
  report: Report,
): Promise<CheckedPictures> {
  const checked: CheckedPictures = { clean: 0, adversarial: 0, problems: [] };
  const { problems } = checked;
  const byImage = new Map<string, Finding[]>();
  for (const finding of state.findings.values()) {
    if (finding.state !== 'broken') continue;
    const known = byImage.get(finding.image);
    if (known) known.push(finding);
    else byImage.set(finding.image, [finding]);
  }
  for (const [done, id] of setup.images.entries()) {
    report(done, setup.images.length);
    const image = state.images.get(id);
    if (!image) continue;
    const clean = await read(image.file, problems);
    if (clean === null) continue;
    checked.clean++;
    problems.push(...sizeProblems(image, clean), ...(await judge.clean(image, clean)));
    for (const finding of byImage.get(id) ?? []) {
      checked.adversarial++;
      problems.push(...(await findingProblems(image, clean, finding, judge, read)));
    }
  }
  return checked;
}

function sizeProblems(image: ImageRecord, { width, height, channels, data }: Picture): string[] {
  const told = `${image.width} x ${image.height} with ${image.channels} channels`;
  const own = `${width} x ${height} with ${channels} channels`;
  if (told !== own) return [`${image.file} is ${own}, the report says ${told}.`];
  return pictureHash({ width, height, channels, data }) === image.hash
    ? []
    : [`${image.file} is not the picture of the report: its hash differs.`];
}

async function findingProblems(image: ImageRecord, clean: Picture, finding: Finding, judge: Judge, read: ReadPicture): Promise<string[]> {
  if (finding.file === null || finding.eightBit === null) return [`${image.id}: a success of ${finding.attack} without a picture.`];
  const problems: string[] = [];
  const picture = await read(finding.file, problems);
  if (picture === null) return problems;
  if (picture.width !== clean.width || picture.height !== clean.height || picture.channels !== clean.channels)
    return [`${finding.file} has another size than the clean picture.`];
  problems.push(...(await judge.finding(image, clean, finding, picture)));
  const found = distances(toUnit(picture), toUnit(clean), clean.channels);
  for (const norm of NORMS)
    if (Math.abs(found[norm] - finding.eightBit[norm]) > SLACK)
      problems.push(`${finding.file}: ${norm} is ${found[norm]}, the report says ${finding.eightBit[norm]}.`);
  return problems;
}
