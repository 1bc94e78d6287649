import type { Provider } from '../../shared/plan.ts';
import { messageOf } from '../../shared/errors.ts';
import { DType, emptyGraph, GraphBuilder, saveGraph } from '../graph/index.ts';
import { openSession, Tensor } from './ort.ts';

export interface ProviderChoice {
  asked: Provider;
  used: Provider;
  /** Why that one, in a sentence. */
  why: string;
}

/** What may be asked for on each platform; onnxruntime-node drops the others without a word. */
const OFFERED: Record<string, Provider[]> = {
  'linux-x64': ['cpu', 'cuda', 'webgpu'],
  'linux-arm64': ['cpu'],
  'win32-x64': ['cpu', 'dml', 'webgpu'],
  'win32-arm64': ['cpu', 'dml'],
  'darwin-arm64': ['cpu', 'coreml', 'webgpu'],
};

export function offeredProviders(platform = `${process.platform}-${process.arch}`): Provider[] {
  return OFFERED[platform] ?? ['cpu'];
}

/** Tries a provider on a small graph, alone and without the CPU behind it. Gives null when it works, else the reason. */
export type Probe = (provider: Provider) => Promise<string | null>;

/**
 * Decides which provider an audit runs on. onnxruntime's own fallback is not to be trusted (some providers throw,
 * some are dropped silently), so the provider is tried for itself and the CPU is taken openly when it fails.
 */
export async function chooseProvider(
  asked: Provider,
  probe: Probe = probeProvider,
  offered: Provider[] = offeredProviders(),
): Promise<ProviderChoice> {
  if (asked === 'cpu') return { asked, used: 'cpu', why: 'The CPU was asked for.' };
  if (!offered.includes(asked))
    return {
      asked,
      used: 'cpu',
      why: `${PROVIDER_NAME[asked]} is not available on this system (${process.platform} ${process.arch}); the CPU was used instead.`,
    };
  const reason = await probe(asked).catch(messageOf);
  if (reason === null)
    return { asked, used: asked, why: `${PROVIDER_NAME[asked]} was asked for, and computed a test graph as the CPU does.` };
  return {
    asked,
    used: 'cpu',
    why: `${PROVIDER_NAME[asked]} cannot be used here (${reason.replace(/\.$/, '')})${HINT[asked] ?? ''}; the CPU was used instead.`,
  };
}

/** As people write them. */
export const PROVIDER_NAME: Record<Provider, string> = {
  cpu: 'The CPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  webgpu: 'WebGPU',
  coreml: 'CoreML',
};
const HINT: Partial<Record<Provider, string>> = { cuda: '; `npm run setup:cuda` fetches its libraries' };

/** A convolution and a matrix product, small enough to be exact in float32: values and weights are small whole numbers. */
export async function probeProvider(provider: Provider): Promise<string | null> {
  const b = new GraphBuilder(emptyGraph('probe'));
  b.input('x', DType.float32, [1, 2, 5, 5]);
  const weights = Array.from({ length: 3 * 2 * 3 * 3 }, (_, i) => ((i * 7) % 5) - 2);
  const conv = b.node('Relu', [b.node('Conv', ['x', b.constant(weights, [3, 2, 3, 3])], { kernel_shape: [3, 3] })]);
  const flat = b.node('Reshape', [conv, b.ints([1, 27])]);
  const matrix = Array.from({ length: 27 * 4 }, (_, i) => ((i * 5) % 7) - 3);
  b.node('MatMul', [flat, b.constant(matrix, [27, 4])], {}, { outputs: ['y'] });
  b.output('y', DType.float32, [1, 4]);
  const model = saveGraph(b.graph);
  const x = () =>
    new Tensor(
      'float32',
      Float32Array.from({ length: 50 }, (_, i) => ((i * 3) % 11) - 5),
      [1, 2, 5, 5],
    );
  const run = async (on: Provider, strict: boolean) => {
    const session = await openSession(model, { provider: on, strict });
    try {
      return Array.from((await session.run({ x: x() }))['y']!.data as Float32Array);
    } finally {
      await session.release();
    }
  };
  try {
    const expected = await run('cpu', false);
    const got = await run(provider, true);
    return got.every((v, i) => Math.abs(v - expected[i]!) <= 1e-3 * (1 + Math.abs(expected[i]!)))
      ? null
      : 'it computes other numbers than the CPU';
  } catch (error) {
    return messageOf(error).replace(/^onnxruntime cannot load the model: /, '');
  }
}
