import type { MapAnswer } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { farther } from '../goals/distance.ts';
import { outputAim } from '../goals/index.ts';
import { likeness } from '../goals/likeness.ts';
import type { ProblemImage } from '../attacks/problem/problem.ts';
import { pictureHash } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import type { Differentiable, ImageShape } from '../model/differentiable.ts';
import { leadOf, topScores } from '../model/scores.ts';
import { rootMeanSquare } from '../norms/similarity.ts';
import { chooseRows } from '../runtime/rows.ts';
import { areNumbers } from '../audit/cleanJob.ts';
import type { Models } from '../audit/models.ts';
import type { MapSetting } from './mapSetting.ts';
import { outputPicture } from '../audit/outputPicture.ts';

/** What a map is of: a classifier's margin or an output's distance, at one picture. */
export interface Subject {
  model: Differentiable;
  image: ProblemImage;
  /** Class whose margin it is; null for an output. */
  label: number | null;
  /** The original model on a picture, planes CHW. @returns with its answer the output, where that is a picture */
  judge(pixels: Float32Array): Promise<{ answer: MapAnswer; output: Picture | null }>;
}

/** Rows worth asking for: the corners of a pixel fill a block, and a gradient alone leaves few rows idle. */
const ROWS = 8;

/** What was found out of a model for pictures of one size; finding out takes longer than a map of a small one. */
const known = new WeakMap<Models, Map<string, { takesOutput: boolean; rows: number }>>();

async function batchOf(models: Models, shape: ImageShape): Promise<{ takesOutput: boolean; rows: number }> {
  const sizes = known.get(models) ?? new Map<string, { takesOutput: boolean; rows: number }>();
  known.set(models, sizes);
  const key = `${shape.channels}x${shape.height}x${shape.width}`;
  const found = sizes.get(key);
  if (found) return found;
  const takesOutput = await models.takesOutput(shape);
  const { rows } = await chooseRows({ ...models.request, picture: shape }, ROWS, takesOutput ? { output: models.output } : {});
  sizes.set(key, { takesOutput, rows });
  return { takesOutput, rows };
}

/** @throws UserError for a model that does not fit the picture */
export async function openSubject(
  models: Models,
  picture: Picture,
  pixels: Float32Array,
  setting: Pick<MapSetting, 'reference' | 'peak'>,
): Promise<Subject> {
  const shape = { channels: picture.channels, height: picture.height, width: picture.width };
  const { takesOutput, rows } = await batchOf(models, shape);
  const image = { pixels, hash: pictureHash(picture), label: 0, goal: null };
  return takesOutput ? outputSubject(models, shape, rows, image, setting) : classSubject(models, shape, rows, image);
}

async function classSubject(models: Models, shape: ImageShape, rows: number, image: ProblemImage): Promise<Subject> {
  const model = await models.differentiable(shape, rows);
  const original = await models.original(model.pixels.output);
  const label = (await original.predict(image.pixels, shape)).prediction;
  return {
    model,
    image: { ...image, label },
    label,
    async judge(pixels) {
      const scores = await original.predict(pixels, shape);
      if (!areNumbers(scores)) throw new UserError('The original model gives NaN or infinity for this picture.');
      return {
        answer: { kind: 'classes', prediction: scores.prediction, margin: leadOf(scores, label), top: topScores(scores) },
        output: null,
      };
    },
  };
}

async function outputSubject(
  models: Models,
  shape: ImageShape,
  rows: number,
  image: ProblemImage,
  { reference: kind, peak }: Pick<MapSetting, 'reference' | 'peak'>,
): Promise<Subject> {
  const network = await models.outputModel(shape, rows);
  const { output } = network.model;
  const original = await models.originalOutput(output);
  // Of the goal only the reference and the peak count here.
  const goal = outputAim({ kind: 'deviation', reference: kind, psnr: 0, peak });
  const reference = await goal.reference(original, image.pixels, shape, output);
  return {
    model: await network.scored(farther(0)),
    image: { ...image, reference: Float32Array.from(reference) },
    label: null,
    async judge(pixels) {
      const y = await original.output(pixels, shape);
      if (!y.every(Number.isFinite)) throw new UserError('The original model gives NaN or infinity for this picture.');
      const drawn = outputPicture(y, output, peak);
      const { psnr, ssim = null } = likeness(y, reference, output, peak);
      return { answer: { kind: 'output', distance: rootMeanSquare(y, reference), psnr, ssim, picture: drawn !== null }, output: drawn };
    },
  };
}
