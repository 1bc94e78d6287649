import type { Rules } from '../rule.ts';

export const activation: Rules = {
  /** Relu'(0) = 0. The output is never negative, so its sign is the 0/1 mask: one cheap operator, no comparison and cast. */
  Relu: (ctx) => [ctx.emit('Mul', [ctx.dy, ctx.emit('Sign', [ctx.y()])])],
};
