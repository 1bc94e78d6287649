import { join } from 'node:path';
import { toUnit } from '../images/index.ts';
import { topScores } from '../model/scores.ts';
import type { Gate } from '../attacks/counted.ts';
import { pictureOf, writePng } from './attackJob.ts';
import { FILES } from './jobs.ts';
import type { Job, JobContext } from './jobs.ts';
import type { Models } from './models.ts';
import type { ImageRecord } from './records.ts';

/** Writes each clean picture as a PNG and asks the original model what it sees. */
export async function runCleanJob(job: Extract<Job, { kind: 'clean' }>, context: JobContext, models: Models, gate: Gate): Promise<ImageRecord[]> {
  const original = await models.original(context.output);
  const records: ImageRecord[] = [];
  for (const image of job.images) {
    await gate.check();
    const { id, index, hash, width, height, channels, source } = image;
    const file = FILES.clean(id);
    await writePng(join(context.folder, file), pictureOf(image));
    const scores = await original.predict(toUnit(pictureOf(image)), { channels, height, width });
    const ranked = topScores(scores, scores.logits.length);
    records.push({
      id,
      index,
      source,
      hash,
      width,
      height,
      channels,
      label: image.label ?? scores.prediction,
      labelGiven: image.label !== null,
      prediction: scores.prediction,
      top: ranked.slice(0, 5),
      file,
      leastLikely: ranked[ranked.length - 1]!.class,
    });
  }
  return records;
}
