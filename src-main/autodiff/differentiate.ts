import type { NodeProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { nodeLabel, operatorName, producersOf, readsOf } from '../graph/index.ts';
import type { GraphBuilder } from '../graph/index.ts';
import { whyLeft } from '../graph/upgrade/index.ts';
import { carries, path } from './path.ts';
import { ruleFor } from './registry.ts';
import { gradientType, RuleContext } from './rule.ts';

/** Operators whose rule looks at the gradient of every output. */
const SEVERAL = new Set(['Split', 'LayerNormalization']);

export interface Request {
  /** Values whose gradient is given. */
  of: readonly string[];
  /** The gradients (cotangents), one value per entry of `of`, of the same shape; float64 or float32 likewise. */
  cotangents: readonly string[];
  /** The value to differentiate with respect to. */
  wrt: string;
}

export interface Differentiated {
  /** Name of the gradient: same shape as `wrt`, in float64 where that is, else in float32. */
  gradient: string;
  /** Operators whose true derivative is zero almost everywhere and that were passed straight through, in alphabetical order. */
  straightThrough: string[];
}

/**
 * Reverse mode on a graph (Griewank and Walther, Evaluating Derivatives, ch. 3): appends the adjoint of every
 * node between `wrt` and `of` to the builder's graph, made of standard ONNX operators in the forms of opset 18 with
 * static shapes, and gives the name of J'u. Nodes off that path, weights and integer branches cost nothing.
 *
 * `builder.facts` must know type and dimensions of all values of the graph (see `traceFacts`); gradients are added to it.
 * Conventions at kinks: Relu'(0) = 0; |x|' = 0 at 0; of equal maxima the first gets everything.
 *
 * @throws UserError naming operator and node where there is no rule, or when no differentiable path exists.
 */
export function differentiate(builder: GraphBuilder, { of, cotangents, wrt }: Request): Differentiated {
  const nodes = [...builder.graph.nodes];
  const { active, consumers } = path(nodes, builder.facts, wrt, of);
  const gradients = new Map<string, string[]>();
  const add = (value: string, gradient: string) => {
    const known = gradients.get(value);
    if (known) known.push(gradient);
    else gradients.set(value, [gradient]);
  };
  of.forEach((value, i) => {
    if (active.has(value)) add(value, cotangents[i]!);
  });
  const straightThrough = new Set<string>();
  const producers = producersOf(nodes);
  const around = { active, consumers, producers, ends: new Set(of), straightThrough };
  for (let place = nodes.length - 1; place >= 0; place--) {
    const node = nodes[place]!;
    if (!readsOf(node).some((i) => active.has(i)) || !node.output.some((o) => gradients.has(o))) continue;
    builder.origin = nodeLabel(node);
    const dys = node.output.map((o) => total(builder, o, gradients));
    const ctx = new RuleContext(builder, builder.graph.nodes[place]!, place, dys, around);
    const missed = dys.slice(1).some((dy) => dy !== null) && !SEVERAL.has(operatorName(node));
    const left = whyLeft(node, builder.graph, builder.facts);
    if (left !== null) ctx.refuse(left);
    const rule = ruleFor(node);
    // What else there is to say against it comes first.
    const results = missed && dys[0] === null ? [] : rule(ctx);
    if (missed) ctx.refuse('more than the first of its outputs is used');
    node.input.forEach((input, i) => {
      if (!active.has(input)) return;
      const gradient = results[i];
      if (gradient === undefined) return ctx.refuse(`input ${i} depends on the image, which this rule does not cover`);
      if (gradient === null) return;
      const { type, dims } = ctx.facts(input);
      builder.facts.set(gradient, { type: gradientType(type), dims });
      add(input, gradient);
    });
  }
  builder.origin = 'hl';
  const gradient = total(builder, wrt, gradients);
  if (gradient === null)
    throw new UserError(
      `No gradient reaches the picture: ${active.has(wrt) ? 'on every way what is computed of it counts as constant' : deadEnd(builder, nodes, wrt)}.`,
    );
  return { gradient, straightThrough: [...straightThrough].sort() };
}

/** The sum of all that flows back into a value; emitted once, when its producer is reached. */
function total(builder: GraphBuilder, value: string, gradients: Map<string, string[]>): string | null {
  const parts = gradients.get(value);
  if (!parts) return null;
  if (parts.length === 1) return parts[0]!;
  const sum = builder.node(parts.length === 2 ? 'Add' : 'Sum', parts, {}, { hint: 'd' });
  const { type, dims } = builder.facts.get(value)!;
  builder.facts.set(sum, { type: gradientType(type), dims });
  gradients.set(value, [sum]);
  return sum;
}

/** Where the floating-point path from `wrt` breaks off, for the error message: at a branch or a loop, if it is one. */
function deadEnd({ graph, facts }: GraphBuilder, nodes: readonly NodeProto[], wrt: string): string {
  const [reached, touched] = [new Set([wrt]), new Set([wrt])];
  let first = '';
  for (const node of nodes) {
    const read = readsOf(node);
    if (!read.some((i) => touched.has(i))) continue;
    for (const output of node.output) touched.add(output);
    const left = whyLeft(node, graph, facts);
    if (left !== null) return `${operatorName(node)} at node ${nodeLabel(node)} has no derivative, as ${left}`;
    if (!read.some((i) => reached.has(i))) continue;
    const carried = node.output.filter((_, i) => carries(node, i, facts, reached));
    if (carried.length === 0 && !/^(Shape|Size)$/.test(node.opType))
      first ||= `${operatorName(node)} at node ${nodeLabel(node)} has no derivative`;
    for (const output of carried) reached.add(output);
  }
  return first || 'the two are not connected';
}
