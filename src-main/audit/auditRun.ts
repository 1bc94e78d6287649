import { Cancelled, UserError } from '../../shared/errors.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import type { Finding } from '../../shared/results.ts';
import { pictureHash } from '../images/index.ts';
import type { ImageRef, ImageSet } from '../images/index.ts';
import type { Control, WorkerPool } from './pool.ts';
import { mostValues } from '../model/differentiable.ts';
import { failure } from './jobs.ts';
import { checkSetting } from '../checks/setting.ts';
import { drawn } from './checked.ts';
import { aimOf, targetOf } from '../goals/index.ts';
import type { OutputAim } from '../goals/index.ts';
import type { Installation } from './installation.ts';
import type { Job, JobContext, JobFile, JobImage, JobOutcome } from './jobs.ts';
import { writeFile } from './picture.ts';
import { standing } from './records.ts';
import type { ImageRecord } from './records.ts';
import { AuditState, progressOf } from './state.ts';

export interface RunRequest {
  /** Paths absolute, attacks and options checked (`checkPlan`). */
  plan: AuditPlan;
  folder: string;
  resume: boolean;
  /** The plan to open files by, where those that the plan itself names do not count. */
  opened?: AuditPlan;
  /** Vouches for what it began; without one, what the folder says was settled is believed. */
  installation?: Installation;
  pool: WorkerPool;
  control: Control;
  onImage(image: ImageRecord): void;
  onFinding(finding: Finding): void;
  onProgress(done: number, total: number, message: string): void;
}

/** One session of an audit: hands out what is missing, in order, to as many workers as there are. */
export class AuditRun {
  private readonly request: RunRequest;
  private readonly state: AuditState;
  private readonly set: ImageSet;
  private readonly context: JobContext;
  /** Images given to an attack at once. */
  readonly batch: number;
  /** Workers that are given jobs at a time. */
  private readonly hands: number;

  constructor(request: RunRequest, state: AuditState, set: ImageSet, context: JobContext) {
    this.request = request;
    this.state = state;
    this.set = set;
    this.context = context;
    const largest = mostValues(set.items);
    this.batch = request.plan.batch ?? usualBatch(context.rows, set.items.length, request.pool.size, largest);
    this.hands = Math.max(1, Math.min(request.pool.size, Math.floor(MOST_VALUES / (this.batch * largest))));
  }

  async work(): Promise<void> {
    this.tell('Looking at the clean images');
    await this.drain(this.cleanJobs());
    this.tell('Attacking');
    await this.drain(this.attackJobs());
    this.tell('Checking whether the results can be trusted');
    await this.drain(this.checkJobs());
    this.tell('Putting the results together');
  }

  private tell(message: string): void {
    const { done, total } = progressOf(this.request.plan, this.state);
    this.request.onProgress(done, total, message);
  }

  /** Lets every worker pull the next job until there is none. Comes back only when no worker is at work any more. */
  private async drain(jobs: AsyncGenerator<Job>): Promise<void> {
    const { pool, control } = this.request;
    let fault: unknown = null;
    const next = serial(() => jobs.next());
    const pull = async () => {
      while (fault === null && !control.cancelled) {
        try {
          const { value: job, done } = await next();
          if (done) return;
          for (const { outcome, files } of await pool.run('job', { context: this.context, job })) this.record(outcome, files);
        } catch (error) {
          if (error instanceof Cancelled) continue;
          fault ??= error;
          control.cancel();
        }
      }
    };
    await Promise.all(Array.from({ length: this.hands }, pull));
    if (fault !== null) throw fault;
  }

  /** The files first: what the journal speaks of is there. */
  private record(outcome: JobOutcome, files: readonly JobFile[] = []): void {
    for (const file of files) writeFile(this.request.folder, file);
    this.state.add(outcome);
    if (outcome.type === 'image') {
      this.request.onImage(outcome.image);
      this.tell('Looking at the clean images');
    } else if (outcome.type === 'finding') {
      this.request.onFinding(outcome.finding);
      this.tell('Attacking');
    } else this.tell('Checking whether the results can be trusted');
  }

  private async *cleanJobs(): AsyncGenerator<Job> {
    const missing = this.set.items.map((ref, index) => ({ ref, index })).filter(({ ref }) => !this.state.images.has(ref.id));
    for (const group of batches(missing, this.batch)) {
      const images = [];
      for (const { ref, index } of group) images.push({ ...(await readImage(ref, index)), label: ref.label, source: ref.source });
      yield { kind: 'clean', images };
    }
  }

  /** By images first, so that an image's worst case is known early; within them by threat and attack. */
  private async *attackJobs(): AsyncGenerator<Job> {
    const { plan } = this.request;
    const open = this.set.items
      .map((ref, index) => ({ ref, index, known: this.state.images.get(ref.id) }))
      .filter((i): i is typeof i & { known: ImageRecord } => i.known !== undefined && standing(i.known) !== 'wrong');
    for (const group of batches(open, this.batch)) {
      const pixels = new Map<string, JobImage>();
      for (const [threat, model] of plan.threats.entries()) {
        const aim = aimOf(model.goal);
        for (const { id: attack, options } of model.attacks) {
          const missing = group.filter(({ ref }) => !this.state.findings.has(AuditState.key(ref.id, threat, attack)));
          const images = [];
          for (const { ref, index, known } of missing) {
            const goal = aim.on === 'classes' ? aim.target(known, index, this.state.setup!.classes) : null;
            if (aim.on === 'output' && begins(known, threat, aim)) {
              this.record({ type: 'finding', finding: { ...failure({ threat, attack }, known, null), state: 'wrong-already' } });
              continue;
            }
            if (standing(known) === 'none') {
              this.record({
                type: 'finding',
                finding: failure({ threat, attack }, known, 'the model gives NaN or infinity for the clean image'),
              });
              continue;
            }
            if (goal === known.label) {
              this.record({ type: 'finding', finding: { ...failure({ threat, attack }, known, null), state: 'target-already' } });
              continue;
            }
            const image = pixels.get(ref.id) ?? (await readSame(ref, index, known));
            pixels.set(ref.id, image);
            images.push({ ...image, label: known.label, goal });
          }
          if (images.length > 0) yield { kind: 'attack', threat, norm: model.norm, eps: model.eps, attack, options, images };
        }
      }
    }
  }

  /** What the page of checks is measured on; the clean images are all known by then. */
  private async *checkJobs(): AsyncGenerator<Job> {
    const { plan } = this.request;
    const { setup } = this.state;
    const setting = checkSetting(plan);
    if (setting === null) return;
    const missing = drawn(plan, setup!, this.state)
      .filter(({ id }) => !this.state.checks.has(id))
      .map((known) => ({ ref: this.set.items[known.index]!, known }));
    for (const group of batches(missing, this.batch)) {
      const images = [];
      for (const { ref, known } of group) {
        const goal = targetOf(plan.threats[setting.threat]!.goal, known, known.index, setup!.classes);
        images.push({ ...(await readSame(ref, known.index, known)), label: known.label, goal });
      }
      yield { kind: 'check', norm: setting.norm, budgets: setting.budgets, images };
    }
  }
}

/** Whether a goal on the output is reached by the clean image itself. */
function begins(image: ImageRecord, threat: number, aim: OutputAim): boolean {
  return standing(image) === 'right' && aim.reached(image.outputs[threat]?.figures ?? {});
}

async function readImage(ref: ImageRef, index: number): Promise<JobImage> {
  const picture = await ref.read();
  return {
    id: ref.id,
    index,
    hash: pictureHash(picture),
    width: picture.width,
    height: picture.height,
    channels: picture.channels,
    data: picture.data,
  };
}

/** @throws UserError for another picture than the audit began with */
async function readSame(ref: ImageRef, index: number, known: ImageRecord): Promise<JobImage> {
  const image = await readImage(ref, index);
  if (image.hash === known.hash) return image;
  throw new UserError(`${ref.source} is not the picture this audit began with: put that one back, or start the audit in another folder.`);
}

/** Blocks in a batch: images want different things at a time, and a batch of several blocks keeps the blocks full. */
const BLOCKS = 8;

/**
 * Values of the pictures of a batch, and of those of all workers. An attack holds about a dozen floats for each value of a
 * picture, and photographs have millions: 24 megapixels have 72, so that one worker takes them one at a time.
 */
const BATCH_VALUES = 2 ** 24;
const MOST_VALUES = 2 ** 27;

/** Several blocks, but no more images than leave work for every worker, and of photographs few. */
function usualBatch(rows: number, images: number, workers: number, largest: number): number {
  return Math.max(1, Math.min(BLOCKS * rows, Math.ceil(images / workers), Math.floor(BATCH_VALUES / largest)));
}

/** Runs of at most `size` pictures of one shape, in order. */
function* batches<T extends { ref: ImageRef }>(items: T[], size: number): Generator<T[]> {
  const shapes = new Map<string, T[]>();
  for (const item of items) {
    const key = `${item.ref.channels}x${item.ref.height}x${item.ref.width}`;
    const group = shapes.get(key) ?? [];
    group.push(item);
    shapes.set(key, group);
  }
  for (const group of shapes.values()) for (let at = 0; at < group.length; at += size) yield group.slice(at, at + size);
}

/** An async function that is never entered twice at a time. */
function serial<T>(work: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
