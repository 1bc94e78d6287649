import { PORT } from '../model/compose.ts';
import type { Differentiable, ImageShape, Products } from '../model/differentiable.ts';
import { composeJvp, composeOutput, composeScore, composeVjp } from '../model/regression.ts';
import type { EmitScore, OutputModel } from '../model/regression.ts';
import { openScored, runDerived, Sessions } from './differentiable.ts';
import type { OpenRequest, OpenScored } from './openRequest.ts';
import { Tensor } from './ort.ts';
import { atNetworkSize, resampledProducts, resampledScores, shapeOf } from './resampled.ts';
import { traceFacts } from './trace.ts';

/** A network with an output that is no row of class scores: pictures, vectors, maps, features. */
export interface OpenOutput extends Products {
  readonly model: OutputModel;
  /** Of the pictures that are asked about. */
  readonly shape: ImageShape;
  /** The products at the size that the network reads, and what it reads there of pictures [N, C, H, W]. */
  readonly core: Products;
  read(pixels: Float32Array): Float32Array;
  readonly rows: number;
  /** Straight-through operators that products asked for so far run through. */
  readonly straightThrough: string[];
  /** Nodes that a provider other than the CPU left to the CPU, as far as has been run. */
  readonly fallbacks: string[];
  /**
   * A goal on the output as attacks see it; its sessions are closed with these.
   * @param key the same one for the same goal, which is then opened once
   */
  scored(goal: { key: string; emit: EmitScore }): Promise<Differentiable>;
  close(): Promise<void>;
}

/**
 * Opens a network for f(x), J'u and Jv with respect to pixels of one size; sessions for a product when it is first asked for.
 * @param wanted output, or value inside the network; null: found
 * @throws UserError when model, preprocessing and picture do not fit, or an operator has no gradient rule.
 */
export async function openOutput(request: OpenRequest, wanted: string | null): Promise<OpenOutput> {
  const { inner, resampler } = atNetworkSize(request);
  const model = await composeOutput({ ...inner, between: resampler !== null, trace: traceFacts }, wanted);
  const { rows, picture } = model;
  const { width } = model.output;
  const sessions = new Sessions(request);
  const scored = new Map<string, Promise<OpenScored>>();
  const straightThrough = new Set<string>();
  const pixelsOf = (data: Float32Array) => new Tensor('float32', data, [rows, picture.channels, picture.height, picture.width]);
  const derived = (key: string, make: typeof composeVjp) =>
    sessions.open(key, async () => {
      const made = await make(model, traceFacts);
      for (const name of made.straightThrough) straightThrough.add(name);
      return made.graph;
    });

  const core: Products = {
    width,
    async output(pixels) {
      const session = await sessions.open('output', () => Promise.resolve(model.graph));
      return (await runDerived(session, { [PORT.pixels]: pixelsOf(pixels) }))[PORT.output]!.data as Float32Array;
    },
    async vjp(pixels, u) {
      const session = await derived('vjp', composeVjp);
      const out = await runDerived(session, { [PORT.pixels]: pixelsOf(pixels), [PORT.cotangent]: new Tensor('float32', u, [rows, width]) });
      return { output: out[PORT.output]!.data as Float32Array, gradient: out[PORT.gradient]!.data as Float32Array };
    },
    async jvp(pixels, v) {
      const session = await derived('jvp', composeJvp);
      // Of a network that is linear nothing but v is read.
      const feeds = { [PORT.pixels]: pixelsOf(pixels), [PORT.direction]: pixelsOf(v) };
      const out = await runDerived(session, feeds);
      return { output: out[PORT.output]!.data as Float32Array, tangent: out[PORT.tangent]!.data as Float32Array };
    },
  };
  const products = resampledProducts(core, resampler);
  return {
    ...products,
    model,
    shape: shapeOf(request),
    core,
    read: (pictures) => resampler?.forward(pictures) ?? pictures,
    rows,
    get straightThrough() {
      return [...straightThrough].sort();
    },
    get fallbacks() {
      return sessions.fallbacks;
    },
    async scored({ key, emit }) {
      const open =
        scored.get(key) ??
        composeScore(model, emit, traceFacts).then((score) =>
          Object.assign(resampledScores(openScored(score, request), request, resampler), { products }),
        );
      scored.set(key, open);
      return open;
    },
    async close() {
      for (const open of scored.values()) await (await open).close();
      await sessions.close();
    },
  };
}
