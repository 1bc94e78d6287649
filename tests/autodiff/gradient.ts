import { differentiate } from '../../src-main/autodiff/index.ts';
import { DType, GraphBuilder, saveGraph, valueInfo } from '../../src-main/graph/index.ts';
import type { Graph, ValueFacts } from '../../src-main/graph/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import type { OrtTensor, Session } from '../../src-main/runtime/ort.ts';

/** Seeded uniform numbers in [0, 1): mulberry32. */
export function uniform(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function gaussian(seed: number): () => number {
  const u = uniform(seed);
  return () => Math.sqrt(-2 * Math.log(1 - u())) * Math.cos(2 * Math.PI * u());
}

export type Numbers = Float32Array | Float64Array;

/** The forward graph, and the same graph with the adjoint of `of` with respect to `wrt`; the cotangent is a new input. */
export interface Pair {
  forward: Session;
  backward: Session;
  straightThrough: string[];
  of: string;
  wrt: string;
  type: 'float32' | 'float64';
  dims: { of: number[]; wrt: number[] };
}

export const COTANGENT = 'cotangent';
export const GRADIENT = 'gradient';

/** The graph with its adjoint added: outputs are `of` and the gradient. */
export function withGradient(
  graph: Graph,
  facts: Map<string, ValueFacts>,
  of: string,
  wrt: string,
): { graph: Graph; straightThrough: string[] } {
  const inputs = graph.inputs.map((v) => valueInfo(v.name, facts.get(v.name)!.type, facts.get(v.name)!.dims));
  const copy: Graph = { ...graph, inputs, nodes: [...graph.nodes], outputs: [], initializers: new Map(graph.initializers) };
  const builder = new GraphBuilder(copy, new Map(facts));
  const shape = facts.get(of)!;
  builder.input(COTANGENT, shape.type as DType, shape.dims);
  const { gradient, straightThrough } = differentiate(builder, { of: [of], cotangents: [COTANGENT], wrt });
  builder.node('Identity', [gradient], {}, { outputs: [GRADIENT] });
  builder.output(of, shape.type as DType, shape.dims);
  builder.output(GRADIENT, facts.get(wrt)!.type as DType, facts.get(wrt)!.dims);
  return { graph: copy, straightThrough };
}

export async function openPair(graph: Graph, facts: Map<string, ValueFacts>, of: string, wrt: string): Promise<Pair> {
  const derived = withGradient(graph, facts, of, wrt);
  const plain: Graph = {
    ...graph,
    inputs: derived.graph.inputs.filter((v) => v.name !== COTANGENT),
    outputs: derived.graph.outputs.slice(0, 1),
  };
  const type = facts.get(wrt)!.type === DType.float64 ? 'float64' : 'float32';
  return {
    forward: await openSession(saveGraph(plain), {}),
    backward: await openSession(saveGraph(derived.graph), {}),
    straightThrough: derived.straightThrough,
    of,
    wrt,
    type,
    dims: { of: facts.get(of)!.dims, wrt: facts.get(wrt)!.dims },
  };
}

export function tensor(type: 'float32' | 'float64', data: Numbers, dims: readonly number[]): OrtTensor {
  return type === 'float32' ? new Tensor('float32', Float32Array.from(data), dims) : new Tensor('float64', Float64Array.from(data), dims);
}

export async function forward(pair: Pair, x: Numbers, others: Record<string, OrtTensor> = {}): Promise<Numbers> {
  const out = await pair.forward.run({ ...others, [pair.wrt]: tensor(pair.type, x, pair.dims.wrt) });
  return out[pair.of]!.data as Numbers;
}

/** J'u at x, and the forward value that the session with the adjoint computed on the way. */
export async function gradientAt(
  pair: Pair,
  x: Numbers,
  u: Numbers,
  others: Record<string, OrtTensor> = {},
): Promise<{ y: Numbers; gradient: Numbers }> {
  const out = await pair.backward.run({
    ...others,
    [pair.wrt]: tensor(pair.type, x, pair.dims.wrt),
    [COTANGENT]: tensor(pair.type, u, pair.dims.of),
  });
  return { y: out[pair.of]!.data as Numbers, gradient: out[GRADIENT]!.data as Numbers };
}

export const dot = (a: Numbers, b: Numbers): number => Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);
export const size = (a: Numbers): number => Math.sqrt(dot(a, a));

/**
 * Relative error of u'J v against central differences, in units of max(|difference|, |g||v|/sqrt(n)): the second is the
 * size that u'Jv has in a random direction, so that a direction that happens to be flat does not blow the error up.
 * The least over the steps counts: large ones cross kinks, small ones drown in rounding, and a wrong rule fits none.
 */
export async function directionalError(
  pair: Pair,
  x: Numbers,
  u: Numbers,
  v: Numbers,
  steps: readonly number[],
  others: Record<string, OrtTensor> = {},
): Promise<number> {
  const { gradient } = await gradientAt(pair, x, u, others);
  const exact = dot(gradient, v);
  let best = Infinity;
  for (const h of steps) {
    // What the float32 input really moved by is not h v, but what was left after rounding.
    const ahead = x.map((a, i) => a + h * v[i]!);
    const behind = x.map((a, i) => a - h * v[i]!);
    const moved = ahead.map((a, i) => (a - behind[i]!) / (2 * h)) as Numbers;
    const [f, g] = [await forward(pair, ahead, others), await forward(pair, behind, others)];
    const difference = Array.from(u).reduce((sum, w, i) => sum + (w * (f[i]! - g[i]!)) / (2 * h), 0);
    const scale = Math.max(Math.abs(difference), (size(gradient) * size(v)) / Math.sqrt(v.length));
    best = Math.min(best, Math.abs(difference - dot(gradient, moved)) / scale);
  }
  return Number.isFinite(exact) ? best : Infinity;
}

export function filled(count: number, next: () => number, type: 'float32' | 'float64' = 'float32'): Numbers {
  return (type === 'float32' ? new Float32Array(count) : new Float64Array(count)).map(() => next());
}

/**
 * |f(x + hv) - f(x - hv) - the integral of f'(x + tv) v| in units of the gradient's usual size along v. The integral, by the
 * midpoint rule, does not mind the kinks that lie every few thousandths of a pixel and defeat a plain difference.
 */
export async function integralError(
  pair: Pair,
  x: Numbers,
  u: Numbers,
  v: Numbers,
  h: number,
  enough = 8e-4,
  most = 4096,
): Promise<number> {
  const at = (t: number) => x.map((a, i) => a + t * v[i]!);
  const [ahead, behind] = [await forward(pair, at(h)), await forward(pair, at(-h))];
  const difference = Array.from(u).reduce((sum, w, i) => sum + (w * (ahead[i]! - behind[i]!)) / (2 * h), 0);
  let best = Infinity;
  for (let points = 16; points <= most && best > enough; points *= 4) {
    let slope = 0;
    let size = 0;
    for (let k = 0; k < points; k++) {
      const { gradient } = await gradientAt(pair, at(h * ((2 * k + 1) / points - 1)), u);
      slope += dot(gradient, v) / points;
      size += Math.sqrt(dot(gradient, gradient)) / points;
    }
    best = Math.min(best, Math.abs(difference - slope) / Math.max(Math.abs(difference), size));
  }
  return best;
}
