import { availableParallelism } from 'node:os';
import type * as Ort from 'onnxruntime-node';
import type { InferenceSession } from 'onnxruntime-node';
import { UserError } from '../../shared/errors.ts';
import type { Provider } from '../../shared/plan.ts';
import { loadGraph, poolsPadding, saveGraph, saveOriginal } from '../graph/index.ts';
import type { SavedGraph } from '../graph/index.ts';
import { withoutBfloat16 } from '../graph/upgrade/index.ts';
import { LargeSession } from './largeSession.ts';
import type { Session } from './largeSession.ts';
import { loadLibrary } from './library.ts';
import { ortReason } from './reason.ts';

export type { Session } from './largeSession.ts';
export { ortReason } from './reason.ts';
export type OrtTensor = Ort.Tensor;
const ort = loadLibrary();
export const { Tensor } = ort;
// What goes wrong is thrown and told in one sentence; onnxruntime's own log would say it again, in red, with paths.
ort.env.logLevel = 'fatal';
export const ortVersion: string = ort.env.versions.node ?? ort.env.versions.common ?? 'unknown';

export interface SessionOptions {
  provider?: Provider;
  /** Threads inside one session; 1 where several workers share the machine. A large model has one worker, and takes all cores whatever is said here. */
  threads?: number;
  /** Off for tracing: every value must exist as the file names it. */
  optimize?: boolean;
  /** For a few runs that somebody waits for: opened sooner, with weights as they are, and on all cores. */
  brief?: boolean;
  /** Refuse to run when the provider leaves a node to the CPU. */
  strict?: boolean;
  /** Names of nodes that WebGPU shall leave to the CPU; see `leaveToCpu`. */
  onCpu?: readonly string[];
  /** Prefix of a profile file; `session.endProfiling()` closes it. */
  profile?: string;
}

/**
 * Opens a session on a graph in memory, or on a file by its path.
 * @throws UserError with onnxruntime's own reason in one sentence.
 */
export async function openSession(source: SavedGraph | string, options: SessionOptions = {}): Promise<Session> {
  const { model, padded } = typeof source === 'string' ? fromFile(source) : { model: source, padded: source.padded };
  const large = typeof model !== 'string' && model.large === true;
  const { provider = 'cpu', threads = 1, optimize = true, brief = false, strict = false, onCpu = [], profile } = options;
  const session: Record<string, string> = {};
  if (typeof model !== 'string' && model.dataFolder) session['model_external_initializers_file_folder_path'] = model.dataFolder;
  if (strict) session['disable_cpu_ep_fallback'] = '1';
  // Packed weights are a copy of them. Tracing does not use them at all, and a large model reads them where they are mapped into memory.
  if (large || brief || !optimize) session['disable_prepacking'] = '1';
  const settings: InferenceSession.SessionOptions = {
    executionProviders: provider === 'cpu' ? ['cpu'] : [onCpu.length > 0 ? { name: provider, forceCpuNodeNames: onCpu } : provider, 'cpu'],
    intraOpNumThreads: large || brief ? availableParallelism() : threads,
    interOpNumThreads: 1,
    // What 'all' has on top is the blocked layout, for which weights are copied.
    graphOptimizationLevel: !optimize ? 'disabled' : large ? 'extended' : 'all',
    // DirectML refuses memory patterns; for one fixed shape they save nothing elsewhere that matters.
    enableMemPattern: provider !== 'dml',
    logSeverityLevel: 4,
    extra: { session, ...(padded && { optimization: { disable_specified_optimizers: 'Pad_Fusion' } }) },
    ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
  };
  try {
    const create = async () => {
      const session = await (typeof model === 'string'
        ? ort.InferenceSession.create(model, settings)
        : ort.InferenceSession.create(model.bytes, settings));
      delete settings.enableProfiling; // a large model's session opens again, and its first run tells enough
      return session;
    };
    return large ? await LargeSession.open(create) : await create();
  } catch (error) {
    throw new UserError(`onnxruntime cannot load the model: ${ortReason(error, typeof source === 'string' ? source : '')}`);
  }
}

/**
 * onnxruntime reads a file by itself, but for three kinds: of a large one it would keep two copies, and weights behind links that
 * leave the folder it refuses, so these get the same message with pointers to the weights; and bfloat16 it cannot run.
 * @throws UserError for a file that is no model: onnxruntime is not given what might keep it waiting.
 */
function fromFile(path: string): { model: SavedGraph | string; padded: boolean } {
  const graph = loadGraph(path);
  const wide = withoutBfloat16(graph);
  return { model: wide !== graph ? saveGraph(wide) : (saveOriginal(graph) ?? path), padded: poolsPadding(graph) };
}

/** Element type names as onnxruntime-node has them, by ONNX number. */
export const ORT_TYPE: Record<number, Ort.Tensor.Type> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
};
export const ONNX_TYPE: Record<string, number> = Object.fromEntries(Object.entries(ORT_TYPE).map(([n, name]) => [name, Number(n)]));
