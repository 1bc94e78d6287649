import { join } from 'node:path';
import type { TensorProto } from 'onnx-buf';
import { messageOf, UserError } from '../../shared/errors.ts';
import { declaredShape, isFloat, loadGraph, operatorName, tensorDims } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { openSession, ortReason } from '../../src-main/runtime/ort.ts';
import { numbersOf } from '../../src-main/runtime/values.ts';
import { openPicture } from './picture.ts';
import { exactError, gradientError } from './slopes.ts';
import { fed, speaksHalf, valuesOf } from './tests.ts';

export interface NodeOutcome {
  result: 'passes' | 'flat' | 'surrogate' | 'differs' | 'random' | 'refused' | 'not run' | 'no float' | 'unfinished';
  /** The operator, where the model is one node. */
  operator?: string;
  /** Greatest relative difference of the derived graph's forward pass from the file's own. */
  forward?: number;
  /** Greatest relative error of the gradient. */
  error?: number;
  /** The input that was moved, what else there is to say, or the reason. */
  detail?: string;
  /** Inputs that a gradient was refused for, though not for all. */
  held?: Record<string, string>;
}

export const LIMITS = { forward: 1e-4, gradient: 1e-3, half: 3e-2 };

/** Content of each float output, by name. */
export type Outputs = Record<string, ArrayLike<number>>;

/** One test: each of its float inputs in turn is the picture, and all others hold the test's values. */
export async function checkNode(folder: string): Promise<NodeOutcome> {
  const path = join(folder, 'model.onnx');
  let graph: Graph;
  try {
    graph = loadGraph(path);
  } catch (error) {
    return { result: 'refused', detail: messageOf(error) };
  }
  const operator = graph.model.graph!.node.length === 1 ? operatorName(graph.model.graph!.node[0]!) : undefined;
  return { ...(operator !== undefined && { operator }), ...(await checkGraph(graph, path, folder)) };
}

async function checkGraph(graph: Graph, path: string, folder: string): Promise<NodeOutcome> {
  const pictures = graph.inputs.filter((v) => isFloat(declaredShape(v).type)).map((v) => v.name);
  if (pictures.length === 0) return { result: 'no float', detail: 'it has no float input' };
  let values: Map<string, TensorProto>;
  let expected: Outputs;
  try {
    values = valuesOf(folder, graph);
    const runs = [await runTwice(path, graph, values)].flat() as [Outputs, Outputs];
    if (differ(...runs)) return { result: 'random', detail: 'onnxruntime gives another answer each time' };
    expected = runs[0];
  } catch (error) {
    return { result: 'not run', detail: messageOf(error) };
  }
  if (Object.keys(expected).length === 0) return { result: 'no float', detail: 'it puts out no float' };
  const outcomes: [string, NodeOutcome][] = [];
  for (const picture of pictures)
    if (!tensorDims(values.get(picture)!).includes(0)) outcomes.push([picture, await checkPicture(graph, values, picture, expected)]);
  return worst(outcomes);
}

/** What holds of a test: what differs, else what passes, else why nothing does. */
function worst(outcomes: readonly [string, NodeOutcome][]): NodeOutcome {
  const order: NodeOutcome['result'][] = ['differs', 'passes', 'surrogate', 'flat', 'refused'];
  const [picture, outcome] = outcomes.toSorted((a, b) => order.indexOf(a[1].result) - order.indexOf(b[1].result))[0] ?? [
    '',
    { result: 'no float', detail: 'its float inputs are empty' },
  ];
  if (outcome.result === 'refused' || picture === '') return outcome;
  // Sizes and scales that are tried as zeros, say, no network computes of a picture.
  const held = outcomes
    .filter(([, o]) => o.result === 'refused' && !o.detail!.startsWith('The model does not run'))
    .map(([name, o]) => [name, o.detail!] as const);
  const most = (of: 'forward' | 'error') =>
    Math.max(0, ...outcomes.filter(([, o]) => o.result === outcome.result).map(([, o]) => o[of] ?? 0));
  return {
    ...outcome,
    forward: most('forward'),
    error: most('error'),
    ...(outcome.result === 'differs' && { detail: [`by ${picture}`, outcome.detail].filter(Boolean).join(', ') }),
    ...(held.length > 0 && { held: Object.fromEntries(held) }),
  };
}

async function checkPicture(graph: Graph, values: Map<string, TensorProto>, picture: string, expected: Outputs): Promise<NodeOutcome> {
  const half = speaksHalf(graph);
  try {
    const { pair, x, outputs } = await openPicture(graph, values, picture, Object.keys(expected));
    const { y, gradient } = await pair.at(x);
    const forward = forwardError(
      y,
      outputs.flatMap((name) => [expected[name]!]),
    );
    const off = forward > (half ? LIMITS.half : LIMITS.forward);
    if (pair.straightThrough.length > 0) return { result: off ? 'differs' : 'surrogate', forward, detail: pair.straightThrough.join(', ') };
    const limit = half ? LIMITS.half : LIMITS.gradient;
    const { error: rough, empty } = await gradientError(pair, x, limit);
    const error = rough <= limit ? rough : Math.min(rough, await exactError(pair, x).catch(() => Infinity));
    await pair.close();
    if (off || error > limit) return { result: 'differs', forward, error };
    // Of a root at 0, say, it is infinite, as it should be.
    if (y.every(Number.isFinite) && gradient.some(Number.isNaN))
      return { result: 'differs', forward, error, detail: 'its gradient is NaN at the test’s own values' };
    return { result: empty ? 'flat' : 'passes', forward, error };
  } catch (error) {
    if (error instanceof UserError) return { result: 'refused', detail: error.message };
    throw error;
  }
}

async function runTwice(path: string, graph: Graph, values: Map<string, TensorProto>): Promise<Outputs[]> {
  const session = await openSession(path);
  try {
    const feeds = Object.fromEntries(session.inputNames.map((name) => [name, fed(values.get(name)!)]));
    const runs: Outputs[] = [];
    for (let k = 0; k < 2; k++) {
      const out = await session.run(feeds);
      const floats = graph.outputs.filter((v) => /^float/.test(out[v.name]?.type ?? '') && out[v.name]!.dims.every((d) => d > 0));
      runs.push(Object.fromEntries(floats.map((v) => [v.name, numbersOf(out[v.name]!)])));
    }
    return runs;
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(ortReason(error));
  } finally {
    await session.release();
  }
}

const differ = (a: Outputs, b: Outputs) =>
  Object.keys(a).some((name) => Array.from(a[name]!).some((v, i) => Math.abs(v - b[name]![i]!) > 1e-4));

/** Greatest difference, of each output relative to its greatest value; what is no number must be the same on both sides. */
function forwardError(y: ArrayLike<number>, expected: readonly ArrayLike<number>[]): number {
  let at = 0;
  let most = 0;
  for (const output of expected) {
    let [off, scale] = [0, 1e-12];
    for (let i = 0; i < output.length; i++, at++) {
      const [a, b] = [y[at]!, output[i]!];
      if (Object.is(a, b) || a === b) continue;
      if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
      off = Math.max(off, Math.abs(a - b));
    }
    for (let i = 0; i < output.length; i++) if (Number.isFinite(output[i]!)) scale = Math.max(scale, Math.abs(output[i]!));
    most = Math.max(most, off / scale);
  }
  return most;
}
