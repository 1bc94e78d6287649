import { join } from 'node:path';
import { toUnit } from '../images/index.ts';
import { topScores } from '../model/scores.ts';
import type { Scores } from '../model/scores.ts';
import type { Gate } from '../attacks/counted.ts';
import { FILES } from './jobs.ts';
import type { Job, JobContext } from './jobs.ts';
import type { Models } from './models.ts';
import { pictureOf, writePng } from './picture.ts';
import { NO_CLASS } from './records.ts';
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
    const ranked = areNumbers(scores) ? topScores(scores, scores.logits.length) : [];
    const prediction = ranked.length > 0 ? scores.prediction : NO_CLASS;
    records.push({
      id,
      index,
      source,
      hash,
      width,
      height,
      channels,
      label: image.label ?? prediction,
      labelGiven: image.label !== null,
      prediction,
      top: ranked.slice(0, 5),
      file,
      leastLikely: ranked.at(-1)?.class ?? NO_CLASS,
    });
  }
  return records;
}

/** Whether a model's answer can be ranked, and written as JSON. */
export function areNumbers({ logits }: Scores): boolean {
  return logits.every(Number.isFinite);
}
