import { UserError } from '../../shared/errors.ts';
import type { AuditPlan, NamedFiles } from '../../shared/plan.ts';
import type { Finding, ImageResult, OutputResult, Results } from '../../shared/results.ts';
import { Folder } from '../files/folder.ts';
import { inspectGraph, loadGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { pictureHash, toUnit } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import { findField } from '../model/field.ts';
import type { FieldOutput } from '../model/field.ts';
import { fixInputs } from '../model/inputs.ts';
import { findImageInput, networkInput } from '../model/network.ts';
import { findLogits } from '../model/output.ts';
import { distances } from '../norms/distances.ts';
import { openOriginal, openOriginalField } from '../runtime/original.ts';
import type { Original, OriginalField } from '../runtime/original.ts';
import { traceFacts } from '../runtime/trace.ts';
import { areNumbers } from './cleanJob.ts';
import type { Report } from './crew.ts';
import { NO_FILES, planToOpen } from './files.ts';
import { planOfResults } from './fitResults.ts';
import type { Installation } from './installation.ts';
import { compareOutput, outputPicture, outputResult, reached, referenceOf } from './outputGoal.ts';
import type { OutputGoal } from './outputGoal.ts';
import { readPng } from './picture.ts';
import { NO_CLASS } from './records.ts';

export interface Verification {
  pictures: number;
  successes: number;
  /** Every difference between the report and what was found, a sentence each. */
  problems: string[];
}

/**
 * Checks an audit the way a third party would: from its files and the original model alone, on the CPU, without any
 * derived graph. Every clean picture's hash and prediction or output, and every success's file, distances and prediction or output.
 * @param named model and pictures to be matched, when they are not where the plan says, or the audit was begun elsewhere
 * @param installation whose audits' plans say where these are
 * @throws UserError when the model is not the one of the report.
 */
export async function verifyAudit(folder: string, results: Results, named: Partial<NamedFiles>, installation: Pick<Installation, 'began'>, report: Report = () => undefined): Promise<Verification> {
  const told = planOfResults(results);
  if (told === null) throw new UserError(`The results in ${folder} are damaged, or were not written by this version of Hairline.`);
  const plan = planToOpen(told, { named: { ...NO_FILES, ...named }, begunHere: installation.began(folder, told), needs: ['model', 'pictures'], folder });
  const path = plan.model;
  const graph = loadGraph(path);
  const identity = inspectGraph(graph);
  if (identity.sha256 !== results.model.sha256)
    throw new UserError(`${path} is not the model of this audit: its sha256 differs from ${results.model.sha256.slice(0, 16)}….`);
  for (const { file, sha256 } of results.model.weights)
    if (identity.weights.find((one) => one.file === file)?.sha256 !== sha256)
      throw new UserError(`${path} is not the model of this audit: the sha256 of its weights in ${file} differs from ${sha256.slice(0, 16)}….`);
  const first = results.images[0];
  if (!first) return { pictures: 0, successes: 0, problems: [] };
  const judge = await openJudge(graph, plan, results);
  const problems: string[] = [];
  let successes = 0;
  try {
    const byImage = new Map<string, Finding[]>();
    for (const f of results.findings) if (f.state === 'broken') byImage.set(f.image, [...(byImage.get(f.image) ?? []), f]);
    for (const [done, image] of results.images.entries()) {
      report(done, results.images.length);
      const clean = await open(folder, image.file, problems);
      if (clean === null) continue;
      if (pictureHash(clean) !== image.hash) problems.push(`${image.file} is not the picture of the report: its hash differs.`);
      problems.push(...(await judge.clean(folder, image, clean)));
      for (const finding of byImage.get(image.id) ?? []) {
        successes++;
        problems.push(...(await checkFinding(folder, image, clean, finding, judge)));
      }
    }
  } finally {
    await judge.close();
  }
  return { pictures: results.images.length, successes, problems };
}

/** What the original model says against the report, a sentence for each difference. */
interface Judge {
  clean(folder: string, image: ImageResult, picture: Picture): Promise<string[]>;
  finding(folder: string, image: ImageResult, clean: Picture, finding: Finding, picture: Picture): Promise<string[]>;
  close(): Promise<void>;
}

async function openJudge(graph: Graph, plan: AuditPlan, results: Results): Promise<Judge> {
  const { preprocessing } = plan;
  const input = findImageInput(graph, plan.input, plan.fixed);
  const rows = input.batch ?? 1;
  const network = networkInput(input, preprocessing, results.images[0]!, rows);
  const fixed = fixInputs(graph, input.others, rows, input.batch);
  const facts = await traceFacts(fixed, { [input.name]: network.dims });
  const request = { graph, input, preprocessing, provider: 'cpu' as const };
  if (results.output === null) return classJudge(await openOriginal({ ...request, output: findLogits(graph, facts, rows) }));
  const field = findField(fixed, facts, plan.output, rows, network.image);
  return outputJudge(await openOriginalField({ ...request, output: field }), field, plan);
}

function classJudge(original: Original): Judge {
  return {
    async clean(_folder, image, picture) {
      const scores = await original.predict(toUnit(picture), picture);
      const prediction = areNumbers(scores) ? scores.prediction : NO_CLASS;
      return prediction === image.prediction ? [] : [`${image.file}: the model says class ${prediction}, the report ${image.prediction}.`];
    },
    async finding(_folder, image, _clean, finding, picture) {
      const { prediction } = await original.predict(toUnit(picture), picture);
      const problems: string[] = [];
      if (prediction !== finding.prediction) problems.push(`${finding.file}: the model says class ${prediction}, the report ${finding.prediction}.`);
      if (prediction === image.label) problems.push(`${finding.file} does not break the model: it still says ${prediction}.`);
      return problems;
    },
    close: () => original.close(),
  };
}

function outputJudge(original: OriginalField, field: FieldOutput, plan: AuditPlan): Judge {
  const goalOf = (threat: number) => plan.threats[threat]!.goal as OutputGoal;
  const differ = (a: number | null, b: number | null) => (a === null || b === null ? a !== b : Math.abs(a - b) > DECIBELS);
  /** The output for a picture against a goal's reference and against what the report says of it. */
  const compare = async (name: string, threat: number, clean: Picture, picture: Picture, told: OutputResult | null): Promise<{ y: Float64Array; dB: number | null; problems: string[] }> => {
    const reference = await referenceOf(goalOf(threat), original, toUnit(clean), clean, field);
    const y = await original.output(toUnit(picture), picture);
    const { psnr: dB } = outputResult(compareOutput(goalOf(threat), y, reference, field), null);
    const problems = differ(dB, told?.psnr ?? null) ? [`${name}: the output is ${words(dB)} from its reference, the report says ${words(told?.psnr ?? null)}.`] : [];
    return { y, dB, problems };
  };
  /** The picture of an output, which people look at, beside the output itself. */
  const shown = async (folder: string, file: string | null, y: Float64Array, peak: number): Promise<string[]> => {
    if (file === null) return [];
    const problems: string[] = [];
    const picture = await open(folder, file, problems);
    const own = outputPicture(y, field, peak);
    if (picture && (own === null || picture.data.length !== own.data.length || picture.data.some((v, i) => Math.abs(v - own.data[i]!) > 1))) problems.push(`${file} is not what the model puts out.`);
    return problems;
  };
  return {
    async clean(folder, image, picture) {
      const problems: string[] = [];
      for (const [threat, told] of image.outputs.entries()) {
        const { y, problems: found } = await compare(image.file, threat, picture, picture, told);
        if (threat === 0) problems.push(...(await shown(folder, told.file, y, goalOf(threat).peak)));
        problems.push(...found);
      }
      return problems;
    },
    async finding(folder, _image, clean, finding, picture) {
      const { y, dB, problems } = await compare(finding.file!, finding.threat, clean, picture, finding.output);
      if (!reached(goalOf(finding.threat), dB ?? Infinity)) problems.push(`${finding.file} does not break the model: its output is ${words(dB)} from its reference.`);
      return [...problems, ...(await shown(folder, finding.output?.file ?? null, y, goalOf(finding.threat).peak))];
    },
    close: () => original.close(),
  };
}

const words = (dB: number | null): string => `${dB === null ? '∞' : dB.toFixed(4)} dB`;

/** Another machine's kernels may round an output differently. */
const DECIBELS = 1e-3;

async function checkFinding(folder: string, image: ImageResult, clean: Picture, finding: Finding, judge: Judge): Promise<string[]> {
  if (finding.file === null || finding.eightBit === null) return [`${image.id}: a success of ${finding.attack} without a picture.`];
  const problems: string[] = [];
  const picture = await open(folder, finding.file, problems);
  if (picture === null) return problems;
  problems.push(...(await judge.finding(folder, image, clean, finding, picture)));
  const found = distances(toUnit(picture), toUnit(clean), clean.channels);
  for (const norm of ['l0', 'l0Pixels', 'l1', 'l2', 'linf'] as const)
    if (Math.abs(found[norm] - finding.eightBit[norm]) > 1e-9) problems.push(`${finding.file}: ${norm} is ${found[norm]}, the report says ${finding.eightBit[norm]}.`);
  return problems;
}

async function open(folder: string, file: string, problems: string[]): Promise<Picture | null> {
  // A link or a pipe is no difference from the report, but no audit's folder either: that ends the check.
  new Folder(folder).has(file);
  try {
    return await readPng(folder, file);
  } catch {
    problems.push(`${file} is missing or damaged.`);
    return null;
  }
}
