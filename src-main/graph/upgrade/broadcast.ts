import { hasAttribute, int } from '../attributes.ts';
import type { Lifter, Lifters } from './lift.ts';

/** Before opset 7 the second operand was laid along the first from `axis` on, and only where `broadcast` said so. */
const alongAxis: Lifter = {
  since: 7,
  lift(lift) {
    const drop = ['broadcast', 'axis', 'consumed_inputs'];
    const [a, b] = [lift.dims(lift.x(0)), lift.dims(lift.x(1))];
    const axis = int(lift.node, 'axis', a.length - b.length);
    const trailing = a.length - b.length - (axis < 0 ? axis + a.length : axis);
    if (!hasAttribute(lift.node, 'axis') || trailing <= 0) return lift.rewrite({ drop });
    const shaped = lift.emit('Reshape', [lift.x(1), lift.builder.ints([...b, ...new Array<number>(trailing).fill(1)])]);
    lift.rewrite({ inputs: [lift.x(0), shaped], drop });
  },
};

const operators = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'And', 'Or', 'Xor', 'Equal', 'Greater', 'Less'];

export const broadcast: Lifters = {
  ...Object.fromEntries(operators.map((op) => [op, alongAxis])),

  Gemm: { since: 7, lift: (lift) => lift.rewrite({ drop: ['broadcast'] }) },

  /** One slope per channel was a vector; it now broadcasts from the right. */
  PRelu: {
    since: 7,
    lift(lift) {
      const [x, slope] = [lift.dims(lift.x(0)), lift.dims(lift.x(1))];
      if (slope.length !== 1 || slope[0] === 1 || x.length <= 2) return lift.keep();
      const shaped = lift.emit('Reshape', [lift.x(1), lift.builder.ints([slope[0]!, ...x.slice(2).map(() => 1)])]);
      lift.rewrite({ inputs: [lift.x(0), shaped], drop: ['consumed_inputs'] });
    },
  },
};
