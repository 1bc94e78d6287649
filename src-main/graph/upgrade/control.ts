import { create } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import type { GraphProto, NodeProto } from 'onnx-buf';
import { UserError } from '../../../shared/errors.ts';
import { body, int, ints } from '../attributes.ts';
import { GraphBuilder } from '../builder.ts';
import { constantTensor } from '../constants.ts';
import { DType } from '../ir.ts';
import type { Graph, ValueFacts } from '../ir.ts';
import { renamed } from '../rename.ts';
import { elementsOf, tensorNumbers } from '../tensors.ts';

/** Beyond this a loop is left as it is: unrolled, it would be a graph that nobody can open. */
const MOST_STEPS = 256;
/** Loops in loops come to many more than their steps. */
const MOST_NODES = 100_000;

/**
 * The graph with If, Loop and Scan written out where their course is known beforehand: the branch that is always taken, the
 * body as often as it runs. What depends on the image's values is left, and refused by name when it is differentiated.
 */
export function unroll(graph: Graph, facts: ReadonlyMap<string, ValueFacts>): Graph {
  if (!graph.nodes.some((node) => CONTROL[node.opType] && node.domain === '')) return graph;
  const builder = new GraphBuilder({ ...graph, initializers: new Map(graph.initializers) });
  for (const node of graph.nodes) for (const name of node.output) builder.reserve(name);
  builder.graph.nodes = [];
  const written = { nodes: 0 };
  const put = (node: NodeProto): void => {
    const write = node.domain === '' ? CONTROL[node.opType] : undefined;
    if (!write?.(new Course(node, builder, facts, put, written))) builder.append(node);
  };
  for (const node of graph.nodes) put(node);
  return builder.graph;
}

/** A control node, and the pen that writes out its bodies. */
class Course {
  readonly node: NodeProto;
  readonly builder: GraphBuilder;
  private readonly facts: ReadonlyMap<string, ValueFacts>;
  private readonly put: (node: NodeProto) => void;
  /** Of all courses together. */
  private readonly written: { nodes: number };

  constructor(node: NodeProto, builder: GraphBuilder, facts: ReadonlyMap<string, ValueFacts>, put: (node: NodeProto) => void, written: { nodes: number }) {
    this.node = node;
    this.builder = builder;
    this.facts = facts;
    this.put = put;
    this.written = written;
  }

  /** The single number a value always has, or undefined. */
  known(name: string): number | undefined {
    const tensor = this.builder.graph.initializers.get(name);
    const data = this.facts.get(name)?.data ?? (tensor && elementsOf(tensor) === 1 ? tensorNumbers(tensor, this.builder.graph) : undefined);
    return data?.length === 1 ? Number(data[0]) : undefined;
  }
  dims(name: string): number[] | undefined {
    return this.facts.get(name)?.dims;
  }

  /** Writes a body once, its inputs bound to values, and gives the names of its outputs. */
  write(graph: GraphProto, arguments_: readonly string[]): string[] {
    this.written.nodes += 1 + graph.node.length;
    if (this.written.nodes > MOST_NODES) throw new UserError(`The model is too large: with its loops written out it has more than ${MOST_NODES.toLocaleString('en')} nodes.`);
    const names = new Map(graph.input.map((v, i) => [v.name, arguments_[i]!]));
    const name = (old: string) => names.get(old) ?? old;
    for (const tensor of graph.initializer) {
      names.set(tensor.name, this.builder.fresh('body'));
      this.builder.graph.initializers.set(name(tensor.name), Object.assign(create(TensorProtoSchema), tensor, { name: name(tensor.name) }));
    }
    for (const node of graph.node) for (const output of node.output) if (output) names.set(output, this.builder.fresh('body'));
    for (const node of graph.node) {
      const copy = renamed(node, name);
      if (copy.name) copy.name = `${copy.name}/${copy.output[0]!}`;
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
    const open = values.map((v) => this.builder.node('Unsqueeze', [v, this.builder.ints([axis])]));
    this.builder.node('Concat', open, { axis }, { outputs: [name] });
  }
}

/** Each writes its node out and says so, or leaves it. */
const CONTROL: Record<string, (course: Course) => boolean> = {
  If(course) {
    const condition = course.known(course.node.input[0]!);
    const taken = condition === undefined ? undefined : body(course.node, condition ? 'then_branch' : 'else_branch');
    if (!taken) return false;
    course.write(taken, []).forEach((value, i) => course.result(i, value));
    return true;
  },

  Loop(course) {
    const { node } = course;
    const steps = course.known(node.input[0] ?? '');
    const graph = body(node, 'body');
    const begins = !node.input[1] || course.known(node.input[1]) === 1;
    if (!graph || steps === undefined || steps < 1 || steps > MOST_STEPS || !begins || !goesOn(graph)) return false;
    let state = node.input.slice(2);
    const scanned: string[][] = [];
    const yes = course.builder.constant([1], [], DType.bool);
    for (let k = 0; k < steps; k++) {
      const outputs = course.write(graph, [course.builder.constant([k], [], DType.int64), yes, ...state]).slice(1);
      outputs.slice(state.length).forEach((value, i) => (scanned[i] ??= []).push(value));
      state = outputs.slice(0, state.length);
    }
    state.forEach((value, i) => course.result(i, value));
    scanned.forEach((values, i) => course.stacked(state.length + i, values, 0));
    return true;
  },

  Scan(course) {
    const { node, builder } = course;
    const graph = body(node, 'body');
    const count = int(node, 'num_scan_inputs', 0);
    let state = node.input.slice(0, node.input.length - count);
    const sources = node.input.slice(state.length);
    const shapes = sources.map((name) => course.dims(name));
    if (!graph || count === 0 || shapes.some((d) => !d)) return false;
    const axes = ints(node, 'scan_input_axes', sources.map(() => 0)).map((a, i) => (a < 0 ? a + shapes[i]!.length : a));
    const steps = shapes[0]![axes[0]!]!;
    const inward = ints(node, 'scan_input_directions', sources.map(() => 0));
    const outAxes = ints(node, 'scan_output_axes', []);
    const outward = ints(node, 'scan_output_directions', []);
    if (steps < 1 || steps > MOST_STEPS || outAxes.some((a) => a < 0)) return false;
    const scanned: string[][] = [];
    for (let k = 0; k < steps; k++) {
      const slices = sources.map((name, i) => builder.node('Gather', [name, builder.constant([inward[i] ? steps - 1 - k : k], [], DType.int64)], { axis: axes[i]! }));
      const outputs = course.write(graph, [...state, ...slices]);
      outputs.slice(state.length).forEach((value, i) => (scanned[i] ??= []).push(value));
      state = outputs.slice(0, state.length);
    }
    state.forEach((value, i) => course.result(i, value));
    scanned.forEach((values, i) => course.stacked(state.length + i, outward[i] ? values.reverse() : values, outAxes[i] ?? 0));
    return true;
  },
};

/** Whether a loop's body never ends it early: its condition is handed through, or true for good. */
function goesOn(graph: GraphProto): boolean {
  let name: string | undefined = graph.output[0]?.name;
  // A body whose nodes form a circle ends here, too.
  for (const seen = new Set<string>(); name !== undefined && !seen.has(name); ) {
    seen.add(name);
    if (name === graph.input[1]?.name) return true;
    const constant = graph.initializer.find((t) => t.name === name);
    if (constant) return Number(tensorNumbers(constant)[0]) === 1;
    const wanted: string = name;
    const node = graph.node.find((n) => n.output.includes(wanted));
    const tensor = node ? constantTensor(node) : null;
    if (tensor) return Number(tensorNumbers(tensor)[0]) === 1;
    if (node?.opType !== 'Identity' && node?.opType !== 'Cast') return false;
    name = node.input[0];
  }
  return false;
}
