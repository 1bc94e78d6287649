import { int } from '../attributes.ts';
import { DType, isFloat } from '../ir.ts';
import type { Lifters } from './lift.ts';

/** Beyond this the square of an axis' length is more than it is worth. */
const LONGEST = 1024;

export const cumulative: Lifters = {
  /** y_i is the product of all x_j up to i: each y as the product of a row of which the rest is 1, so that zeros do no harm. */
  CumProd: {
    since: Infinity,
    lift(lift) {
      const { node, builder } = lift;
      if (!isFloat(lift.type(lift.x(0)))) return lift.keep();
      const dims = lift.dims(lift.x(0));
      const [given = 0] = lift.data(1);
      const axis = given < 0 ? given + dims.length : given;
      const n = dims[axis]!;
      if (n > LONGEST) lift.refuse(`it multiplies ${n} values, more than ${LONGEST}`);
      const [reverse, exclusive] = [int(node, 'reverse', 0), int(node, 'exclusive', 0)];
      const before = (i: number, j: number) => (reverse ? j - i : i - j) >= exclusive;
      const taken = Array.from({ length: n * n }, (_, k) => (before(Math.floor(k / n), k % n) ? 1 : 0));
      const mask = builder.constant(taken, [n, n, ...dims.slice(axis + 1).map(() => 1)], DType.bool, 'taken');
      const rows = lift.emit('Where', [mask, lift.emit('Unsqueeze', [lift.x(0), builder.ints([axis])]), lift.scalar(1, lift.x(0))]);
      lift.finish('ReduceProd', [rows, builder.ints([axis + 1])], { keepdims: 0 });
    },
  },
};
