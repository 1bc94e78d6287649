import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RunEvent } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan, NamedFiles } from '../../shared/plan.ts';
import { budgetNotes } from '../../shared/reach.ts';
import { FILES } from '../audit/jobs.ts';
import { EngineClient } from '../engine/client.ts';
import { readResults } from '../engine/documents.ts';
import { engineArguments } from '../engine/options.ts';
import { spawnEngine } from '../engine/spawn.ts';
import { again } from './again.ts';
import { judge } from './judge.ts';
import { EXIT, Exit } from './exit.ts';
import { answering, WORD } from './interrupt.ts';
import type { Signal } from './interrupt.ts';
import { PATHS } from './paths.ts';
import { json, line, lines } from './print.ts';
import { presetNotes } from './presetNotes.ts';
import type { Progress } from './progress.ts';
import { summaryEvent, summaryLines } from './summary.ts';

export interface RunHere {
  plan: AuditPlan;
  folder: string;
  resume: boolean;
  /** The plan is the one in the folder, or of a served window: these are opened, and its own where this installation began the audit. */
  files: NamedFiles | null;
  progress: Progress;
  summaryTo: NodeJS.WriteStream;
  failUnder: number | null;
  json: boolean;
}

/** A fresh engine process. */
export function engine(host: 'browser' | 'test' = 'browser', audits = resolve('audits')): EngineClient {
  return new EngineClient(
    spawnEngine(process.execPath, PATHS.engine, engineArguments({ host, audits, assets: PATHS.assets, data: PATHS.data })),
  );
}

/**
 * Runs an audit in an engine process of its own and prints what came of it. Ctrl+C cancels in good order, twice at once; so does a service manager's
 * end, which is no cancel.
 * @throws UserError for bad input; Exit with the code of the outcome otherwise.
 */
export async function runHere(request: RunHere): Promise<void> {
  const { plan, folder, resume, files, progress } = request;
  const client = engine();
  let heard: Signal | null = null;
  let stopped = false;
  let audit: string | null = null;
  // It may be over at the same moment; then there is nothing to cancel.
  const cancel = () => void (audit === null || client.call('cancel', { audit, interrupted: heard === 'SIGTERM' }).catch(() => undefined));
  const interrupt = (signal: Signal) => {
    if (heard) process.exit(EXIT.cancelled);
    heard = signal;
    cancel();
  };
  const work = async () => {
    if (files === null) lines([...budgetNotes(plan.threats), ...presetNotes(plan)], process.stderr);
    const over = new Promise<Extract<RunEvent, { type: 'finished' | 'failed' }>>((done) => {
      client.listen((event) => {
        progress.event(event);
        if (event.type === 'status') stopped = event.status.state === 'cancelled' || event.status.state === 'interrupted';
        if (event.type === 'finished' || event.type === 'failed') done(event);
      });
    });
    ({ audit } = await client.call('start', { plan, folder, resume, files }));
    if (heard) cancel();
    const end = await over;
    progress.end();
    if (end.type === 'failed') {
      if (end.user) throw new UserError(end.message);
      throw new Error(`${end.message.replace(/\.$/, '')}; go on with: ${again(folder)}`);
    }
    const word = WORD[heard ?? 'SIGINT'];
    if (stopped && !existsSync(join(folder, FILES.results))) {
      line(`${word} before the first image was looked at; go on with: ${again(folder)}`, process.stderr);
      throw new Exit(EXIT.cancelled);
    }
    const results = readResults(folder);
    lines(
      [...summaryLines(results), '', `Written to ${folder}: results.json, results.csv${stopped ? '' : ', report.pdf'} and the pictures.`],
      request.summaryTo,
    );
    if (request.json) json(summaryEvent(folder, results));
    if (stopped) {
      line(`${word}; go on with: ${again(folder)}`, process.stderr);
      throw new Exit(EXIT.cancelled);
    }
    const below = judge(results, request.failUnder);
    lines(below, process.stderr);
    if (below.length > 0) throw new Exit(EXIT.findings);
  };
  try {
    await answering(interrupt, work);
  } finally {
    progress.end();
    await client.close();
  }
}
