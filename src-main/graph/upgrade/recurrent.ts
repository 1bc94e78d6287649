import { floats, hasAttribute, int, string, strings } from '../attributes.ts';
import type { Lift, Lifter, Lifters } from './lift.ts';

/** Beyond this a sequence is left as it is: written out, it would be a graph that nobody can open. */
const MOST_STEPS = 512;

type Operator = 'LSTM' | 'GRU' | 'RNN';
const GATES: Record<Operator, number> = { LSTM: 4, GRU: 3, RNN: 1 };
const DEFAULT: Record<Operator, string[]> = { LSTM: ['Sigmoid', 'Tanh', 'Tanh'], GRU: ['Sigmoid', 'Tanh'], RNN: ['Tanh'] };

/** One direction of a recurrent layer: its weights, [hidden, gates x hidden], and its activations. */
interface Direction {
  op: Operator;
  /** Input through its weights for all steps at once: [steps, batch, gates x hidden]. */
  driven: string;
  recurrent: string;
  /** Bias on the recurrent side; '' for none. */
  bias: string;
  hidden: number;
  act: (i: number, value: string) => string;
}

const mul = (lift: Lift, a: string, b: string) => lift.emit('Mul', [a, b]);
const add = (lift: Lift, a: string, b: string) => (b === '' ? a : lift.emit('Add', [a, b]));
const cut = (lift: Lift, value: string, axis: number, from: number, to: number) =>
  lift.emit('Slice', [value, lift.builder.ints([from]), lift.builder.ints([to]), lift.builder.ints([axis])]);

/** The gates lie behind each other in the last axis. */
const gate = (lift: Lift, value: string, i: number, hidden: number) => cut(lift, value, -1, i * hidden, (i + 1) * hidden);

/** One step: the states after it (ONNX, LSTM, GRU and RNN; gates in the order i o f c, z r h). */
function step(lift: Lift, d: Direction, x: string, [h, c]: [string, string]): [string, string] {
  const { op, hidden, act } = d;
  const product = (value: string) => lift.emit('MatMul', [value, d.recurrent]);
  if (op === 'RNN') return [act(0, add(lift, x, add(lift, product(h), d.bias))), ''];
  if (op === 'LSTM') {
    const all = add(lift, x, add(lift, product(h), d.bias));
    const [i, o, f] = [0, 1, 2].map((k) => act(0, gate(lift, all, k, hidden))) as [string, string, string];
    const fresh = act(1, gate(lift, all, 3, hidden));
    const cell = add(lift, mul(lift, f, c), mul(lift, i, fresh));
    return [mul(lift, o, act(2, cell)), cell];
  }
  const before = int(lift.node, 'linear_before_reset', 0) === 1;
  const side = add(lift, product(h), d.bias);
  const [z, r] = [0, 1].map((k) => act(0, add(lift, gate(lift, x, k, hidden), gate(lift, side, k, hidden)))) as [string, string];
  // Reset before the product with the weights, or after it.
  const reset = before
    ? mul(lift, r, gate(lift, side, 2, hidden))
    : add(lift, lift.emit('MatMul', [mul(lift, r, h), gate(lift, d.recurrent, 2, hidden)]), d.bias === '' ? '' : gate(lift, d.bias, 2, hidden));
  const fresh = act(1, add(lift, gate(lift, x, 2, hidden), reset));
  return [add(lift, mul(lift, z, lift.emit('Sub', [h, fresh])), fresh), ''];
}

/** A recurrent layer written out step by step; the sequence is as long as the traced shape says. */
const recurrent = (op: Operator): Lifter => ({
  since: Infinity,
  lift(lift) {
    const { node, builder } = lift;
    const [steps, batch] = lift.dims(lift.x(0)) as [number, number];
    const [directions, , hidden] = lift.dims(lift.x(2)) as [number, number, number];
    const names = strings(node, 'activations') ?? Array.from({ length: directions }, () => DEFAULT[op]).flat();
    if (lift.x(4) || lift.x(7) || hasAttribute(node, 'clip') || int(node, 'layout', 0) || int(node, 'input_forget', 0) || floats(node, 'activation_alpha')?.length || steps > MOST_STEPS)
      return lift.keep();
    const width = GATES[op] * hidden;
    const one = (value: string, k: number) => lift.emit('Squeeze', [cut(lift, value, 0, k, k + 1), builder.ints([0])]);
    const results = Array.from({ length: directions }, (_, k) => {
      const weights = lift.emit('Transpose', [one(lift.x(1), k)], { perm: [1, 0] });
      const biases = lift.x(3) ? one(lift.x(3), k) : '';
      const driven = add(lift, lift.emit('MatMul', [lift.x(0), weights]), biases === '' ? '' : cut(lift, biases, 0, 0, width));
      const per = names.length / directions;
      const d: Direction = {
        op,
        driven,
        recurrent: lift.emit('Transpose', [one(lift.x(2), k)], { perm: [1, 0] }),
        bias: biases === '' ? '' : cut(lift, biases, 0, width, 2 * width),
        hidden,
        act: (i, value) => lift.emit(names[k * per + i]!, [value]),
      };
      const zero = () => lift.emit('Expand', [lift.scalar(0, lift.x(0)), builder.ints([batch, hidden])]);
      let state: [string, string] = [lift.x(5) ? one(lift.x(5), k) : zero(), op === 'LSTM' ? (lift.x(6) ? one(lift.x(6), k) : zero()) : ''];
      const backwards = string(node, 'direction', 'forward') === 'reverse' || k === 1;
      const outputs: string[] = new Array<string>(steps);
      for (let t = 0; t < steps; t++) {
        const at = backwards ? steps - 1 - t : t;
        state = step(lift, d, one(driven, at), state);
        outputs[at] = state[0];
      }
      return { outputs, state };
    });
    const stack = (values: string[], axis: number) => lift.emit('Concat', values.map((v) => lift.emit('Unsqueeze', [v, builder.ints([axis])])), { axis });
    const put = (i: number, value: () => string) => {
      if (lift.has(i)) builder.node('Identity', [value()], {}, { outputs: [node.output[i]!] });
    };
    put(0, () => stack(results.map((r) => stack(r.outputs, 0)), 1));
    put(1, () => stack(results.map((r) => r.state[0]), 0));
    put(2, () => stack(results.map((r) => r.state[1]), 0));
  },
});

export const recurrents: Lifters = { LSTM: recurrent('LSTM'), GRU: recurrent('GRU'), RNN: recurrent('RNN') };
