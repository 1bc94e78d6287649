import { createHash } from 'node:crypto';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import { codeOf, Folder } from '../files/folder.ts';
import { assemble } from './assemble.ts';
import { demandFit } from './fit.ts';
import { checkGoals } from './goal.ts';
import { DOCUMENTS, FILES, FOLDERS } from './jobs.ts';
import type { JobContext } from './jobs.ts';
import { Installation } from './installation.ts';
import { Journal } from './journal.ts';
import { openSet } from './prepare.ts';
import type { Setup } from './records.ts';
import { demandSameImages, demandSameModel, demandSameSetup } from './same.ts';
import { Sitting } from './sitting.ts';
import type { RunRequest } from './sitting.ts';
import { AuditState } from './state.ts';

/** Hash of everything in a plan that can change a result. */
export function planHash(plan: AuditPlan): string {
  const { workers: _w, batch: _b, ...matters } = plan;
  return createHash('sha256').update(JSON.stringify(matters)).digest('hex');
}

/**
 * Runs an audit, or goes on with one: whatever the journal holds is not done again. Gives the results,
 * complete or, when cancelled, with the rest marked as cancelled.
 * @throws UserError for bad input, one sentence; Cancelled when it was cancelled before there was anything to tell.
 */
export async function runAudit(request: RunRequest): Promise<Results> {
  const { plan, opened = plan, crew, control, installation } = request;
  const began = Date.now();
  const journal = openJournal(request);
  try {
    const state = new AuditState(journal.records, journal);
    demandFit(plan, state);
    request.onProgress(0, 0, 'Loading the model');
    const checking = (done: number, total: number) => request.onProgress(0, 0, `Checking the gradient (${Math.floor((100 * done) / total)} %)`);
    const prepare = async () => (await Promise.race([crew.run('prepare', { plan: opened }, checking), control.cancellation])).setup;
    if (state.setup === null) {
      const setup = await prepare();
      const seal = installation?.sealSetup(setup);
      state.add({ type: 'setup', setup, ...(seal && { seal }) });
    } else {
      await demandSameModel(opened, state.setup);
      // What another installation settled, or a hand changed, is settled anew.
      if (installation && !installation.settled(state.setup, state.seal)) demandSameSetup(await prepare(), state.setup);
    }
    const setup = state.setup!;
    const set = await openSet(opened, setup.classes, setup.classNames);
    demandSameImages(set, setup, state);
    checkGoals(plan, set.items.length, setup.classes);
    const resumed = state.findings.size;
    const sitting = new Sitting(request, state, set, contextOf({ ...request, plan: opened }, setup));
    await sitting.work();
    journal.append({ type: 'sitting', seconds: (Date.now() - began) / 1000, done: state.findings.size - resumed });
    return assemble(plan, setup, state, {
      started: state.started,
      seconds: state.seconds + (Date.now() - began) / 1000,
      workers: crew.size,
      batch: sitting.batch,
      resumed,
    });
  } finally {
    journal.close();
  }
}

function openJournal({ plan, folder, resume, opened, installation = new Installation() }: RunRequest): Journal {
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
    if (!goesOn || !new Folder(folder).has(FILES.plan)) {
      // The mark first: a plan without it would be somebody else's.
      installation.mark(folder, plan, opened === undefined);
      new Folder(folder).write(FILES.plan, `${JSON.stringify(plan, null, 2)}\n`);
    }
    if (!goesOn) journal.append({ type: 'plan', hash, started: new Date().toISOString() });
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

/** What the jobs of an audit have in common. */
export function contextOf({ plan, folder }: Pick<RunRequest, 'plan' | 'folder'>, setup: Setup): JobContext {
  return {
    model: plan.model,
    input: plan.input,
    fixed: plan.fixed,
    output: plan.output,
    preprocessing: plan.preprocessing,
    scores: setup.scores,
    field: setup.field,
    goals: plan.threats.map(({ goal }) => goal),
    knowledge: plan.threats.map(({ knowledge }) => knowledge),
    provider: setup.provider.used,
    rows: setup.rows,
    seed: plan.seed,
    maxQueries: plan.maxQueries,
    folder,
  };
}
