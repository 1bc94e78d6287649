import type { RuleContext } from '../rule.ts';
import { affine, inBlocks, repeated } from './blocked.ts';

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
    return (
      producer?.opType === 'Sigmoid' &&
      producer.domain === '' &&
      producer.input[0] === ctx.x(1 - i) &&
      ctx.soleReader(ctx.x(i)) === ctx.node
    );
  });
  if (gate === undefined) return null;
  const [x, s, y] = [ctx.x(1 - gate), ctx.x(gate), ctx.y()];
  const rest = inBlocks(ctx, x) ? ctx.emit('Add', [affine(ctx, y, ctx.dims(y)[1]!, -1, 1), x]) : ctx.add(ctx.sub(x, y), 1);
  // In this order the first product takes the place of dy, and is in the cache for the second.
  const dx = ctx.mul(ctx.mul(ctx.dy, s), rest);
  return gate === 1 ? [dx, null] : [null, dx];
}

/** A + u A' for A = 1 + erf(u): twice the slope of the Gaussian's own gate. The constant 2/√π is taken into the exponent. */
export function erfSlope(ctx: RuleContext, u: string, gate: string): string {
  const bell = ctx.emit('Exp', [ctx.sub(Math.log(2 / Math.sqrt(Math.PI)), ctx.mul(u, u))]);
  return ctx.add(gate, ctx.mul(u, bell));
}

/**
 * A product x (1 + erf(c x)), the inside of GELU as PyTorch exports it, taken as one function: it spares a third of the passes,
 * and they are as wide as the widest layers of a transformer. Null for any other product.
 */
export function erfGated(ctx: RuleContext): (string | null)[] | null {
  const only = (value: string, reader: unknown) => ctx.soleReader(value) === reader;
  const single = (value: string) =>
    ctx.dims(value).length === 0 || ctx.dims(value).every((d) => d === 1) ? (ctx.facts(value).data?.[0] ?? null) : null;
  for (const gate of [0, 1]) {
    const [a, x] = [ctx.x(gate), ctx.x(1 - gate)];
    const sum = ctx.producer(a);
    if (sum?.opType !== 'Add' || !only(a, ctx.node)) continue;
    const e = sum.input.find((v) => ctx.producer(v)?.opType === 'Erf');
    const one = sum.input.find((v) => v !== e);
    if (e === undefined || one === undefined || single(one) !== 1 || !only(e, sum)) continue;
    const erf = ctx.producer(e)!;
    const u = erf.input[0]!;
    const scaled = ctx.producer(u);
    if (!scaled || !only(u, erf)) continue;
    const divided = scaled.opType === 'Div' && scaled.input[0] === x && single(scaled.input[1]!) !== null;
    const multiplied = scaled.opType === 'Mul' && [0, 1].some((i) => scaled.input[i] === x && single(scaled.input[1 - i]!) !== null);
    if (!divided && !multiplied) continue;
    const dx = ctx.mul(ctx.dy, erfSlope(ctx, u, a));
    return gate === 1 ? [dx, null] : [null, dx];
  }
  return null;
}

/**
 * An image times one factor per channel of each picture, [n, c, h, w] by [n, c, 1, 1] (squeeze and excitation), in blocks:
 * a product that broadcasts would leave them. Null for any other product.
 */
export function channelGated(ctx: RuleContext): (string | null)[] | null {
  const image = [0, 1].find((i) => {
    const [all, factor] = [ctx.x(i), ctx.x(1 - i)].map((v) => ctx.dims(v)) as [number[], number[]];
    const perChannel = factor.length === 4 && factor[0] === all[0] && factor[1] === all[1] && factor[2] === 1 && factor[3] === 1;
    return perChannel && all[2]! * all[3]! > 1 && inBlocks(ctx, ctx.x(i));
  });
  if (image === undefined) return null;
  const [, c, h, w] = ctx.dims(ctx.x(image)) as [number, number, number, number];
  const dimage = ctx.needs(image) ? ctx.mul(ctx.dy, repeated(ctx, ctx.x(1 - image), c, [h, w])) : null;
  const sum = () => affine(ctx, ctx.emit('GlobalAveragePool', [ctx.mul(ctx.dy, ctx.x(image))]), c, h * w);
  const dfactor = ctx.needs(1 - image) ? sum() : null;
  return image === 0 ? [dimage, dfactor] : [dfactor, dimage];
}
