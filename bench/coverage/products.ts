import { create } from '@bufbuild/protobuf';
import { ValueInfoProtoSchema } from 'onnx-buf';
import { messageOf, UserError } from '../../shared/errors.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { declaredShape, DType, elementCount, GraphBuilder, isFloat, prune, saveGraph, valueInfo } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { fold, upgrade } from '../../src-main/graph/upgrade/index.ts';
import { openImages, toUnit } from '../../src-main/images/index.ts';
import { preprocess } from '../../src-main/model/preprocessing/reference.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { filled, forward as forwardOf, gaussian, gradientAt, integralError, openPair, uniform } from '../../tests/autodiff/gradient.ts';
import type { Outcome } from './page.ts';

interface Options {
  values: Partial<Preprocessing>;
  images: string[] | null;
  tolerance: number;
  /** Directions are added until this much time is gone; at least one, at most five. */
  seconds: number;
}

/** Side of the picture a network of free size is checked with. */
export const FREE_SIDE = 320;
/** What further inputs get. */
const OTHER = 0.5;
const ALL = 'hl:all';

/**
 * J'u of a model that is no classifier: u random over all of its float outputs, at a real picture. Where the same weights for
 * every class hold the softmax at the end constant, of what goes into it, and along the one direction that moves such a network
 * by more than float32 rounds: all pixels brighter.
 */
export async function checkProducts(graph: Graph, options: Options): Promise<Outcome> {
  const whole = await checkOutputs(
    graph,
    options,
    (_, output) => output,
    (normal) => (normal() > 0 ? 1 : -1),
  );
  if (whole.result !== 'flat') return whole;
  const inner = await checkOutputs(graph, options, beforeSoftmax, () => 1);
  return inner.result === 'products'
    ? { ...inner, detail: `before its softmax, which puts out the same whatever it sees; along brightness, ${inner.detail!}` }
    : whole;
}

/** What a softmax makes an output of, or the output itself. */
function beforeSoftmax(graph: Graph, output: string): string {
  const node = graph.nodes.find((n) => n.output[0] === output);
  return node?.opType === 'Softmax' ? node.input[0]! : output;
}

async function checkOutputs(
  graph: Graph,
  { values, images, tolerance, seconds }: Options,
  of: (graph: Graph, output: string) => string,
  step: (normal: () => number) => number,
): Promise<Outcome> {
  try {
    const { name, dims, fixed, facts } = await prepared(graph);
    const found = floatOutputs(fixed, facts, name);
    const outputs = found.map((output) => of(fixed, output));
    const original = joined(fixed, facts, outputs);
    const lifted = joined(upgrade(fixed, facts), facts, outputs);
    const folded = fold(lifted, await traceFacts(lifted, { [name]: dims }));
    const pair = await openPair(folded, await traceFacts(folded, { [name]: dims }), ALL, name);
    const x = await pixelsOf(dims, values, images);
    const normal = gaussian(2);
    const { y } = await gradientAt(pair, x, filled(elementCount(pair.dims.of), normal));
    const session = await openSession(saveGraph(original));
    const expected = (await session.run({ [name]: new Tensor('float32', x, dims) }))[ALL]!.data as Float32Array;
    const scale = Math.max(...sample(expected, Math.abs), 1e-12);
    let forward = 0;
    for (let i = 0; i < expected.length; i++) forward = Math.max(forward, Math.abs(y[i]! - expected[i]!) / scale);
    const spread = Math.max(...sample(x)) - Math.min(...sample(x)) || 1;
    const detail = found.every((o) => graph.outputs.some((v) => v.name === o))
      ? ''
      : `up to ${found.join(', ')}, behind which are integers`;
    if (pair.straightThrough.length > 0) return { result: 'surrogate', forward, surrogates: pair.straightThrough, detail };
    // As fine a mean as the time allows: the more kinks lie along the way, the more points it takes.
    const begun = Date.now();
    await gradientAt(pair, x, filled(elementCount(pair.dims.of), normal));
    const most = Math.min(4096, Math.max(64, (1000 * seconds) / (Date.now() - begun)));
    let error = 0;
    let directions = 0;
    for (
      const start = Date.now();
      directions < 5 && (directions === 0 || Date.now() - start < (seconds * 1000 * directions) / (directions + 1));
      directions++
    ) {
      const u = filled(elementCount(pair.dims.of), normal);
      const v = filled(x.length, () => step(normal));
      let least = Infinity;
      for (const width of [0.003, 3e-4, 0.01, 0.001]) {
        least = Math.min(least, await integralError(pair, x, u, v, width * spread, 0.8 * tolerance, most));
        if (least < 0.8 * tolerance) break;
      }
      error = Math.max(error, least);
    }
    const ok = error <= tolerance && forward <= tolerance;
    if (!ok && forward <= tolerance) {
      // float32 resolves no slope that moves the outputs by less than this: rounding is a thousandth of it.
      const v = filled(x.length, () => step(normal));
      const [ahead, behind] = [1, -1].map((sign) => x.map((a, i) => a + sign * 0.01 * spread * v[i]!)) as [Float32Array, Float32Array];
      const [f, g] = [await forwardOf(pair, ahead), await forwardOf(pair, behind)];
      let moved = 0;
      for (let i = 0; i < f.length; i++) moved = Math.max(moved, Math.abs(f[i]! - g[i]!) / scale);
      if (moved < 1e-4)
        return {
          result: 'flat',
          forward,
          detail:
            moved === 0
              ? 'nothing moves its outputs'
              : `a hundredth of the pixels' range moves no output by more than ${moved.toExponential(0)} of the greatest`,
        };
    }
    return {
      result: ok ? 'products' : 'failed',
      forward,
      error,
      detail: [detail, `${directions} direction${directions > 1 ? 's' : ''}`].filter(Boolean).join('; '),
    };
  } catch (error) {
    if (error instanceof UserError) return { result: 'refused', detail: messageOf(error) };
    throw error;
  }
}

/** Some of a long array, for spreading. */
function sample(data: ArrayLike<number>, of: (v: number) => number = (v) => v): number[] {
  const step = Math.ceil(data.length / 50000);
  return Array.from({ length: Math.floor(data.length / step) }, (_, i) => of(data[i * step]!));
}

/** The image input and its dimensions, all other inputs made constants, and facts of every value. */
async function prepared(graph: Graph) {
  const image = graph.inputs.find((v) => isFloat(declaredShape(v).type) && declaredShape(v).dims.length >= 2) ?? graph.inputs[0]!;
  const declared = declaredShape(image).dims;
  const dims = declared.map((d, i) => (typeof d === 'number' ? d : i === 0 ? 1 : i === 1 && declared.length === 4 ? 3 : FREE_SIDE));
  const builder = new GraphBuilder({
    ...graph,
    inputs: [valueInfo(image.name, declaredShape(image).type, dims)],
    nodes: [...graph.nodes],
    initializers: new Map(graph.initializers),
  });
  for (const other of graph.inputs) {
    if (other.name === image.name) continue;
    const { type, dims: size } = declaredShape(other);
    const shape = size.map((d) => (typeof d === 'number' ? d : 1));
    const tensor = builder.graph.initializers.get(
      builder.constant(new Array<number>(elementCount(shape)).fill(OTHER), shape, type as DType),
    )!;
    builder.graph.initializers.set(other.name, { ...tensor, name: other.name });
  }
  return { name: image.name, dims, fixed: builder.graph, facts: await traceFacts(builder.graph, { [image.name]: dims }) };
}

/** Float outputs; of a model that puts out integers only, the last float value that depends on the image. */
function floatOutputs(graph: Graph, facts: Awaited<ReturnType<typeof traceFacts>>, input: string): string[] {
  const float = (v: string) => isFloat(facts.get(v)?.type ?? 0) && elementCount(facts.get(v)!.dims) > 0;
  const outputs = graph.outputs.map((v) => v.name).filter(float);
  const reached = new Set([input]);
  for (const node of graph.nodes) if (node.input.some((i) => reached.has(i))) for (const o of node.output) if (float(o)) reached.add(o);
  const live = outputs.filter((o) => reached.has(o));
  if (live.length > 0) return live;
  const before = graph.nodes
    .filter((n) => n.output.every((o) => !float(o)))
    .flatMap((n) => n.input.filter((i) => reached.has(i) && i !== input));
  return before.slice(0, 1);
}

/** The graph with all those outputs behind each other in one. */
function joined(graph: Graph, facts: Awaited<ReturnType<typeof traceFacts>>, outputs: string[]): Graph {
  const builder = new GraphBuilder({ ...graph, outputs: [], nodes: [...graph.nodes], initializers: new Map(graph.initializers) });
  const flat = outputs.map((o) =>
    builder.node('Cast', [builder.node('Reshape', [o, builder.ints([elementCount(facts.get(o)!.dims)])])], { to: DType.float32 }),
  );
  builder.node('Concat', flat, { axis: 0 }, { outputs: [ALL] });
  builder.graph.outputs.push(create(ValueInfoProtoSchema, { name: ALL }));
  prune(builder.graph);
  return builder.graph;
}

/** A picture as the network reads it; noise where it reads none. */
async function pixelsOf(dims: number[], values: Partial<Preprocessing>, images: string[] | null): Promise<Float32Array> {
  const nhwc = dims.length === 4 && dims[3]! <= 4 && dims[1]! > 4;
  const [channels, height, width] =
    dims.length === 4 ? (nhwc ? [dims[3]!, dims[1]!, dims[2]!] : [dims[1]!, dims[2]!, dims[3]!]) : [1, 28, 28];
  const next = uniform(1);
  if (!images || channels * height * width !== elementCount(dims) || ![1, 3].includes(channels))
    return filled(elementCount(dims), next) as Float32Array;
  const order = channels === 1 ? 'grey' : (values.channels ?? 'rgb');
  const spec = Preprocessing.parse({ ...values, geometry: 'stretch', width, height, channels: order, layout: nhwc ? 'nhwc' : 'nchw' });
  const { items } = await openImages({ paths: images, labels: null, offset: 0, limit: 1 });
  const pixels = toUnit(await items[0]!.read());
  const { data } = preprocess(spec, pixels, { channels: items[0]!.channels, height: items[0]!.height, width: items[0]!.width }, channels);
  // Off the kinks that flat regions lie on.
  return data.map((v) => v + ((next() - 0.5) * 0.1 * (spec.scale ?? 1)) / spec.std[0]!);
}
