import { prune, valueInfo } from '../graph/index.ts';
import type { Graph, GraphBuilder, Tracer, ValueFacts } from '../graph/index.ts';
import { differentiate } from './differentiate.ts';
import { gradientType } from './rule.ts';

export interface TangentRequest {
  /** The value whose directional derivative is given. */
  of: string;
  /** The value that moves. */
  wrt: string;
  /** The direction v in which it moves: its shape, in float64 where it is, else in float32. */
  direction: string;
}

export interface Tangent {
  /** Name of Jv: the shape of `of`, in float64 where that is, else in float32. */
  tangent: string;
  /** Straight-through operators that it runs through, in alphabetical order (see `differentiate`). */
  straightThrough: string[];
}

/**
 * Jv, the derivative of `of` along a direction, appended to the builder's graph as standard operators.
 *
 * There is no second table of rules: J'u is linear in u, so the gradient of <J'u, v> with respect to u is Jv wherever u is
 * (J. Townsend, A new trick for calculating Jacobian vector products, 2017; forward and reverse mode as in Griewank and
 * Walther, Evaluating Derivatives, ch. 3). u is a placeholder that nothing depends on in the end; it and the adjoint on the
 * way to Jv are taken out again. Where a network treats the rows of a batch apart, the rows of v are so many
 * directions, one for each.
 *
 * @param trace asked for the facts of the adjoint's values; `builder.facts` must know those of the graph, as for
 * `differentiate`, and gets those of the adjoint. A second tangent or gradient on the same builder is fine.
 * @throws UserError as `differentiate` does: both passes need a rule for every operator they meet.
 */
export async function tangent(builder: GraphBuilder, { of, wrt, direction }: TangentRequest, trace: Tracer): Promise<Tangent> {
  const { graph, facts } = builder;
  const before = new Set(graph.nodes.flatMap((node) => node.output));
  const { type, dims } = facts.get(of)!;
  const cotangent = builder.input(builder.fresh('cotangent'), gradientType(type), dims);
  const adjoint = differentiate(builder, { of: [of], cotangents: [cotangent], wrt });

  const moved = facts.get(wrt)!;
  const probe: Graph = {
    ...graph,
    inputs: [...graph.inputs],
    outputs: [valueInfo(adjoint.gradient, gradientType(moved.type), moved.dims)],
  };
  prune(probe);
  const sizes = Object.fromEntries(probe.inputs.map(({ name }) => [name, facts.get(name)!.dims]));
  // Where J'u is u itself there is nothing to ask.
  const known = probe.nodes.length > 0 ? await trace(probe, sizes) : new Map<string, ValueFacts>();
  for (const [name, fact] of known) if (!before.has(name)) facts.set(name, fact);

  const along = differentiate(builder, { of: [adjoint.gradient], cotangents: [direction], wrt: cotangent });
  graph.inputs = graph.inputs.filter((input) => input.name !== cotangent);
  dropUnused(graph, before, along.gradient);
  if (graph.nodes.some((node) => node.input.includes(cotangent)))
    throw new Error(`the adjoint of ${of} with respect to ${wrt} is not linear`);
  return { tangent: along.gradient, straightThrough: [...new Set([...adjoint.straightThrough, ...along.straightThrough])].sort() };
}

/** Takes out the nodes that were added since and that the result does not need. */
function dropUnused(graph: Graph, before: ReadonlySet<string>, result: string): void {
  const needed = new Set([result]);
  const kept = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.output.some((o) => before.has(o) || needed.has(o))) continue;
    kept.push(node);
    for (const input of node.input) needed.add(input);
  }
  graph.nodes = kept.reverse();
}
