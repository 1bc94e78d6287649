import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { AuditPlan } from '../../shared/plan.ts';
import type { Finding, ImageResult, Results } from '../../shared/results.ts';
import { inspectGraph, loadGraph } from '../graph/index.ts';
import { decodeFile, pictureHash, toUnit } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import { findImageInput, networkInput } from '../model/network.ts';
import { findLogits } from '../model/output.ts';
import { distances } from '../norms/distances.ts';
import { openOriginal } from '../runtime/original.ts';
import type { Original } from '../runtime/original.ts';
import { traceFacts } from '../runtime/trace.ts';
import { areNumbers } from './cleanJob.ts';
import { NO_CLASS } from './records.ts';

export interface Verification {
  pictures: number;
  successes: number;
  /** Every difference between the report and what was found, a sentence each. */
  problems: string[];
}

/**
 * Checks an audit the way a third party would: from its files and the original model alone, on the CPU, without any
 * derived graph. Every clean picture's hash and prediction, and every success's file, distances and prediction.
 * @param modelFile the model when it is not where the plan says
 * @throws UserError when the model is not the one of the report.
 */
export async function verifyAudit(folder: string, results: Results, modelFile: string | null): Promise<Verification> {
  const plan = AuditPlan.parse(results.plan);
  const path = modelFile ?? plan.model;
  if (!existsSync(path)) throw new UserError(`The model ${path} is not there: name it with --model.`);
  const graph = loadGraph(path);
  if (inspectGraph(graph).sha256 !== results.model.sha256)
    throw new UserError(`${path} is not the model of this audit: its sha256 differs from ${results.model.sha256.slice(0, 16)}….`);
  const input = findImageInput(graph, plan.input);
  const first = results.images[0];
  if (!first) return { pictures: 0, successes: 0, problems: [] };
  const rows = input.dims[0] ?? 1;
  const facts = await traceFacts(graph, { [input.name]: networkInput(input, plan.preprocessing, first, rows).dims });
  const original = await openOriginal({ graph, input, preprocessing: plan.preprocessing, output: findLogits(graph, facts, rows), provider: 'cpu' });
  const problems: string[] = [];
  let successes = 0;
  try {
    const byImage = new Map<string, Finding[]>();
    for (const f of results.findings) if (f.state === 'broken') byImage.set(f.image, [...(byImage.get(f.image) ?? []), f]);
    for (const image of results.images) {
      const clean = await checkClean(folder, image, original, problems);
      if (clean === null) continue;
      for (const finding of byImage.get(image.id) ?? []) {
        successes++;
        await checkFinding(folder, image, clean, finding, original, problems);
      }
    }
  } finally {
    await original.close();
  }
  return { pictures: results.images.length, successes, problems };
}

async function checkClean(folder: string, image: ImageResult, original: Original, problems: string[]): Promise<Picture | null> {
  const picture = await open(folder, image.file, problems);
  if (picture === null) return null;
  if (pictureHash(picture) !== image.hash) problems.push(`${image.file} is not the picture of the report: its hash differs.`);
  const scores = await original.predict(toUnit(picture), picture);
  const prediction = areNumbers(scores) ? scores.prediction : NO_CLASS;
  if (prediction !== image.prediction) problems.push(`${image.file}: the model says class ${prediction}, the report ${image.prediction}.`);
  return picture;
}

async function checkFinding(folder: string, image: ImageResult, clean: Picture, finding: Finding, original: Original, problems: string[]): Promise<void> {
  if (finding.file === null || finding.eightBit === null) {
    problems.push(`${image.id}: a success of ${finding.attack} without a picture.`);
    return;
  }
  const picture = await open(folder, finding.file, problems);
  if (picture === null) return;
  const { prediction } = await original.predict(toUnit(picture), picture);
  if (prediction !== finding.prediction) problems.push(`${finding.file}: the model says class ${prediction}, the report ${finding.prediction}.`);
  if (prediction === image.label) problems.push(`${finding.file} does not break the model: it still says ${prediction}.`);
  const found = distances(toUnit(picture), toUnit(clean), clean.channels);
  for (const norm of ['l0', 'l0Pixels', 'l1', 'l2', 'linf'] as const)
    if (Math.abs(found[norm] - finding.eightBit[norm]) > 1e-9) problems.push(`${finding.file}: ${norm} is ${found[norm]}, the report says ${finding.eightBit[norm]}.`);
}

async function open(folder: string, file: string, problems: string[]): Promise<Picture | null> {
  try {
    return await decodeFile(join(folder, file), file);
  } catch {
    problems.push(`${file} is missing or damaged.`);
    return null;
  }
}
