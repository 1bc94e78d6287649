import type { GraphProto, NodeProto } from 'onnx-buf';
import { body, hasAttribute, int, ints } from '../attributes.ts';
import { constantTensor } from '../constants.ts';
import { DType } from '../ir.ts';
import type { Graph, ValueFacts } from '../ir.ts';
import { elementsOf, tensorNumbers } from '../tensors.ts';
import type { Pen } from './pen.ts';

/** Beyond this a loop is left as it is: unrolled, it would be a graph that nobody can open. */
const MOST_STEPS = 256;

/** What is known of values where a control node stands. */
interface Known {
  /** The single number a value always has, or undefined. */
  number(name: string): number | undefined;
  dims(name: string): number[] | undefined;
}

/** Writes a node out. */
type Course = (pen: Pen) => void;

export const isControl = (node: NodeProto): boolean => node.domain === '' && CONTROL[node.opType] !== undefined;

/** The course that a control node takes, or in words why it is not known beforehand. */
export function courseOf(node: NodeProto, graph: Graph, facts: ReadonlyMap<string, ValueFacts>): Course | string {
  return CONTROL[node.opType]!(node, {
    number(name) {
      const tensor = graph.initializers.get(name);
      const data = facts.get(name)?.data ?? (tensor && elementsOf(tensor) === 1 ? tensorNumbers(tensor, graph) : undefined);
      return data?.length === 1 ? Number(data[0]) : undefined;
    },
    dims: (name) => facts.get(name)?.dims,
  });
}

/** Why an If, Loop or Scan was not written out; null for any other node. */
export function whyLeft(node: NodeProto, graph: Graph, facts: ReadonlyMap<string, ValueFacts>): string | null {
  const course = isControl(node) ? courseOf(node, graph, facts) : null;
  return course === null || typeof course === 'string' ? course : 'it was not written out';
}

const DAMAGED = 'it has no body';
const tooLong = (steps: number) => `it runs ${steps.toLocaleString('en')} times, and more than ${MOST_STEPS} are not written out`;

const CONTROL: Record<string, (node: NodeProto, known: Known) => Course | string> = {
  If(node, known) {
    const condition = known.number(node.input[0]!);
    if (condition === undefined) return 'the values of the picture decide which of its branches is taken';
    const taken = body(node, condition ? 'then_branch' : 'else_branch');
    return taken ? (pen) => pen.write(taken, []).forEach((value, i) => pen.result(i, value)) : DAMAGED;
  },

  Loop(node, known) {
    const graph = body(node, 'body');
    if (!graph) return DAMAGED;
    const steps = stepsOf(node, graph, known);
    if (typeof steps === 'string') return steps;
    const states = node.input.slice(2);
    if (steps === 0 && node.output.slice(states.length).some((name) => name !== ''))
      return 'it never runs, and what it would have collected is used';
    return (pen) => {
      let state = states;
      const scanned: string[][] = [];
      const yes = pen.builder.constant([1], [], DType.bool);
      for (let k = 0; k < steps; k++) {
        const outputs = pen.write(graph, [pen.builder.constant([k], [], DType.int64), yes, ...state]).slice(1);
        outputs.slice(state.length).forEach((value, i) => (scanned[i] ??= []).push(value));
        state = outputs.slice(0, state.length);
      }
      state.forEach((value, i) => pen.result(i, value));
      scanned.forEach((values, i) => pen.stacked(state.length + i, values, 0));
    };
  },

  Scan(node, known) {
    const graph = body(node, 'body');
    const count = int(node, 'num_scan_inputs', 0);
    // Version 8 had lengths before all else, and a batch.
    if (hasAttribute(node, 'directions') || node.input[0] === '') return 'it is written in the form of operator set 8';
    const states = node.input.slice(0, node.input.length - count);
    const sources = node.input.slice(states.length);
    const shapes = sources.map((name) => known.dims(name));
    if (!graph || count === 0) return DAMAGED;
    if (shapes.some((d) => !d)) return 'the length of what it goes through is not known';
    const axes = ints(
      node,
      'scan_input_axes',
      sources.map(() => 0),
    ).map((a, i) => (a < 0 ? a + shapes[i]!.length : a));
    const steps = shapes[0]![axes[0]!]!;
    const inward = ints(
      node,
      'scan_input_directions',
      sources.map(() => 0),
    );
    const outAxes = ints(node, 'scan_output_axes', []);
    const outward = ints(node, 'scan_output_directions', []);
    if (steps < 1) return 'it goes through nothing';
    if (steps > MOST_STEPS) return tooLong(steps);
    if (outAxes.some((a) => a < 0)) return 'it lays its results along an axis that is counted from the end';
    return (pen) => {
      let state = states;
      const scanned: string[][] = [];
      for (let k = 0; k < steps; k++) {
        const slices = sources.map((name, i) =>
          pen.builder.node('Gather', [name, pen.builder.constant([inward[i] ? steps - 1 - k : k], [], DType.int64)], { axis: axes[i]! }),
        );
        const outputs = pen.write(graph, [...state, ...slices]);
        outputs.slice(state.length).forEach((value, i) => (scanned[i] ??= []).push(value));
        state = outputs.slice(0, state.length);
      }
      state.forEach((value, i) => pen.result(i, value));
      scanned.forEach((values, i) => pen.stacked(state.length + i, outward[i] ? values.reverse() : values, outAxes[i] ?? 0));
    };
  },
};

/** How often a loop's body runs, or in words why that is not known. */
function stepsOf(node: NodeProto, graph: GraphProto, known: Known): number | string {
  const [most = '', begins = ''] = node.input;
  const [count, first] = [most === '' ? Infinity : known.number(most), begins === '' ? 1 : known.number(begins)];
  if (first === 0) return 0;
  if (count === undefined || first === undefined) return 'the values of the picture decide how often it runs';
  const on = goesOn(graph, known);
  if (on === undefined) return 'its body decides when it ends';
  const steps = Math.max(0, on ? count : Math.min(1, count));
  return steps === Infinity ? 'it never ends' : steps > MOST_STEPS ? tooLong(steps) : steps;
}

/** Whether a loop goes on after every step: its condition is handed through, or stays what it is, in the body or outside of it. Undefined where that hangs on what the body computes. */
function goesOn(graph: GraphProto, known: Known): boolean | undefined {
  let name: string | undefined = graph.output[0]?.name;
  // A body whose nodes form a circle ends here, too.
  for (const seen = new Set<string>(); name !== undefined && !seen.has(name);) {
    seen.add(name);
    if (name === graph.input[1]?.name) return true;
    const wanted: string = name;
    const node = graph.node.find((n) => n.output.includes(wanted));
    const tensor = graph.initializer.find((t) => t.name === wanted) ?? (node ? constantTensor(node) : null);
    if (tensor) return Number(tensorNumbers(tensor)[0]) === 1;
    if (!node && !graph.input.some((v) => v.name === wanted)) {
      const outside = known.number(wanted);
      return outside === undefined ? undefined : outside === 1;
    }
    if (node?.opType !== 'Identity' && node?.opType !== 'Cast') return undefined;
    name = node.input[0];
  }
  return undefined;
}
