import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../../shared/errors.ts';
import { Folder } from '../../files/folder.ts';
import { isLockFile } from '../../files/lock.ts';
import { DOCUMENTS, FILES, FOLDERS, SIZES } from '../jobs.ts';
import { AuditState } from '../state.ts';
import type { Told } from './told.ts';

/** Names in a sentence. */
const NAMED = 5;

/** Files of the folder that no record speaks of, and the one that the desktop knows the audit by. */
export function leftoverProblems(folder: string, told: Told): { problems: string[]; notes: string[] } {
  const { may, must } = pictureFiles(told);
  const inside = new Folder(folder);
  const strangers: string[] = [];
  let noise = 0;
  for (const name of FOLDERS) {
    for (const file of filesBelow(inside.at(name), name)) {
      if (file.startsWith('noise-output/')) noise++;
      else if (!must.has(file) && !may.has(file) && !file.endsWith('.part')) strangers.push(file);
    }
  }
  const own = new Set<string>([FILES.plan, FILES.mark, FILES.journal, ...DOCUMENTS, ...FOLDERS]);
  const beside = readdirSync(folder).filter((name) => !own.has(name) && !name.endsWith('.part') && !isLockFile(name));
  const mark = markProblem(inside, told);
  return {
    problems: [
      ...strangers.slice(0, 100).map((file) => `${file} is no picture of this audit: no record speaks of it.`),
      ...(strangers.length > 100 ? [`${strangers.length - 100} more files are no pictures of this audit.`] : []),
      ...mark.problems,
    ],
    notes: [
      ...mark.notes,
      ...(noise > 0
        ? [`${noise} ${noise === 1 ? 'picture' : 'pictures'} in noise-output, which the window made when it was asked to, are not checked.`]
        : []),
      ...(beside.length > 0
        ? [
            `${beside.slice(0, NAMED).join(', ')}${beside.length > NAMED ? ` and ${beside.length - NAMED} more` : ''} in the folder are no files of an audit, and not checked.`,
          ]
        : []),
    ],
  };
}

/** Pictures that records speak of, and those that may be left of an attack that failed or was stopped. */
function pictureFiles({ plan, setup, state }: Told): { must: Set<string>; may: Set<string> } {
  const [must, may] = [new Set<string>(), new Set<string>()];
  for (const id of setup.images) {
    const image = state.images.get(id);
    for (const file of image ? [image.file, ...image.outputs.flatMap((one) => one.file ?? [])] : []) must.add(file);
    if (!image) for (const file of [FILES.clean(id), FILES.output(id)]) may.add(file);
    plan.threats.forEach(({ norm, attacks }, t) => {
      for (const { id: attack } of attacks) {
        const finding = state.findings.get(AuditState.key(id, t, attack));
        for (const file of [finding?.file, finding?.output?.file]) if (file) must.add(file);
        if (!finding || finding.state === 'failed')
          for (const file of [FILES.adversarial(t, norm, attack, id), FILES.broken(t, norm, attack, id)]) may.add(file);
      }
    });
  }
  return { must, may };
}

/** No link is followed. */
function filesBelow(at: string, name: string): string[] {
  if (!lstatSync(at, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(at, entry.name), `${name}/${entry.name}`) : [`${name}/${entry.name}`],
  );
}

const Mark = z.object({ hairline: z.string(), name: z.string() });

function markProblem(inside: Folder, { plan, setup }: Told): { problems: string[]; notes: string[] } {
  if (!inside.has(FILES.mark)) return { problems: [], notes: [`${FILES.mark}, by which the desktop knows an audit, is missing.`] };
  try {
    const mark = Mark.parse(JSON.parse(inside.read(FILES.mark, SIZES.mark).toString('utf8')));
    const name = plan.name || plan.model.split(/[\\/]/).at(-1)!;
    const problems: string[] = [];
    if (mark.name !== name) problems.push(`${FILES.mark}, name: it says ${JSON.stringify(mark.name)}, the plan ${JSON.stringify(name)}.`);
    if (mark.hairline !== setup.hairline)
      problems.push(`${FILES.mark}, hairline: it says ${mark.hairline}, the journal ${setup.hairline}.`);
    return { problems, notes: [] };
  } catch (error) {
    if (error instanceof UserError) throw error;
    return { problems: [`${FILES.mark} is damaged.`], notes: [] };
  }
}
