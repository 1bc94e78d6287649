import { UserError } from '../../shared/errors.ts';
import type { Preprocessing, Provider } from '../../shared/plan.ts';
import { saveGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { composeGradient, composePixels, PORT } from '../model/compose.ts';
import type { PixelModel } from '../model/compose.ts';
import type { Differentiable, Forward, Gradient, ImageShape, Objective } from '../model/differentiable.ts';
import type { ImageInput } from '../model/network.ts';
import { openSession, ortReason, Tensor } from './ort.ts';
import type { OrtTensor, Session } from './ort.ts';
import { traceFacts } from './trace.ts';
import { leaveToCpu } from './webgpu.ts';

export interface OpenRequest {
  graph: Graph;
  input: ImageInput;
  preprocessing: Preprocessing;
  picture: ImageShape;
  /** Rows of the one batch shape every kernel runs with. */
  rows: number;
  provider: Provider;
  threads?: number;
}

/** A `Differentiable` with what a host wants to know about it, and the sessions to give back. */
export interface OpenModel extends Differentiable {
  readonly pixels: PixelModel;
  /** Straight-through surrogates that gradients opened so far run through. */
  readonly surrogates: string[];
  close(): Promise<void>;
}

/** What a provider has no kernel for, it may say only now. */
async function run(session: Session, feeds: Record<string, OrtTensor>) {
  try {
    return await session.run(feeds);
  } catch (error) {
    throw new UserError(`onnxruntime cannot run the model's derived graph: ${ortReason(error)}`);
  }
}

/**
 * Opens the differentiable graph of a model for pictures of one size. Sessions for a loss are opened
 * when that loss is first asked for.
 * @throws UserError when the model, the preprocessing and the picture do not fit, or an operator has no gradient rule.
 */
export async function openDifferentiable(request: OpenRequest): Promise<OpenModel> {
  const { rows, picture } = request;
  const options = { provider: request.provider, threads: request.threads ?? 1 };
  const model = await composePixels({ ...request, trace: traceFacts });
  const classes = model.output.classes;
  const sessions = new Map<string, Promise<Session>>();
  const surrogates = new Set<string>();
  const dims = [rows, picture.channels, picture.height, picture.width];
  const features = picture.channels * picture.height * picture.width;

  const openOn = (graph: Graph) => {
    if (request.provider !== 'webgpu') return openSession(saveGraph(graph), options);
    const { graph: named, names } = leaveToCpu(graph);
    return openSession(saveGraph(named), { ...options, onCpu: names });
  };
  const open = (key: string, make: () => Promise<Graph>): Promise<Session> => {
    let session = sessions.get(key);
    if (!session) sessions.set(key, (session = make().then(openOn)));
    return session;
  };
  const checked = (pixels: Float32Array) => {
    if (pixels.length !== rows * features) throw new Error(`expected ${rows} x ${features} pixels, got ${pixels.length}`);
    return new Tensor('float32', pixels, dims);
  };
  const oneHot = (classOf: Int32Array): OrtTensor => {
    const data = new Float32Array(rows * classes);
    for (let r = 0; r < rows; r++) data[r * classes + classOf[r]!] = 1;
    return new Tensor('float32', data, [rows, classes]);
  };

  return {
    shape: picture,
    classes,
    rows,
    pixels: model,
    get surrogates() {
      return [...surrogates].sort();
    },
    async forward(pixels: Float32Array): Promise<Forward> {
      const session = await open('forward', () => Promise.resolve(model.graph));
      const out = await run(session, { [PORT.pixels]: checked(pixels) });
      return { logits: out[PORT.logits]!.data as Float32Array };
    },
    async gradient(loss: Objective, pixels: Float32Array, label: Int32Array, target: Int32Array | null): Promise<Gradient> {
      const session = await open(`${loss}${target ? '-targeted' : ''}`, async () => {
        const derived = await composeGradient(model, loss, target !== null, traceFacts);
        for (const name of derived.surrogates) surrogates.add(name);
        return derived.graph;
      });
      const feeds: Record<string, OrtTensor> = { [PORT.pixels]: checked(pixels) };
      if (session.inputNames.includes(PORT.label)) feeds[PORT.label] = oneHot(label);
      if (target) feeds[PORT.target] = oneHot(target);
      const out = await run(session, feeds);
      return {
        logits: out[PORT.logits]!.data as Float32Array,
        loss: out[PORT.loss]!.data as Float32Array,
        gradient: out[PORT.gradient]!.data as Float32Array,
      };
    },
    async close() {
      const opened = await Promise.allSettled(sessions.values());
      sessions.clear();
      // One that could not be opened was told to whoever asked for it.
      for (const session of opened) if (session.status === 'fulfilled') await session.value.release();
    },
  };
}
