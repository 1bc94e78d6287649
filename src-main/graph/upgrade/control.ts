import { create } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import type { GraphProto, NodeProto } from 'onnx-buf';
import { UserError } from '../../../shared/errors.ts';
import { GraphBuilder } from '../builder.ts';
import { constantTensor } from '../constants.ts';
import { nodeLabel, opset } from '../ir.ts';
import type { Graph, ValueFacts } from '../ir.ts';
import { renamed } from '../rename.ts';
import { courseOf, isControl } from './courses.ts';

/** Loops in loops come to many more than their steps. */
const MOST_NODES = 100_000;

/**
 * The graph with If, Loop and Scan written out where their course is known beforehand: the branch that is always taken, the
 * body as often as it runs. What depends on the image's values is left, and refused by name when it is differentiated.
 */
export function unroll(graph: Graph, facts: ReadonlyMap<string, ValueFacts>): Graph {
  if (!graph.nodes.some(isControl)) return graph;
  const builder = new GraphBuilder({ ...graph, initializers: new Map(graph.initializers) });
  builder.reserveOutputs(graph.nodes);
  builder.graph.nodes = [];
  const written = { nodes: 0 };
  let changed = false;
  const put = (node: NodeProto): void => {
    const course = isControl(node) ? courseOf(node, builder.graph, facts) : 'no control flow';
    if (typeof course === 'string') return builder.append(node);
    changed = true;
    const around = builder.origin;
    builder.origin = nodeLabel(node);
    course(new Pen(node, builder, put, written));
    builder.origin = around;
  };
  for (const node of graph.nodes) put(node);
  return changed ? builder.graph : graph;
}

/**
 * The same until nothing is left that could be written out, with the facts of what has become of it: what a step of a loop makes of
 * its number may decide a branch in its body, and what stands in a body is brought to today's forms by the dimensions it gets there.
 * @param trace asked for the facts of a graph's values
 */
export async function unrolled(
  graph: Graph,
  trace: (graph: Graph) => Promise<Map<string, ValueFacts>>,
): Promise<{ graph: Graph; facts: Map<string, ValueFacts> }> {
  const facts = await trace(graph);
  const written = unroll(graph, facts);
  return written === graph ? { graph, facts } : unrolled(written, trace);
}

/** A control node, and the pen that writes out its bodies. */
export class Pen {
  readonly node: NodeProto;
  readonly builder: GraphBuilder;
  private readonly put: (node: NodeProto) => void;
  /** Of all together. */
  private readonly written: { nodes: number };

  constructor(node: NodeProto, builder: GraphBuilder, put: (node: NodeProto) => void, written: { nodes: number }) {
    this.node = node;
    this.builder = builder;
    this.put = put;
    this.written = written;
  }

  /** Writes a body once, its inputs bound to values, and gives the names of its outputs. */
  write(graph: GraphProto, arguments_: readonly string[]): string[] {
    this.written.nodes += 1 + graph.node.length;
    if (this.written.nodes > MOST_NODES)
      throw new UserError(`The model is too large: with its loops written out it has more than ${MOST_NODES.toLocaleString('en')} nodes.`);
    const names = new Map(graph.input.map((v, i) => [v.name, arguments_[i]!]));
    const name = (old: string) => names.get(old) ?? old;
    for (const tensor of graph.initializer) {
      names.set(tensor.name, this.builder.fresh('body'));
      this.builder.graph.initializers.set(name(tensor.name), Object.assign(create(TensorProtoSchema), tensor, { name: name(tensor.name) }));
    }
    for (const node of graph.node) for (const output of node.output) if (output) names.set(output, this.builder.fresh('body'));
    for (const node of graph.node) {
      const copy = renamed(node, name);
      copy.name = `${this.builder.origin}/${nodeLabel(node)}/${copy.output[0] ?? ''}`;
      const constant = constantTensor(copy);
      if (constant) this.builder.tensor(constant);
      else this.put(copy);
    }
    return graph.output.map((v) => name(v.name));
  }

  result(i: number, value: string): void {
    const name = this.node.output[i];
    if (name) this.builder.node('Identity', [value], {}, { outputs: [name] });
  }
  /** What every step gave, laid behind each other along an axis. */
  stacked(i: number, values: readonly string[], axis: number): void {
    const name = this.node.output[i];
    if (!name) return;
    // In the model's own operator set, in which it is traced again.
    const widened = (v: string) =>
      opset(this.builder.graph) < 13
        ? this.builder.node('Unsqueeze', [v], { axes: [axis] })
        : this.builder.node('Unsqueeze', [v, this.builder.ints([axis])]);
    const open = values.map(widened);
    this.builder.node('Concat', open, { axis }, { outputs: [name] });
  }
}
