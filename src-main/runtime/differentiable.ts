import { UserError } from '../../shared/errors.ts';
import type { Provider } from '../../shared/plan.ts';
import { saveGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { composeGradient, composePixels, PORT } from '../model/compose.ts';
import type { PixelModel, ScoredModel } from '../model/compose.ts';
import { valuesOf } from '../model/differentiable.ts';
import type { Forward, Gradient, Objective } from '../model/differentiable.ts';
import type { OpenRequest, OpenScored } from './openRequest.ts';
import { openSession, ortReason, Tensor } from './ort.ts';
import type { OrtTensor, Session } from './ort.ts';
import { atNetworkSize, resampledScores } from './resampled.ts';
import { traceFacts } from './trace.ts';
import { openPlaced } from './placement.ts';
import { leaveToCpu } from './webgpu.ts';

/** A classifier. */
export interface OpenModel extends OpenScored {
  readonly pixels: PixelModel;
  /** The same at the size that the network reads, and what it reads there of pictures [N, C, H, W]. */
  readonly core: OpenScored;
  read(pixels: Float32Array): Float32Array;
}

/** What a provider has no kernel for, it may say only now. */
export async function runDerived(session: Session, feeds: Record<string, OrtTensor>) {
  try {
    return await session.run(feeds);
  } catch (error) {
    throw new UserError(`onnxruntime cannot run the model's derived graph: ${ortReason(error)}`);
  }
}

/** Sessions of derived graphs, each opened when it is first asked for. */
export class Sessions {
  private readonly options: { provider: Provider; threads: number };
  private readonly known = new Map<string, Promise<Session>>();
  private readonly onCpu = new Set<string>();

  constructor({ provider, threads = 1 }: Pick<OpenRequest, 'provider' | 'threads'>) {
    this.options = { provider, threads };
  }

  open(key: string, make: () => Promise<Graph>): Promise<Session> {
    let session = this.known.get(key);
    if (!session) this.known.set(key, (session = make().then((graph) => this.openOn(graph))));
    return session;
  }

  private openOn(graph: Graph): Promise<Session> {
    const { provider } = this.options;
    if (provider === 'cpu') return openSession(saveGraph(graph), this.options);
    const { graph: named, names } = provider === 'webgpu' ? leaveToCpu(graph) : { graph, names: [] };
    return openPlaced(saveGraph(named), { ...this.options, onCpu: names }, (nodes) => nodes.forEach((node) => this.onCpu.add(node)));
  }

  /** Nodes that the provider left to the CPU, of the sessions that ran. */
  get fallbacks(): string[] {
    return [...this.onCpu].sort();
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.known.values());
    this.known.clear();
    // One that could not be opened was told to whoever asked for it.
    for (const session of opened) if (session.status === 'fulfilled') await session.value.release();
  }
}

/**
 * Opens the differentiable graph of a classifier for pictures of one size. Sessions for a loss are opened
 * when that loss is first asked for.
 * @throws UserError when the model, the preprocessing and the picture do not fit, or an operator has no gradient rule.
 */
export async function openDifferentiable(request: OpenRequest): Promise<OpenModel> {
  const { inner, resampler } = atNetworkSize(request);
  const pixels = await composePixels({ ...inner, between: resampler !== null, trace: traceFacts });
  const core = openScored(pixels, request);
  return Object.assign(resampledScores(core, request, resampler), {
    pixels,
    core,
    read: (pictures: Float32Array) => resampler?.forward(pictures) ?? pictures,
  });
}

/** A graph of scores as attacks see it. */
export function openScored(model: ScoredModel, request: Pick<OpenRequest, 'provider' | 'threads'>): OpenScored {
  const { rows, picture, classes } = model;
  const sessions = new Sessions(request);
  const straightThrough = new Set<string>();
  const dims = [rows, picture.channels, picture.height, picture.width];
  const features = valuesOf(picture);

  const feedsOf = (pixels: Float32Array, reference?: Float32Array): Record<string, OrtTensor> => {
    if (pixels.length !== rows * features) throw new Error(`expected ${rows} x ${features} pixels, got ${pixels.length}`);
    const feeds: Record<string, OrtTensor> = { [PORT.pixels]: new Tensor('float32', pixels, dims) };
    if (model.reference === 0) return feeds;
    if (reference?.length !== rows * model.reference)
      throw new Error(`expected ${rows} x ${model.reference} values of reference, got ${reference?.length ?? 'none'}`);
    return { ...feeds, [PORT.reference]: new Tensor('float32', reference, [rows, model.reference]) };
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
    get straightThrough() {
      return [...straightThrough].sort();
    },
    get fallbacks() {
      return sessions.fallbacks;
    },
    async forward(pixels: Float32Array, reference?: Float32Array): Promise<Forward> {
      const session = await sessions.open('forward', () => Promise.resolve(model.graph));
      const out = await runDerived(session, feedsOf(pixels, reference));
      return { logits: out[PORT.logits]!.data as Float32Array };
    },
    async gradient(
      loss: Objective,
      pixels: Float32Array,
      label: Int32Array,
      target: Int32Array | null,
      reference?: Float32Array,
    ): Promise<Gradient> {
      const session = await sessions.open(`${loss}${target ? '-targeted' : ''}`, async () => {
        const derived = await composeGradient(model, loss, target !== null, traceFacts);
        for (const name of derived.straightThrough) straightThrough.add(name);
        return derived.graph;
      });
      const feeds = feedsOf(pixels, reference);
      if (session.inputNames.includes(PORT.label)) feeds[PORT.label] = oneHot(label);
      if (target) feeds[PORT.target] = oneHot(target);
      const out = await runDerived(session, feeds);
      return {
        logits: out[PORT.logits]!.data as Float32Array,
        loss: out[PORT.loss]!.data as Float32Array,
        gradient: out[PORT.gradient]!.data as Float32Array,
      };
    },
    close: () => sessions.close(),
  };
}
