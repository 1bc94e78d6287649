import { createHash } from 'node:crypto';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { codeOf, Folder } from '../files/folder.ts';
import { toldPlan } from './dropped.ts';
import { Installation } from './installation.ts';
import { DOCUMENTS, FILES, FOLDERS } from './jobs.ts';
import { Journal } from './journal.ts';
import type { RunRequest } from './auditRun.ts';

/** The text of plan.json. */
export function planText(plan: unknown): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** Hash of everything in a plan that can change a result; where copies of dropped files lie is not of it. */
export function planHash(plan: AuditPlan): string {
  const { workers: _w, batch: _b, ...matters } = toldPlan(plan);
  return createHash('sha256').update(JSON.stringify(matters)).digest('hex');
}

/**
 * Makes a folder an audit's: its plan and its journal are there before the model is even loaded, so that whatever happens from
 * here on, the audit can be gone on with. What a crash left half written goes.
 * @returns the journal, open
 * @throws UserError when the folder holds another audit, or one that shall not be gone on with, or cannot be written
 */
export function openJournal({
  plan,
  folder,
  resume,
  opened,
  installation = new Installation(),
}: Pick<RunRequest, 'plan' | 'folder' | 'resume' | 'opened' | 'installation'>): Journal {
  const hash = planHash(plan);
  demandPlain(folder);
  const journal = Journal.open(folder);
  try {
    const begun = journal.records.some((record) => record.type === 'image' || record.type === 'finding');
    if (begun && !resume) throw new UserError(`${folder} already holds an audit: go on with it (--resume), or choose another folder.`);
    const [first] = journal.records;
    const same = first?.type === 'plan' && first.hash === hash;
    if (begun && !same) throw new UserError(`${folder} holds an audit with another plan: choose another folder.`);
    // An audit that found its input wrong has left nothing worth keeping: it may be started again.
    const goesOn = same && resume;
    if (!goesOn) journal.clear();
    const inside = new Folder(folder);
    inside.sweep([FILES.plan, FILES.mark, ...DOCUMENTS], FOLDERS);
    if (!goesOn || !inside.has(FILES.plan)) {
      // The mark first: a plan without it would be somebody else's.
      installation.mark(folder, plan, opened === undefined);
      inside.write(FILES.plan, planText(plan));
    }
    if (!goesOn) journal.begin({ type: 'plan', hash, started: new Date().toISOString() });
    else if (journal.records.at(-1)?.type === 'session') journal.append({ type: 'resumed' });
    return journal;
  } catch (error) {
    journal.close();
    if (error instanceof UserError) throw error;
    throw new UserError(`${folder} cannot be written (${codeOf(error)}): make room or mend the folder, or choose another one.`);
  }
}

/** What an audit writes must not be there as a link, or as anything but a file: told before there is any work. @throws UserError then */
function demandPlain(path: string): void {
  const folder = new Folder(path);
  for (const name of [FILES.plan, FILES.mark, FILES.journal, ...DOCUMENTS]) folder.has(name);
  for (const name of FOLDERS) folder.at(name);
}
