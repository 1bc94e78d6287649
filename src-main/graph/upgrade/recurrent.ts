import { floats, hasAttribute, int, string, strings } from '../attributes.ts';
import { DType } from '../ir.ts';
import type { Lift, Lifter, Lifters } from './lift.ts';

/** Beyond this a sequence is refused: written out, it would be a graph that nobody can open. */
const MOST_STEPS = 512;

type Operator = 'LSTM' | 'GRU' | 'RNN';
const GATES: Record<Operator, number> = { LSTM: 4, GRU: 3, RNN: 1 };
/** What they may go through that is an operator of its own, with the same defaults. */
const ACTIVATIONS = ['Relu', 'Tanh', 'Sigmoid', 'LeakyRelu', 'ThresholdedRelu', 'HardSigmoid', 'Elu', 'Softsign', 'Softplus'];
const DEFAULT: Record<Operator, string[]> = { LSTM: ['Sigmoid', 'Tanh', 'Tanh'], GRU: ['Sigmoid', 'Tanh'], RNN: ['Tanh'] };

/** One direction of a recurrent layer: its weights, [hidden, gates x hidden], and its activations. */
interface Direction {
  op: Operator;
  /** Input through its weights for all steps at once: [steps, batch, gates x hidden]. */
  driven: string;
  recurrent: string;
  /** Bias on the recurrent side; '' for none. */
  bias: string;
  /** Peepholes of an LSTM, in the order i o f; '' for none. */
  peepholes: string;
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
    const opened = (k: number, state: string) =>
      act(0, add(lift, gate(lift, all, k, hidden), d.peepholes && mul(lift, gate(lift, d.peepholes, k, hidden), state)));
    const cell = add(lift, mul(lift, opened(2, c), c), mul(lift, opened(0, c), act(1, gate(lift, all, 3, hidden))));
    return [mul(lift, opened(1, cell), act(2, cell)), cell];
  }
  const before = int(lift.node, 'linear_before_reset', 0) === 1;
  const side = add(lift, product(h), d.bias);
  const [z, r] = [0, 1].map((k) => act(0, add(lift, gate(lift, x, k, hidden), gate(lift, side, k, hidden)))) as [string, string];
  // Reset before the product with the weights, or after it.
  const reset = before
    ? mul(lift, r, gate(lift, side, 2, hidden))
    : add(
        lift,
        lift.emit('MatMul', [mul(lift, r, h), gate(lift, d.recurrent, 2, hidden)]),
        d.bias === '' ? '' : gate(lift, d.bias, 2, hidden),
      );
  const fresh = act(1, add(lift, gate(lift, x, 2, hidden), reset));
  return [add(lift, mul(lift, z, lift.emit('Sub', [h, fresh])), fresh), ''];
}

/** Which of the batch's sequences are that long, [batch, 1]; '' where all of them are. */
function going(lift: Lift, at: number, steps: number): string {
  if (!lift.x(4) || lift.content(lift.x(4))?.every((length) => length >= steps)) return '';
  const lengths = lift.emit('Unsqueeze', [lift.x(4), lift.builder.ints([1])]);
  return lift.emit('Greater', [lengths, lift.builder.scalar(at, DType.int32)]);
}

function refuseOthers(lift: Lift, names: readonly string[], steps: number): void {
  const { node } = lift;
  const strange = names.find((name) => !ACTIVATIONS.includes(name));
  if (strange !== undefined) lift.refuse(`its activation is ${strange}`);
  if (floats(node, 'activation_alpha')?.length || floats(node, 'activation_beta')?.length) lift.refuse('its activations have parameters');
  if (hasAttribute(node, 'clip')) lift.refuse('it clips what goes into its activations');
  if (int(node, 'input_forget', 0)) lift.refuse('its input and forget gates are coupled');
  if (int(node, 'layout', 0)) lift.refuse('the batch comes first in its layout');
  if (steps > MOST_STEPS) lift.refuse(`its sequence has ${steps} steps, and more than ${MOST_STEPS} are not written out`);
}

/** A recurrent layer written out step by step; the sequence is as long as the traced shape says. */
const recurrent = (op: Operator): Lifter => ({
  since: Infinity,
  lift(lift) {
    const { node, builder } = lift;
    const [steps, batch] = lift.dims(lift.x(0)) as [number, number];
    const [directions, , hidden] = lift.dims(lift.x(2)) as [number, number, number];
    const names = strings(node, 'activations') ?? Array.from({ length: directions }, () => DEFAULT[op]).flat();
    refuseOthers(lift, names, steps);
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
        peepholes: op === 'LSTM' && lift.x(7) ? one(lift.x(7), k) : '',
        hidden,
        act: (i, value) => lift.emit(names[k * per + i]!, [value]),
      };
      const zero = () => lift.emit('Expand', [lift.scalar(0, lift.x(0)), builder.ints([batch, hidden])]);
      let state: [string, string] = [lift.x(5) ? one(lift.x(5), k) : zero(), op === 'LSTM' ? (lift.x(6) ? one(lift.x(6), k) : zero()) : ''];
      const backwards = string(node, 'direction', 'forward') === 'reverse' || k === 1;
      const outputs: string[] = new Array<string>(steps);
      for (let t = 0; t < steps; t++) {
        const at = backwards ? steps - 1 - t : t;
        const next = step(lift, d, one(driven, at), state);
        const goes = going(lift, at, steps);
        // Behind its end a sequence keeps its state and puts out zeros; backwards it begins at its end.
        state = goes === '' ? next : (next.map((value, i) => value && lift.emit('Where', [goes, value, state[i]!])) as [string, string]);
        outputs[at] = goes === '' ? next[0] : lift.emit('Where', [goes, next[0], zero()]);
      }
      return { outputs, state };
    });
    const stack = (values: string[], axis: number) =>
      lift.emit(
        'Concat',
        values.map((v) => lift.emit('Unsqueeze', [v, builder.ints([axis])])),
        { axis },
      );
    const put = (i: number, value: () => string) => {
      if (lift.has(i)) builder.node('Identity', [value()], {}, { outputs: [node.output[i]!] });
    };
    put(0, () =>
      stack(
        results.map((r) => stack(r.outputs, 0)),
        1,
      ),
    );
    put(1, () =>
      stack(
        results.map((r) => r.state[0]),
        0,
      ),
    );
    put(2, () =>
      stack(
        results.map((r) => r.state[1]),
        0,
      ),
    );
  },
});

export const recurrents: Lifters = { LSTM: recurrent('LSTM'), GRU: recurrent('GRU'), RNN: recurrent('RNN') };
