import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkModelGradient, usesHalf } from '../../src-main/audit/gradcheck.ts';
import { inspectModel } from '../../src-main/explore/inspect.ts';
import { declaredShape, loadGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { openSession } from '../../src-main/runtime/ort.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Preprocessing } from '../../shared/plan.ts';
import type { Known } from './catalog.ts';
import type { Outcome } from './page.ts';
import { checkProducts, FREE_SIDE } from './products.ts';

export interface Task extends Known {
  path: string;
  /** Time for the check, which then says how far it came. */
  seconds: number;
  /** Folder of pictures. */
  data: string;
  /** Only J'u, along as many directions as time allows. */
  brief?: boolean;
}

/** ONNX's numbers of the float types. */
const FLOATS = [1, 10, 11, 16];

const FILES: Record<Known['pictures'], string> = {
  mnist: 'mnist',
  cifar10: 'cifar10/test_batch.bin',
  'imagenet-sample': 'imagenet-sample',
};

/** Pictures to check at: an IDX file, a batch of CIFAR's, or a folder; null where they are not there. */
function picturesOf({ data, pictures }: Task): string[] | null {
  const path = join(data, FILES[pictures]);
  if (!existsSync(path)) return null;
  if (pictures !== 'mnist') return [path];
  const name = readdirSync(path).find((file) => /t10k-images/.test(file));
  return name ? [join(path, name)] : null;
}

/** Of the time for a model: its products may be asked for twice, and each opens sessions of its own. */
const productSeconds = ({ seconds }: Task): number => seconds / 5;

/** Constant weights make all scores equal, and no margin has a slope there: what comes before the softmax tells more. */
async function behindConstant(graph: Graph, task: Task, images: string[] | null): Promise<string> {
  const { result, error, detail } = await checkProducts(graph, {
    values: task.values,
    images,
    tolerance: 1e-3,
    seconds: productSeconds(task),
  });
  return result === 'products' ? `J'u ${detail!}: ${error!.toExponential(1)}` : 'nothing moves its outputs by more than float32 rounds';
}

/** One model, through the product's own check; one that puts out integers only, by J'u of what comes before. */
export async function checkModel(task: Task): Promise<Outcome> {
  const { path, values } = task;
  try {
    await (await openSession(path)).release();
  } catch (error) {
    return { result: 'not run', detail: messageOf(error) };
  }
  const graph = loadGraph(path);
  if (!graph.inputs.some((input) => FLOATS.includes(declaredShape(input).type)))
    return { result: 'not run', detail: 'it has no float input' };
  const tolerance = usesHalf(graph) ? 3e-2 : 1e-3;
  const images = picturesOf(task);
  const classifier = await inspectModel(path).catch((error: unknown) => messageOf(error));
  const { channels = 1, height, width } = typeof classifier === 'string' ? {} : classifier.network;
  // An autoencoder's row is a picture, a detector's first of many outputs is a map: no scores.
  const maps = graph.outputs.filter((output) => FLOATS.includes(declaredShape(output).type)).length > 1;
  if (typeof classifier === 'string' || task.brief)
    return checkProducts(graph, { values, images, tolerance, seconds: productSeconds(task) });
  const { preprocessing } = classifier;
  const first = graph.outputs.find((output) => FLOATS.includes(declaredShape(output).type))?.name ?? null;
  const output =
    maps || classifier.classes === channels * (height ?? 0) * (width ?? 0) || classifier.classes === 0
      ? (classifier.networkOutput?.name ?? first)
      : null;
  const spec: Preprocessing = {
    ...preprocessing,
    ...values,
    channels: preprocessing.channels === 'grey' ? 'grey' : (values.channels ?? preprocessing.channels),
  };
  // A network of free size mostly wants a multiple of some power of two.
  if (spec.width === null && height === null) Object.assign(spec, { width: FREE_SIDE, height: FREE_SIDE });
  // Padding, stretching or cropping as the model's size and the pictures' demand.
  if (spec.width !== null) spec.geometry = task.pictures === 'imagenet-sample' ? 'centre-crop' : /balda/.test(path) ? 'pad' : 'stretch';
  try {
    const check = await checkModelGradient({ model: path, preprocessing: spec, images, output, seconds: task.seconds });
    const { ok, gradientError, forwardError, straightThrough: surrogates, directions, wanted } = check;
    const { zero = 0, tiny = 0, pictures = 0 } = check.slopes ?? {};
    if (zero + tiny > 0 && directions === 0) {
      const behind = /arch-only/.test(path) ? `; ${await behindConstant(graph, task, images)}` : '';
      return {
        result: 'flat',
        forward: forwardError,
        detail: `the gradient is ${zero > 0 ? 'zero' : 'too small for float32'} at ${zero + tiny} of ${pictures} pictures${behind}`,
      };
    }
    if (check.verdict === 'unchecked')
      return {
        result: 'unchecked',
        ...(check.compared !== 0 && { forward: forwardError }),
        detail: `${task.seconds} s were too short for a direction`,
      };
    if (surrogates.length > 0) return { result: ok ? 'surrogate' : 'failed', forward: forwardError, surrogates };
    const detail = output === null ? '' : `J'u and Jv of ${output}`;
    const short = check.verdict === 'partly' ? `${directions} of ${wanted} directions in ${task.seconds} s` : '';
    return {
      result: ok ? 'gradcheck' : 'failed',
      error: gradientError,
      forward: forwardError,
      detail: [detail, short].filter(Boolean).join('; '),
    };
  } catch (error) {
    if (error instanceof UserError) return { result: 'refused', detail: error.message };
    throw error;
  }
}
