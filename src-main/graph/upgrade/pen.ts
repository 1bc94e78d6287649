import { create } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import type { GraphProto, NodeProto } from 'onnx-buf';
import { UserError } from '../../../shared/errors.ts';
import type { GraphBuilder } from '../builder.ts';
import { constantTensor } from '../constants.ts';
import { nodeLabel, opset } from '../ir.ts';
import { renamed } from '../rename.ts';

/** Loops in loops come to many more than their steps. */
const MOST_NODES = 100_000;

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
