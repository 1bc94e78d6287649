import { tangent } from '../../src-main/autodiff/index.ts';
import { GraphBuilder, prune, saveGraph, valueInfo } from '../../src-main/graph/index.ts';
import type { DType, Graph, ValueFacts } from '../../src-main/graph/index.ts';
import { openSession } from '../../src-main/runtime/ort.ts';
import type { OrtTensor, Session } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { dot, forward, size, tensor } from './gradient.ts';
import type { Numbers, Pair } from './gradient.ts';

const DIRECTION = 'direction';
const TANGENT = 'tangent';

/** The graph with Jv of `of` along a direction of `wrt`, which is a new input. */
export async function openTangent(
  graph: Graph,
  facts: ReadonlyMap<string, ValueFacts>,
  of: string,
  wrt: string,
): Promise<{ session: Session; straightThrough: string[] }> {
  const inputs = graph.inputs.map((v) => valueInfo(v.name, facts.get(v.name)!.type, facts.get(v.name)!.dims));
  const copy: Graph = { ...graph, inputs, nodes: [...graph.nodes], outputs: [], initializers: new Map(graph.initializers) };
  const builder = new GraphBuilder(copy, new Map(facts));
  const [to, from] = [facts.get(of)!, facts.get(wrt)!];
  builder.input(DIRECTION, from.type as DType, from.dims);
  const result = await tangent(builder, { of, wrt, direction: DIRECTION }, traceFacts);
  builder.node('Identity', [result.tangent], {}, { outputs: [TANGENT] });
  builder.output(TANGENT, to.type as DType, to.dims);
  // Where Jv does not hang on a value, its input stays: a session is fed the same values throughout.
  prune(copy);
  return { session: await openSession(saveGraph(copy), {}), straightThrough: result.straightThrough };
}

/** Jv at x. */
export async function tangentAt(
  session: Session,
  pair: Pair,
  x: Numbers,
  v: Numbers,
  others: Record<string, OrtTensor> = {},
): Promise<Numbers> {
  const feeds: Record<string, OrtTensor> = {
    ...others,
    [pair.wrt]: tensor(pair.type, x, pair.dims.wrt),
    [DIRECTION]: tensor(pair.type, v, pair.dims.wrt),
  };
  const out = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!])));
  return out[TANGENT]!.data as Numbers;
}

/** |Jv - central difference| in units of |Jv|, the least over the steps (see `directionalError`). */
export async function tangentError(
  pair: Pair,
  session: Session,
  x: Numbers,
  v: Numbers,
  steps: readonly number[],
  others: Record<string, OrtTensor> = {},
): Promise<number> {
  const exact = await tangentAt(session, pair, x, v, others);
  let best = Infinity;
  for (const h of steps) {
    const ahead = x.map((a, i) => a + h * v[i]!);
    const behind = x.map((a, i) => a - h * v[i]!);
    const [f, g] = [await forward(pair, ahead, others), await forward(pair, behind, others)];
    const difference = f.map((a, i) => (a - g[i]!) / (2 * h)) as Numbers;
    const off = difference.map((d, i) => d - exact[i]!) as Numbers;
    best = Math.min(best, size(off) / (Math.max(size(exact), size(difference)) || 1));
  }
  return exact.every((d) => Number.isFinite(d)) ? best : Infinity;
}

/** |<u, Jv> - <J'u, v>| in units of |u||Jv|: both come from one graph each, and neither may lose anything the other has. */
export const adjointError = (u: Numbers, jv: Numbers, jtu: Numbers, v: Numbers): number =>
  Math.abs(dot(u, jv) - dot(jtu, v)) / Math.max(size(u) * size(jv), size(jtu) * size(v), 1e-30);
