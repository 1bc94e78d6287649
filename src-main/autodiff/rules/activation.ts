import { DType, float, string } from '../../graph/index.ts';
import { unbroadcast } from '../broadcast.ts';
import type { RuleContext, Rule, Rules } from '../rule.ts';
import { betweenZeroAnd, beyond, hasStep, inBlocks, positive } from '../layouts/blocked.ts';
import { erfSlope, oneMinus } from '../layouts/gated.ts';

/** dx = dy f'(x), with f' written by `derivative`. */
export const pointwise =
  (derivative: (ctx: RuleContext) => string): Rule =>
  (ctx) => [ctx.mul(ctx.dy, derivative(ctx))];

/** One branch for x > 0 and one for x <= 0; the kink belongs to the lower branch, as for Relu. */
const twoSided =
  (above: (ctx: RuleContext) => string, below: (ctx: RuleContext) => string): Rule =>
  (ctx) => [ctx.where(ctx.greater(ctx.x(), 0), above(ctx), below(ctx))];

const SELU = { alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875 };
const attr = (ctx: RuleContext, name: string, fallback: number) => float(ctx.node, name, fallback);

/** d/dx of x Phi(x) = x (1 + erf(x / √2)) / 2, or of the tanh form x (1 + tanh(k (x + c x^3))) / 2 (Hendrycks and Gimpel 2016). */
function gelu(ctx: RuleContext): string {
  const x = ctx.x();
  if (string(ctx.node, 'approximate', 'none') !== 'tanh') {
    const u = ctx.mul(x, Math.SQRT1_2);
    return ctx.mul(erfSlope(ctx, u, ctx.add(ctx.emit('Erf', [u]), 1)), 0.5);
  }
  const [k, c] = [Math.sqrt(2 / Math.PI), 0.044715];
  const square = ctx.mul(x, x);
  const inner = ctx.mul(ctx.mul(x, ctx.add(ctx.mul(square, c), 1)), k);
  const tanh = ctx.emit('Tanh', [inner]);
  const slope = ctx.mul(ctx.add(ctx.mul(square, 3 * c), 1), k);
  const bent = ctx.mul(ctx.mul(x, ctx.sub(1, ctx.mul(tanh, tanh))), slope);
  return ctx.mul(ctx.add(ctx.add(tanh, 1), bent), 0.5);
}

/**
 * 1 where a value that is never negative is above 0, else 0. As HardSigmoid with a slope so steep that any normal float32
 * reaches 1: onnxruntime runs it in the blocked layout of its convolutions, at a sixth of the cost of Sign, and without the
 * two reorders that any comparison would bring.
 */
export function above(ctx: RuleContext, value: string): string {
  if (ctx.type(value) !== DType.float32) return ctx.emit('Sign', [value]);
  return positive(ctx, value);
}

/**
 * Whether a value is a Relu's output that only a MaxPool reads. The maximum is positive exactly where the Relu let it pass,
 * so one mask on the pool's (smaller) output does for both, and the Relu hands the gradient through.
 */
export function masksForRelu(ctx: RuleContext, value: string): boolean {
  return ctx.producer(value)?.opType === 'Relu' && ctx.soleReader(value)?.opType === 'MaxPool';
}

export const activation: Rules = {
  /** Relu'(0) = 0. Before a MaxPool the mask is the pool's business (see `masksForRelu`). */
  Relu: (ctx) => [masksForRelu(ctx, ctx.y()) ? ctx.dy : ctx.mul(ctx.dy, above(ctx, ctx.y()))],
  Sigmoid: pointwise((ctx) => ctx.mul(ctx.y(), oneMinus(ctx, ctx.y()))),
  Tanh: pointwise((ctx) => oneMinus(ctx, ctx.mul(ctx.y(), ctx.y()))),
  Softplus: pointwise((ctx) => ctx.emit('Sigmoid', [ctx.x()])),
  Softsign(ctx) {
    const below = ctx.add(ctx.emit('Abs', [ctx.x()]), 1);
    return [ctx.div(ctx.dy, ctx.mul(below, below))];
  },
  LeakyRelu: twoSided(
    (ctx) => ctx.dy,
    (ctx) => ctx.mul(ctx.dy, attr(ctx, 'alpha', 0.01)),
  ),
  Elu: twoSided(
    (ctx) => ctx.dy,
    (ctx) => ctx.mul(ctx.dy, ctx.add(ctx.y(), attr(ctx, 'alpha', 1))),
  ),
  Celu: twoSided(
    (ctx) => ctx.dy,
    (ctx) => ctx.mul(ctx.dy, ctx.add(ctx.div(ctx.y(), attr(ctx, 'alpha', 1)), 1)),
  ),
  Selu: twoSided(
    (ctx) => ctx.mul(ctx.dy, attr(ctx, 'gamma', SELU.gamma)),
    (ctx) => ctx.mul(ctx.dy, ctx.add(ctx.y(), attr(ctx, 'alpha', SELU.alpha) * attr(ctx, 'gamma', SELU.gamma))),
  ),
  ThresholdedRelu: (ctx) => [ctx.where(ctx.greater(ctx.x(), attr(ctx, 'alpha', 1)), ctx.dy, 0)],
  /** 1 outside of the dead zone, whose ends belong to it. */
  Shrink(ctx) {
    const outside = ctx.greater(ctx.emit('Abs', [ctx.x()]), attr(ctx, 'lambd', 0.5));
    return [ctx.where(outside, ctx.dy, 0)];
  },
  PRelu(ctx) {
    const [x, slope] = [ctx.x(0), ctx.x(1)];
    const positive = ctx.greater(x, 0);
    const dx = ctx.needs(0) ? ctx.where(positive, ctx.dy, ctx.mul(ctx.dy, slope)) : null;
    const dslope = () => unbroadcast(ctx, ctx.where(positive, 0, ctx.mul(ctx.dy, x)), ctx.dims(ctx.y()), ctx.dims(slope));
    return [dx, ctx.needs(1) ? dslope() : null];
  },

  /**
   * Strictly between the bounds; at a bound zero, so that Clip(0, ...) agrees with Relu. Known bounds are compared with the
   * output, which onnxruntime has even where it takes the Clip into a convolution.
   */
  Clip(ctx) {
    const bounds = [1, 2].map((i) => (ctx.x(i) ? (ctx.facts(ctx.x(i)).data?.[0] ?? NaN) : null));
    if (bounds.every((b) => b === null)) return [ctx.dy];
    if (ctx.type(ctx.x()) === DType.float32 && bounds.every((b) => b === null || hasStep(b))) {
      const [least, most] = bounds as (number | null)[];
      if (least === 0 && most! > 0 && inBlocks(ctx, ctx.y())) return [ctx.mul(ctx.dy, betweenZeroAnd(ctx, ctx.y(), most!)), null, null];
      const masks = [
        least === null ? [] : [beyond(ctx, ctx.y(), least!, 1)],
        most === null ? [] : [beyond(ctx, ctx.y(), most!, -1)],
      ].flat();
      return [masks.reduce((dx, mask) => ctx.mul(dx, mask), ctx.dy), null, null];
    }
    const above = ctx.x(1) ? ctx.greater(ctx.x(), ctx.x(1)) : '';
    const below = ctx.x(2) ? ctx.less(ctx.x(), ctx.x(2)) : '';
    const inside = above && below ? ctx.emit('And', [above, below]) : above || below;
    // A bound that depends on the image has what the values held there do not; where the two cross, all is the upper one's.
    const held = (i: number, beyond: () => string) =>
      ctx.x(i) && ctx.needs(i)
        ? ctx.emit('Reshape', [ctx.emit('ReduceSum', [ctx.where(beyond(), ctx.dy, 0)], { keepdims: 0 }), ctx.ints(ctx.dims(ctx.x(i)))])
        : null;
    const low = () => (below ? ctx.emit('And', [ctx.emit('Not', [above]), ctx.less(ctx.x(1), ctx.x(2))]) : ctx.emit('Not', [above]));
    const high = () => (above ? ctx.emit('And', [ctx.emit('Not', [inside]), ctx.emit('Not', [low()])]) : ctx.emit('Not', [below]));
    return [ctx.where(inside, ctx.dy, 0), held(1, low), held(2, high)];
  },

  /** alpha strictly between the two plateaus, where the output is neither 0 nor 1. */
  HardSigmoid(ctx) {
    const inside = ctx.emit('And', [ctx.greater(ctx.y(), 0), ctx.less(ctx.y(), 1)]);
    return [ctx.where(inside, ctx.mul(ctx.dy, attr(ctx, 'alpha', 0.2)), 0)];
  },
  /** x h(x) with h = clip(x/6 + 1/2, 0, 1): h + x h'. */
  HardSwish: pointwise((ctx) => {
    const h = ctx.emit('HardSigmoid', [ctx.x()], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
    const inside = ctx.emit('And', [ctx.greater(h, 0), ctx.less(h, 1)]);
    return ctx.add(h, ctx.where(inside, ctx.mul(ctx.x(), 1 / 6), 0));
  }),
  Gelu: pointwise(gelu),
  'com.microsoft:Gelu': pointwise(gelu),
  /** x sigma(a x): s + a x s (1 - s). */
  Swish: pointwise((ctx) => swish(ctx, attr(ctx, 'alpha', 1))),
  'com.microsoft:QuickGelu': pointwise((ctx) => swish(ctx, attr(ctx, 'alpha', 1.702))),
  /** x tanh(softplus(x)): t + x (1 - t^2) sigma(x). */
  Mish: pointwise((ctx) => {
    const t = ctx.emit('Tanh', [ctx.emit('Softplus', [ctx.x()])]);
    const bent = ctx.mul(ctx.sub(1, ctx.mul(t, t)), ctx.emit('Sigmoid', [ctx.x()]));
    return ctx.add(t, ctx.mul(ctx.x(), bent));
  }),
};

function swish(ctx: RuleContext, alpha: number): string {
  const scaled = alpha === 1 ? ctx.x() : ctx.mul(ctx.x(), alpha);
  const s = ctx.emit('Sigmoid', [scaled]);
  return ctx.add(s, ctx.mul(scaled, ctx.mul(s, ctx.sub(1, s))));
}
