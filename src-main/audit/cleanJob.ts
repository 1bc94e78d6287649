import { outputAim } from '../goals/index.ts';
import { toUnit } from '../images/index.ts';
import { topScores } from '../model/scores.ts';
import type { Scores } from '../model/scores.ts';
import type { Gate } from '../attacks/problem/counted.ts';
import type { NetworkOutput } from '../model/networkOutput.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { FILES } from './jobs.ts';
import type { Job, JobContext, JobFile, JobResult } from './jobs.ts';
import type { Models } from './models.ts';
import { outputFile } from './outputPicture.ts';
import { pictureOf, pngFile } from './picture.ts';
import { NO_CLASS } from './records.ts';
import type { ImageRecord } from './records.ts';

/** Makes a PNG of each clean picture and asks the original model what it sees, or what it makes of it. */
export async function runCleanJob(job: CleanJob, context: JobContext, models: Models, gate: Gate): Promise<JobResult> {
  const results: JobResult = [];
  for (const image of job.images) {
    await gate.check();
    const { id, index, hash, width, height, channels, source } = image;
    const png = await pngFile(FILES.clean(id), pictureOf(image));
    const { files, ...seen } = context.networkOutput
      ? await lookAtOutput(image, context, context.networkOutput, models)
      : await lookAtScores(image, context.scores!, models);
    const record: ImageRecord = { id, index, source, hash, width, height, channels, file: png.file, ...seen };
    results.push({ outcome: { type: 'image', image: record }, files: [png, ...files] });
  }
  return results;
}

type CleanJob = Extract<Job, { kind: 'clean' }>;
type CleanImage = CleanJob['images'][number];
type Seen = Pick<ImageRecord, 'label' | 'labelGiven' | 'prediction' | 'top' | 'leastLikely' | 'outputs'> & { files: JobFile[] };

async function lookAtScores(image: CleanImage, output: ClassifierOutput, models: Models): Promise<Seen> {
  const { width, height, channels } = image;
  const original = await models.original(output);
  const scores = await original.predict(toUnit(pictureOf(image)), { channels, height, width });
  const ranked = areNumbers(scores) ? topScores(scores, scores.logits.length) : [];
  const prediction = ranked.length > 0 ? scores.prediction : NO_CLASS;
  return {
    label: image.label ?? prediction,
    labelGiven: image.label !== null,
    prediction,
    top: ranked.slice(0, 5),
    leastLikely: ranked.at(-1)?.class ?? NO_CLASS,
    outputs: [],
    files: [],
  };
}

/** The clean output against each goal's reference. A network that gives no numbers here has no class 0 either. */
async function lookAtOutput(image: CleanImage, { goals }: JobContext, output: NetworkOutput, models: Models): Promise<Seen> {
  const original = await models.originalOutput(output);
  const pixels = toUnit(pictureOf(image));
  const y = await original.output(pixels, image);
  const finite = y.every(Number.isFinite);
  const outputs: ImageRecord['outputs'] = [];
  const aims = goals.map(outputAim);
  const png = finite ? await outputFile(FILES.output(image.id), y, output, aims[0]!.peak) : null;
  const file = png?.file ?? null;
  for (const aim of aims)
    outputs.push({ figures: finite ? aim.figures(y, await aim.reference(original, pixels, image, output), output) : {}, file });
  return {
    label: 0,
    labelGiven: false,
    prediction: finite ? 0 : NO_CLASS,
    top: [],
    leastLikely: NO_CLASS,
    outputs,
    files: png ? [png] : [],
  };
}

/** Whether a model's answer can be ranked, and written as JSON. */
export function areNumbers({ logits }: Scores): boolean {
  return logits.every(Number.isFinite);
}
