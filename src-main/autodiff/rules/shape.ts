import type { Rule, Rules } from '../rule.ts';

/** Elements keep their order: the gradient takes the input's shape back. */
const reshaped: Rule = (ctx) => [ctx.emit('Reshape', [ctx.dy, ctx.ints(ctx.dims(ctx.x()))]), null];

export const shape: Rules = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Identity: (ctx) => [ctx.dy],
};
