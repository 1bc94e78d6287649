import { UserError } from '../../shared/errors.ts';
import { DType } from '../graph/index.ts';
import type { GraphBuilder } from '../graph/index.ts';
import type { Objective } from './differentiable.ts';

/** Far below any logit, yet finite: ∞ times the zeros of a one-hot row would be NaN. */
const FAR = 1e30;
/** Keeps the DLR loss finite when the sorted logits it divides by are equal. */
const TINY = 1e-12;

export interface GoalInputs {
  /** rows x classes logits */
  logits: string;
  /** rows x classes one-hot of class y */
  label: string;
  /** rows x classes one-hot of class t; null when untargeted */
  target: string | null;
}

/**
 * Adds the nodes of a loss (see `Objective`; small is good for the attacker) and gives the name of its value,
 * one number per row. No row depends on another.
 * @throws UserError when the loss needs more classes than the model has.
 */
export function emitLoss(builder: GraphBuilder, loss: Objective, inputs: GoalInputs, classes: number): string {
  switch (loss) {
    case 'margin':
      return marginOf(builder, inputs.logits, inputs, classes);
    case 'probability-margin':
      return marginOf(builder, builder.node('Softmax', [inputs.logits], { axis: 1 }), inputs, classes);
    case 'cross-entropy': {
      const logp = builder.node('LogSoftmax', [inputs.logits], { axis: 1 });
      return inputs.target === null
        ? picked(builder, logp, inputs.label)
        : builder.node('Neg', [picked(builder, logp, inputs.target)], {}, { hint: 'crossentropy' });
    }
    case 'dlr':
      return dlr(builder, inputs, classes);
    case 'difference':
      if (inputs.target === null) throw new Error('The difference of two logits needs a target class.');
      return builder.node(
        'Sub',
        [picked(builder, inputs.logits, inputs.label), picked(builder, inputs.logits, inputs.target)],
        {},
        { hint: 'difference' },
      );
    case 'logit':
      return inputs.target === null
        ? picked(builder, inputs.logits, inputs.label)
        : builder.node('Neg', [picked(builder, inputs.logits, inputs.target)], {}, { hint: 'logit' });
  }
}

/** How far the own class's value is ahead of the best other logit's; targeted, how far the best of the others is ahead of the goal's. */
function marginOf(builder: GraphBuilder, values: string, { logits, label, target }: GoalInputs, classes: number): string {
  const ahead = lead(builder, values, target ?? label, classes, logits);
  return target === null ? ahead : builder.node('Neg', [ahead], {}, { hint: 'margin' });
}

/** Croce and Hein 2020, equations 5 (untargeted) and 6 (targeted), with the sign turned: small is good for the attacker. */
function dlr(builder: GraphBuilder, { logits, label, target }: GoalInputs, classes: number): string {
  const needed = target === null ? 3 : 4;
  if (classes < needed)
    throw new UserError(
      `The DLR loss needs ${needed} classes, but the model tells ${classes} apart: choose the margin or cross-entropy loss.`,
    );
  const [sorted] = builder.nodes('TopK', [logits, builder.ints([needed])], { axis: 1, largest: 1, sorted: 1 }, { outputs: 2 });
  const rank = (k: number) => builder.node('Gather', [sorted!, builder.constant([k], [], DType.int64)], { axis: 1 });
  const gap =
    target === null
      ? lead(builder, logits, label, classes)
      : builder.node('Sub', [picked(builder, logits, label), picked(builder, logits, target)]);
  const third = target === null ? rank(2) : builder.node('Mul', [builder.node('Add', [rank(2), rank(3)]), builder.scalar(0.5)]);
  const spread = builder.node('Add', [builder.node('Sub', [rank(0), third]), builder.scalar(TINY)]);
  return builder.node('Div', [gap, spread], {}, { hint: 'dlr' });
}

/** The entry of each row that the one-hot row marks. */
function picked(builder: GraphBuilder, values: string, oneHot: string): string {
  return builder.node('ReduceSum', [builder.node('Mul', [values, oneHot]), builder.ints([1])], { keepdims: 0 });
}

/**
 * The marked entry of each row less the largest of the others (of equal ones the first), as a product with the row that has a
 * 1 at the one and a -1 at the other. That row is the gradient, so that both cost a small network half the nodes of a maximum and
 * its adjoint; and the sum, having two terms, rounds once.
 * @param by what the largest is told by: probabilities are equal, in float32, long before their logits are
 */
function lead(builder: GraphBuilder, values: string, oneHot: string, classes: number, by = values): string {
  const others = builder.node('Sub', [by, builder.node('Mul', [oneHot, builder.scalar(FAR)])]);
  const first = builder.node('ArgMax', [others], { axis: 1, keepdims: 0 });
  const rival = builder.node('OneHot', [first, builder.constant([classes], [], DType.int64), builder.constant([0, -1], [2])], { axis: 1 });
  return picked(builder, values, builder.node('Add', [oneHot, rival]));
}
