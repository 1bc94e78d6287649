import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import { assemble } from './assemble.ts';
import { FILES } from './jobs.ts';
import type { JobContext } from './jobs.ts';
import { Journal } from './journal.ts';
import { openSet } from './prepare.ts';
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
 * @throws UserError for bad input, one sentence.
 */
export async function runAudit(request: RunRequest): Promise<Results> {
  const { plan, folder, crew } = request;
  const began = Date.now();
  const journal = openJournal(request);
  try {
    const state = new AuditState(journal);
    request.onProgress(0, 0, 'Loading the model');
    const prepared = state.setup ? null : await crew.run('prepare', { plan });
    if (prepared) state.add({ type: 'setup', setup: prepared.setup });
    const setup = state.setup!;
    const output = setup.output;
    const set = await openSet(plan, setup.classes, setup.classNames);
    if (set.items.map((i) => i.id).join() !== setup.images.join())
      throw new UserError('The images are not the ones this audit began with: put them back, or start the audit in another folder.');
    const context: JobContext = {
      model: plan.model,
      input: plan.input,
      preprocessing: plan.preprocessing,
      output,
      provider: setup.provider.used,
      rows: setup.rows,
      seed: plan.seed,
      maxQueries: plan.maxQueries,
      folder,
    };
    const resumed = state.findings.size;
    await new Sitting(request, state, set, context).work();
    journal.append({ type: 'sitting', seconds: (Date.now() - began) / 1000, done: state.findings.size - resumed });
    return assemble(plan, setup, state, {
      started: state.started,
      seconds: state.seconds + (Date.now() - began) / 1000,
      workers: crew.size,
      batch: plan.batch ?? setup.rows,
      resumed,
    });
  } finally {
    journal.close();
  }
}

function openJournal({ plan, folder, resume }: RunRequest): Journal {
  const file = join(folder, FILES.journal);
  const exists = existsSync(file);
  if (exists && !resume) throw new UserError(`${folder} already holds an audit: go on with it (--resume), or choose another folder.`);
  if (!exists && resume && existsSync(folder) === false) throw new UserError(`${folder} holds no audit to go on with.`);
  const journal = Journal.open(file);
  const hash = planHash(plan);
  const first = journal.records[0];
  if (first === undefined) {
    journal.append({ type: 'plan', hash, started: new Date().toISOString() });
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${join(folder, FILES.plan)}.part`, `${JSON.stringify(plan, null, 2)}\n`);
    renameSync(`${join(folder, FILES.plan)}.part`, join(folder, FILES.plan));
  } else if (first.type !== 'plan' || first.hash !== hash) {
    journal.close();
    throw new UserError(`${folder} holds an audit with another plan: choose another folder.`);
  }
  return journal;
}
