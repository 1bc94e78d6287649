import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AuditStatus, RunEvent } from '../../shared/contract.ts';
import { Cancelled, Crashed, messageOf, traceOf, UserError } from '../../shared/errors.ts';
import type { AuditPlan, NamedFiles } from '../../shared/plan.ts';
import { demandFit } from '../audit/fit.ts';
import { NO_FILES, planToOpen } from '../audit/files.ts';
import type { Installation } from '../audit/installation.ts';
import { FILES } from '../audit/jobs.ts';
import { Journal } from '../audit/journal.ts';
import { AuditState, progressOf } from '../audit/state.ts';
import { planOf } from '../audit/plan.ts';
import { missingWords, openPlan } from '../audit/restored.ts';
import { runAudit } from '../audit/run.ts';
import { Folder } from '../files/folder.ts';
import { locked } from '../files/lock.ts';
import { AuditWorkers } from '../workers/auditWorkers.ts';
import { collect } from './collect.ts';
import { writeDocuments, writeTables } from './documents.ts';
import type { WorkersProcess } from '../workers/workersProcess.ts';
import { GO, PAUSE, Switch } from '../workers/gate.ts';
import type { LimitedProcess } from '../workers/limited.ts';
import { findingEvent, imageEvent } from './progress.ts';
import { TimeLeft } from './timeLeft.ts';

/** Events of progress are sent no more often than this, in ms. */
const QUIET = 100;

/** How long after an audit its memory is given back, in ms. */
const REST = 250;

/** States of a run that is not over. */
const LIVE: readonly AuditStatus['state'][] = ['preparing', 'running', 'paused'];

interface Running {
  plan: AuditPlan;
  /** What is opened instead of the plan's files, where the plan is the one in the folder. */
  files: NamedFiles | null;
  status: AuditStatus;
  /** Null once it is over: all that took part in the run hangs on it. */
  control: Switch | null;
  over: Promise<void>;
}

/** Starts the workers of a run. */
export type Hire = (size: number, control: Switch, weights: number) => WorkersProcess;

/** The audits of this engine: those running, and those on the disk. */
export class Audits {
  private readonly root: string;
  private readonly installation: Installation;
  private readonly hire: Hire;
  private readonly limited: () => LimitedProcess;
  private readonly cores: number;
  private readonly emit: (event: RunEvent) => void;
  private readonly running = new Map<string, Running>();

  /** @param limited makes a process for what is done with a model before it is known to be harmless */
  constructor(
    root: string,
    installation: Installation,
    cores: number,
    hire: Hire,
    limited: () => LimitedProcess,
    emit: (event: RunEvent) => void,
  ) {
    this.root = root;
    this.installation = installation;
    this.cores = cores;
    this.hire = hire;
    this.limited = limited;
    this.emit = emit;
  }

  /** Folder of an audit: its id is the folder's name below the root, or the folder itself when it lies elsewhere. */
  folder(audit: string): string {
    const known = this.running.get(audit);
    if (known) return known.status.folder;
    const folder = resolve(this.root, audit);
    if (!new Folder(folder).has(FILES.journal)) throw new UserError('There is no such audit; it may have been deleted.');
    return folder;
  }

  /** @param files the plan is the one in the folder: these are opened, and its own where this installation wrote it */
  start(plan: AuditPlan, wanted: string | null, resume: boolean, files: NamedFiles | null = null): string {
    const folder = wanted === null ? this.freshFolder(plan) : resolve(wanted);
    // Told at once, before there is anything to listen to.
    if (files !== null && !plan.dropped) planToOpen(plan, { named: files, begunHere: this.installation.began(folder, plan), folder });
    const audit = resolve(this.root, basename(folder)) === folder ? basename(folder) : folder;
    const known = this.running.get(audit);
    if (known && LIVE.includes(known.status.state)) throw new UserError('This audit is already running.');
    const control = new Switch();
    const running: Running = {
      plan,
      files,
      control,
      status: {
        audit,
        name: plan.name || basename(plan.model),
        state: 'preparing',
        done: 0,
        total: 0,
        eta: null,
        message: 'Starting',
        folder,
      },
      over: Promise.resolve(),
    };
    this.running.set(audit, running);
    running.over = this.run(running, control, resume);
    return audit;
  }

  private async run(running: Running, control: Switch, resume: boolean): Promise<void> {
    const { plan, status } = running;
    const { audit, folder } = status;
    const left = new TimeLeft();
    let told = -QUIET;
    let later: NodeJS.Timeout | undefined;
    const checker = this.limited();
    control.cancellation.catch(() => checker.close());
    let pool = null as AuditWorkers | null;
    // The last status of a burst is told late rather than never.
    const tell = (patch: Partial<AuditStatus>, always = true) => {
      Object.assign(status, patch);
      const wait = always ? 0 : told + QUIET - performance.now();
      if (wait > 0) {
        later ??= setTimeout(() => tell({}), wait);
        return;
      }
      clearTimeout(later);
      later = undefined;
      told = performance.now();
      this.emit({ type: 'status', status: { ...status } });
    };
    try {
      tell({});
      let cancelled = false;
      // Told of as over once nobody holds the folder any more.
      const results = await locked(folder, async () => {
        const { opened, done } = await this.opening(running);
        return runAudit({
          plan,
          ...(opened && { opened }),
          installation: this.installation,
          folder,
          resume,
          pool: async () => {
            const { model, input, fixed, output, answer, images } = opened ?? plan;
            const { large, bytes } = await checker.run('load', { model, input, fixed, output, answer, images });
            // More threads than cores would only take memory.
            const size = Math.min(plan.workers ?? (large ? 1 : this.cores), this.cores);
            return (pool = new AuditWorkers(size, checker, () => this.hire(size, control, bytes)));
          },
          control,
          onImage: (image) => this.emit(imageEvent(audit, image)),
          onFinding: (finding) => this.emit(findingEvent(audit, plan, finding)),
          onProgress: (done, total, message) => {
            const state = control.paused ? 'paused' : total > 0 ? 'running' : 'preparing';
            tell({ done, total, message, eta: left.after(done, total), state }, done === total);
          },
          onResults: (found) => {
            tell({ message: 'Writing the report', eta: null });
            // A cancel that came after the last finding has nothing to cancel.
            cancelled = control.cancelled && status.done < status.total;
            return (cancelled ? writeTables : writeDocuments)(folder, found);
          },
        }).finally(done);
      });
      for (const message of results.warnings) this.emit({ type: 'warning', audit, message });
      tell(cancelled ? stopped(control) : { state: 'finished', message: 'Finished', eta: null });
      this.emit({ type: 'finished', audit, folder });
    } catch (error) {
      const message = messageOf(error);
      tell(
        error instanceof Cancelled
          ? stopped(control)
          : error instanceof Crashed
            ? { state: 'crashed', message: error.reason, eta: null }
            : { state: 'failed', message, eta: null },
      );
      if (error instanceof Cancelled) this.emit({ type: 'finished', audit, folder });
      else {
        const trace = traceOf(error);
        this.emit({ type: 'failed', audit, message, user: error instanceof UserError, ...(trace !== null && { trace }) });
      }
    } finally {
      clearTimeout(later);
      checker.close();
      pool?.close();
      running.control = null;
      // Once those who were told have asked for the results.
      setTimeout(collect, REST).unref();
    }
  }

  /**
   * The plan to open files by; none where it is the audit's own, whose paths this installation vouches for.
   * @throws UserError for files that must be named, or were dropped into a window and are not found
   */
  private async opening({ plan, files, status: { folder } }: Running): Promise<{ opened?: AuditPlan; done(): Promise<void> }> {
    const begunHere = files === null || this.installation.began(folder, plan);
    const named = files ?? NO_FILES;
    const { plan: opened, missing, done } = await openPlan(plan, { named, begunHere, folder });
    if (missing.length === 0) return begunHere && isDeepStrictEqual(named, NO_FILES) ? { done } : { opened, done };
    await done();
    throw new UserError(`${missingWords(missing, named.images)}: name the folder that they came from.`);
  }

  /** `2026-11-21-signs` below the root, and `-2`, `-3`, ... where that is taken. */
  private freshFolder(plan: AuditPlan): string {
    const stem =
      (plan.name || basename(plan.model).replace(/\.onnx$/i, ''))
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .slice(0, 80)
        .replace(/^-|-$/g, '') || 'audit';
    const base = `${new Date().toISOString().slice(0, 10)}-${stem}`;
    for (let n = 1; ; n++) {
      const name = n === 1 ? base : `${base}-${n}`;
      // One that has just been started has no folder yet.
      if (!this.running.has(name) && !existsSync(join(this.root, name))) return join(this.root, name);
    }
  }

  pause(audit: string): void {
    const running = this.demand(audit);
    running.control?.set(PAUSE);
    this.say(running, 'paused', 'Paused');
  }

  /** Lets a paused run go on, or takes up one that was interrupted; one that was begun elsewhere with the files that are named. */
  resume(audit: string, files: NamedFiles): void {
    const running = this.running.get(audit);
    if (running?.control?.paused && LIVE.includes(running.status.state)) {
      running.control.set(GO);
      this.say(running, 'running', 'Attacking');
      return;
    }
    const folder = this.folder(audit);
    const plan = planOf(folder);
    this.start(plan, folder, true, this.installation.began(folder, plan) ? NO_FILES : files);
  }

  /** @param interrupted whether it is the system that ends it */
  cancel(audit: string, interrupted: boolean): void {
    const running = this.demand(audit);
    if (interrupted) running.control?.interrupt();
    else running.control?.cancel();
    this.say(running, running.status.state, interrupted ? 'Interrupting' : 'Cancelling');
  }

  private say(running: Running, state: AuditStatus['state'], message: string): void {
    Object.assign(running.status, { state, message });
    this.emit({ type: 'status', status: { ...running.status } });
  }

  private demand(audit: string): Running {
    const running = this.running.get(audit);
    if (!running || !LIVE.includes(running.status.state)) throw new UserError('This audit is not running.');
    return running;
  }

  plan(audit: string): AuditPlan {
    return this.running.get(audit)?.plan ?? planOf(this.folder(audit));
  }

  /** The audit that a `.hairline` file lies beside, wherever that is. @throws UserError when there is none. */
  open(file: string): AuditStatus {
    const folder = dirname(resolve(file));
    const running = [...this.running.values()].find(({ status }) => status.folder === folder);
    if (running) return { ...running.status };
    if (!new Folder(folder).has(FILES.journal))
      throw new UserError(`No audit lies beside ${basename(file)}: open it in the folder that the audit was written to.`);
    return storedStatus(dirname(folder) === resolve(this.root) ? basename(folder) : folder, folder);
  }

  /** Known audits, newest first. */
  list(): AuditStatus[] {
    const live = [...this.running.values()].map((r) => ({ ...r.status }));
    const seen = new Set(live.map((s) => s.folder));
    const stored = existsSync(this.root)
      ? readdirSync(this.root)
          .map((name) => ({ name, folder: join(this.root, name) }))
          .map(({ name, folder }) => ({
            name,
            folder,
            time: seen.has(folder) ? undefined : lstatSync(join(folder, FILES.journal), { throwIfNoEntry: false })?.mtimeMs,
          }))
          .flatMap(({ name, folder, time }) => (time === undefined ? [] : { time, status: storedStatus(name, folder) }))
          .sort((a, b) => b.time - a.time)
          .map(({ status }) => status)
      : [];
    return [...live.reverse(), ...stored];
  }

  /** Interrupts what runs and waits for it, so that the files are in order. */
  async close(): Promise<void> {
    for (const running of this.running.values()) running.control?.interrupt();
    await Promise.all([...this.running.values()].map((r) => r.over));
  }
}

/** How a run is told of that was stopped. */
function stopped({ interrupted }: Switch): Pick<AuditStatus, 'state' | 'message' | 'eta'> {
  return { ...(interrupted ? { state: 'interrupted', message: 'Interrupted' } : { state: 'cancelled', message: 'Cancelled' }), eta: null };
}

/** What the journal tells of an audit's end; one that does not tell was killed, or is at work in another process. */
const STORED = { finished: 'Finished', cancelled: 'Cancelled', interrupted: 'Interrupted', failed: 'Failed' } as const;

function storedStatus(name: string, folder: string): AuditStatus {
  let count = { done: 0, total: 0 };
  let title = name;
  let state: keyof typeof STORED = 'interrupted';
  try {
    const plan = planOf(folder);
    title = plan.name || basename(plan.model);
    const { records } = Journal.read(folder);
    const known = new AuditState(records);
    demandFit(plan, known);
    count = progressOf(plan, known);
    const last = records.at(-1);
    if (last?.type === 'session') state = last.end ?? 'finished';
    // Somebody may have taken the results away.
    if (state === 'finished' && (count.done < count.total || !new Folder(folder).has(FILES.results))) state = 'interrupted';
  } catch {
    // A damaged audit is listed all the same; opening it tells what is wrong.
  }
  return { audit: name, name: title, state, ...count, eta: null, message: STORED[state], folder };
}
