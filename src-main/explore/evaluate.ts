import type { ProbePicture, Evaluation } from '../../shared/probe.ts';
import { toUnit } from '../images/index.ts';
import type { NetworkOutput } from '../model/networkOutput.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { leadOf, topScores } from '../model/scores.ts';
import type { Scores } from '../model/scores.ts';
import { areNumbers } from '../audit/cleanJob.ts';
import type { JobContext, JobImage } from '../audit/jobs.ts';
import type { Models } from '../audit/models.ts';
import { outputAim } from '../goals/index.ts';
import { outputPicture } from '../audit/outputPicture.ts';
import { pictureOf, pngFile, writeFile } from '../audit/picture.ts';

/** What an image is held against. */
export interface Aim {
  /** The class that counts as right. */
  label: number;
  /** The class to reach; null: any other. */
  target: number | null;
}

/** Asks the original model about pictures of one image; an output that is a picture itself is written under `name`. */
export interface Evaluate {
  (pixels: Float32Array, name: ProbePicture): Promise<Evaluation>;
  files: Partial<Record<ProbePicture, string>>;
}

/** @param folder where pictures are written @throws UserError when the model does not open, or a reference does not fit. */
export async function openEvaluator(context: JobContext, folder: string, models: Models, image: JobImage, aim: Aim): Promise<Evaluate> {
  return context.networkOutput
    ? lookAtOutputs(context, folder, context.networkOutput, models, image)
    : lookAtScores(context.scores!, models, image, aim);
}

async function lookAtScores(output: ClassifierOutput, models: Models, image: JobImage, aim: Aim): Promise<Evaluate> {
  const original = await models.original(output);
  const look = async (pixels: Float32Array): Promise<Evaluation> => {
    const scores = await original.predict(pixels, image);
    if (!areNumbers(scores)) return NOTHING;
    return { prediction: scores.prediction, top: topScores(scores), margin: marginOf(scores, aim), figures: null };
  };
  return Object.assign(look, { files: {} });
}

/** As a `Problem` has it: negative when the goal is reached. */
function marginOf(scores: Scores, { label, target }: Aim): number {
  return target === null ? leadOf(scores, label) : -leadOf(scores, target);
}

async function lookAtOutputs(
  { goals }: JobContext,
  folder: string,
  networkOutput: NetworkOutput,
  models: Models,
  image: JobImage,
): Promise<Evaluate> {
  const aim = outputAim(goals[0]!);
  const original = await models.originalOutput(networkOutput);
  const reference = await aim.reference(original, toUnit(pictureOf(image)), image, networkOutput);
  const files: Evaluate['files'] = {};
  const look = async (pixels: Float32Array, name: ProbePicture): Promise<Evaluation> => {
    const y = await original.output(pixels, image);
    if (!y.every(Number.isFinite)) return NOTHING;
    const picture = outputPicture(y, networkOutput, aim.peak);
    if (picture !== null) writeFile(folder, await pngFile((files[name] = `${name}.png`), picture));
    return { ...NOTHING, figures: aim.figures(y, reference, networkOutput) };
  };
  return Object.assign(look, { files });
}

/** Where the model gives NaN or infinity. */
const NOTHING: Evaluation = { prediction: null, top: [], margin: null, figures: null };
