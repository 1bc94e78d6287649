import { Cancelled } from '../../shared/errors.ts';
import { within } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';
import type { Finding } from '../../shared/results.ts';
import { EightBit, toLevels } from '../attacks/rounding/levels.ts';
import { toUnit } from '../images/index.ts';
import type { ImageRef } from '../images/index.ts';
import { distances } from '../norms/distances.ts';
import { planesToPicture } from '../audit/attackJob.ts';
import type { AuditTasks, Control } from '../audit/pool.ts';
import { demandGoals, targetOf } from '../goals/index.ts';
import type { JobImage } from '../audit/jobs.ts';
import type { Models } from '../audit/models.ts';
import { noiseLike } from './noise.ts';
import { pictureOf, pngFile, readPng, writeFile } from '../audit/picture.ts';
import type { Probed, ProbeTask } from './probeTask.ts';
import { NO_CLASS } from '../audit/records.ts';
import type { ImageRecord, Setup } from '../audit/records.ts';
import { contextOf } from '../audit/run.ts';
import { openEvaluator } from './evaluate.ts';
import { AuditRun } from '../audit/auditRun.ts';
import { AuditState } from '../audit/state.ts';

/** Does an audit's job; tells of the nearest miss within the budget, pixels CHW. */
export type JobWorker = (
  input: AuditTasks['job']['in'],
  onMiss: (image: string, pixels: Float32Array) => void,
) => Promise<AuditTasks['job']['out']>;

/**
 * One image, one attack, one budget: a session of an audit of that image, so the numbers are those of an audit. Beside them the
 * margins, the nearest miss where a fixed-budget attack did not break the image, and random noise as large as the change.
 * @throws UserError for what an audit would refuse; Cancelled when the gate says so
 */
export async function probe({ plan, image, folder }: ProbeTask, setup: Setup, models: Models, work: JobWorker): Promise<Probed> {
  const { norm, eps, goal, attacks } = plan.threats[0]!;
  const epsilon = eps[0]!;
  const clean = toUnit(pictureOf(image));
  const began = performance.now();
  const { record, finding, miss } = await auditOne({ plan, image, folder }, setup, work);
  const milliseconds = performance.now() - began;
  const aim = { label: record.label, target: setup.output ? null : targetOf(goal, record, 0, setup.classes) };
  const look = await openEvaluator(contextOf(plan, setup), folder, models, image, aim);
  const before = await look(clean, 'clean-output');
  const file = finding?.file ?? (miss && (await writeMiss(miss, norm, epsilon, clean, image, folder)));
  const changed = file ? await decoded(folder, file) : null;
  const size = changed && distances(changed, clean, image.channels);
  const noise = size && size.l0 > 0 ? noiseLike(norm, size, clean, `noise ${plan.seed} ${image.hash} 0 ${attacks[0]!.id}`) : null;
  const known = setup.output === null && record.label !== NO_CLASS;
  const answer: Probed['answer'] = {
    state: finding?.state ?? 'wrong-already',
    reason: finding?.reason ?? null,
    success: finding?.state === 'broken' && within(finding.eightBit![norm], epsilon),
    label: known ? aim.label : null,
    target: known ? aim.target : null,
    clean: before,
    changed: changed && { ...(await look(changed, 'output')), eightBit: size! },
    float: finding?.float ?? null,
    noise: noise && {
      ...(await look(noise.pixels, 'noise-output')),
      kind: noise.kind,
      eightBit: distances(noise.pixels, clean, image.channels),
    },
    forwards: finding?.forwards ?? 0,
    backwards: finding?.backwards ?? 0,
    milliseconds,
  };
  return { answer, files: { ...(file && { adversarial: file }), ...look.files } };
}

/** A session without a journal. */
async function auditOne(
  { plan, image, folder }: ProbeTask,
  setup: Setup,
  work: JobWorker,
): Promise<{ record: ImageRecord; finding: Finding | null; miss: Float32Array | null }> {
  const { id, source, width, height, channels, label } = image;
  const ref: ImageRef = { id, at: 0, source, width, height, channels, label, read: () => Promise.resolve(pictureOf(image)) };
  const state = new AuditState([{ type: 'setup', setup: { ...setup, images: [id] } }]);
  const control = new OneRun();
  let miss: Float32Array | null = null;
  const pool = {
    size: 1,
    run: async (_: unknown, input: unknown) => {
      try {
        return (await work(input as AuditTasks['job']['in'], (_image, pixels) => (miss = pixels))) as never;
      } catch (error) {
        if (error instanceof Cancelled) control.cancel();
        throw error;
      }
    },
  };
  const quiet = () => {};
  demandGoals(plan, 1, setup.classes);
  // One image says nothing of whether attacks work.
  const { checks: _, ...alone } = plan;
  const request = { plan: alone, folder, resume: false, pool, control, onImage: quiet, onFinding: quiet, onProgress: quiet };
  await new AuditRun(
    request,
    state,
    { items: [ref], total: 1, leftOut: [], classNames: null, warnings: [] },
    contextOf(plan, setup),
  ).work();
  if (control.cancelled) throw new Cancelled();
  return {
    record: state.images.get(id)!,
    finding: state.findings.get(AuditState.key(id, 0, plan.threats[0]!.attacks[0]!.id)) ?? null,
    miss,
  };
}

/** Nobody pauses it, and whoever cancels it has told the worker's gate. */
class OneRun implements Control {
  cancelled = false;
  readonly paused = false;
  readonly interrupted = false;
  readonly cancellation = new Promise<never>(() => {});
  cancel(): void {
    this.cancelled = true;
  }
}

const decoded = async (folder: string, file: string): Promise<Float32Array> => toUnit(await readPng(folder, file));

/** The 8-bit picture nearest to a miss that lies within ε: rounded or, where that leads out of the budget, rounded towards the clean one. */
async function writeMiss(
  miss: Float32Array,
  norm: Norm,
  epsilon: number,
  clean: Float32Array,
  image: JobImage,
  folder: string,
): Promise<string> {
  const lattice = new EightBit(norm, epsilon, clean, image.channels, 'scores');
  const nearest = toLevels(miss);
  const levels = lattice.inBudget(nearest) ? nearest : nearest.map((_, j) => lattice.clean[j]! + Math.trunc(255 * (miss[j]! - clean[j]!)));
  writeFile(folder, await pngFile('miss.png', planesToPicture(levels, image)));
  return 'miss.png';
}
