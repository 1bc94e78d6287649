import type { AuditPlan } from '../../shared/plan.ts';
import { Cancelled, Crashed, traceOf } from '../../shared/errors.ts';
import type { Results } from '../../shared/results.ts';
import { assemble } from './assemble.ts';
import { openJournal } from './begin.ts';
import type { Control, WorkerPool } from './pool.ts';
import { demandFit } from './fit.ts';
import { demandGoals } from '../goals/index.ts';
import type { JobContext } from './jobs.ts';
import { forgetLost } from './lost.ts';
import { settledClasses } from './classes.ts';
import { openSet } from './prepare.ts';
import type { End, Setup } from './records.ts';
import { demandSameFiles, demandSameImages, demandSameModel, demandSameSetup } from './unchanged.ts';
import { AuditRun } from './auditRun.ts';
import type { RunRequest } from './auditRun.ts';
import { AuditState, progressOf } from './state.ts';

/** A run's request; the workers may be started once the folder is the audit's. */
export type AuditRequest = Omit<RunRequest, 'pool'> & {
  pool: WorkerPool | (() => Promise<WorkerPool>);
  /** Writes them down: only then the audit is over. */
  onResults?(results: Results): Promise<void>;
};

/**
 * Runs an audit, or goes on with one: whatever the journal holds is not done again. Gives the results,
 * complete or, when cancelled, with the rest marked as unfinished.
 * @throws UserError for bad input, one sentence; Cancelled when it was cancelled before there was anything to tell.
 */
export async function runAudit(request: AuditRequest): Promise<Results> {
  const { plan, opened = plan, folder, control, installation } = request;
  // Not the time of day, which may be set back meanwhile.
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const journal = openJournal(request);
  try {
    const state = new AuditState(journal.records, journal);
    demandFit(plan, state);
    // Whoever was killed has left no word of it, but what was done.
    const oneGo = journal.records.every(({ type }) => type === 'plan');
    let resumed = state.findings.size;
    const sat = (end: End, trace: string | null = null) =>
      journal.append({ type: 'session', seconds: seconds(), done: state.findings.size - resumed, end, ...(trace !== null && { trace }) });
    try {
      request.onProgress(0, 0, 'Loading the model');
      const pool = typeof request.pool === 'function' ? await request.pool() : request.pool;
      const checking = (done: number, whole: number) =>
        request.onProgress(0, 0, `Checking the gradient (${Math.floor((100 * done) / whole)} %)`);
      const prepare = async () => (await Promise.race([pool.run('prepare', { plan: opened }, checking), control.cancellation])).setup;
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
      // Which images there are was settled then: each was decoded once.
      const set = await openSet(opened, setup.classes, await settledClasses(opened, setup), {
        only: new Set(setup.images),
        foldersByOrder: !setup.folders,
        bitsFound: setup.bits,
      });
      demandSameImages(set, setup, state);
      await demandSameFiles(opened, setup);
      demandGoals(plan, set.items.length, setup.classes, setup.leftOut?.total);
      await forgetLost(state, folder, set, control);
      resumed = state.findings.size;
      const run = new AuditRun({ ...request, pool }, state, set, contextOf(opened, setup));
      await run.work();
      const results = assemble(plan, setup, state, {
        started: state.started,
        seconds: state.seconds + seconds(),
        workers: pool.size,
        batch: run.batch,
        resumed,
        oneGo,
      });
      await request.onResults?.(results);
      const { done, total } = progressOf(plan, state);
      sat(done < total ? stopped(control) : 'finished');
      return results;
    } catch (error) {
      // A crash leaves no word, whichever process it took.
      if (!(error instanceof Crashed)) note(() => (error instanceof Cancelled ? sat(stopped(control)) : sat('failed', traceOf(error))));
      throw error;
    }
  } finally {
    journal.close();
  }
}

const stopped = ({ interrupted }: Control): End => (interrupted ? 'interrupted' : 'cancelled');

/** Notes how a session ended, where the journal can still be written; what went wrong before is what is told. */
function note(write: () => void): void {
  try {
    write();
  } catch {
    // Then it reads like one that was killed.
  }
}

/** What the jobs of an audit have in common. */
export function contextOf(plan: AuditPlan, setup: Setup): JobContext {
  return {
    model: plan.model,
    input: plan.input,
    fixed: plan.fixed,
    output: plan.output,
    answer: plan.answer,
    preprocessing: plan.preprocessing,
    scores: setup.scores,
    networkOutput: setup.output,
    goals: plan.threats.map(({ goal }) => goal),
    knowledge: plan.threats.map(({ knowledge }) => knowledge),
    provider: setup.provider.used,
    rows: setup.rows,
    seed: plan.seed,
    maxQueries: plan.maxQueries,
  };
}
