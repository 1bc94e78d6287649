import { hasAttribute, int, string } from '../attributes.ts';
import { DType } from '../ir.ts';
import type { Lift, Lifters } from './lift.ts';

/**
 * - w_t log p_t of the target class t of each place, classes along axis 1, or its sum, or its mean, weighted as well (ONNX,
 * NegativeLogLikelihoodLoss). A target that is to be ignored weighs nothing.
 */
function likelihood(lift: Lift, logs: string, like: string): void {
  const { node, builder } = lift;
  const one = builder.ints([1]);
  const target = lift.emit('Cast', [lift.x(1)], { to: DType.int64 });
  const ignored = hasAttribute(node, 'ignore_index') ? builder.scalar(int(node, 'ignore_index', 0), DType.int64) : '';
  const valid = ignored && lift.emit('Not', [lift.emit('Equal', [target, ignored])]);
  const places = valid ? lift.emit('Where', [valid, target, builder.scalar(0, DType.int64)]) : target;
  const own = lift.x(2) ? lift.emit('Gather', [lift.x(2), places]) : '';
  const weights = valid ? lift.emit('Where', [valid, own || lift.scalar(1, like), lift.scalar(0, like)]) : own;
  const read = lift.emit('Squeeze', [lift.emit('GatherElements', [logs, lift.emit('Unsqueeze', [places, one])], { axis: 1 }), one]);
  const loss = lift.emit('Neg', [weights ? lift.emit('Mul', [read, weights]) : read]);
  const reduction = string(node, 'reduction', 'mean');
  if (reduction === 'none') return lift.finish('Identity', [loss]);
  if (reduction === 'sum') return lift.finish('ReduceSum', [loss], { keepdims: 0 });
  if (!weights) return lift.finish('ReduceMean', [loss], { keepdims: 0 });
  const sum = (value: string) => lift.emit('ReduceSum', [value], { keepdims: 0 });
  lift.finish('Div', [sum(loss), sum(weights)]);
}

export const losses: Lifters = {
  NegativeLogLikelihoodLoss: { since: Infinity, lift: (lift) => likelihood(lift, lift.x(0), lift.x(0)) },
  /** The same of the scores' log-softmax, which it may put out, too. */
  SoftmaxCrossEntropyLoss: {
    since: Infinity,
    lift(lift) {
      const logs = lift.emit('LogSoftmax', [lift.x(0)], { axis: 1 });
      if (lift.has(1)) lift.builder.node('Identity', [logs], {}, { outputs: [lift.node.output[1]!] });
      likelihood(lift, logs, lift.x(0));
    },
  },
};
