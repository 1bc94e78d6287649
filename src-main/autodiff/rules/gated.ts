import type { RuleContext } from '../rule.ts';
import { affine, inBlocks } from './blocked.ts';

/** 1 - value, for a value of the shape of the node's output. */
export function oneMinus(ctx: RuleContext, value: string): string {
  return inBlocks(ctx, ctx.y()) ? affine(ctx, value, ctx.dims(ctx.y())[1]!, -1, 1) : ctx.sub(1, value);
}

/**
 * A product x s with s = sigmoid(x) that nothing else reads (SiLU, as PyTorch exports it), taken as one function:
 * its derivative is s + x s (1 - s) = s (1 + x - y). Null for any other product.
 */
export function selfGated(ctx: RuleContext): (string | null)[] | null {
  const gate = [0, 1].find((i) => {
    const producer = ctx.producer(ctx.x(i));
    return producer?.opType === 'Sigmoid' && producer.domain === '' && producer.input[0] === ctx.x(1 - i) && ctx.soleReader(ctx.x(i)) === ctx.node;
  });
  if (gate === undefined) return null;
  const [x, s, y] = [ctx.x(1 - gate), ctx.x(gate), ctx.y()];
  const rest = inBlocks(ctx, x) ? ctx.emit('Add', [affine(ctx, y, ctx.dims(y)[1]!, -1, 1), x]) : ctx.add(ctx.sub(x, y), 1);
  const dx = ctx.mul(ctx.dy, ctx.mul(s, rest));
  return gate === 1 ? [dx, null] : [null, dx];
}
