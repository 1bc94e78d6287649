import { float, int, ints } from '../../graph/index.ts';
import { axisFrom, reshape, unbroadcast } from '../broadcast.ts';
import type { RuleContext, Rules } from '../rule.ts';

/** x less its mean over some axes, its deviation there, and the one over the other. */
function normalized(ctx: RuleContext, x: string, axes: number[], epsilon: number, centred = true): { z: string; deviation: string } {
  const c = centred ? ctx.sub(x, ctx.mean(x, axes)) : x;
  const deviation = ctx.emit('Sqrt', [ctx.add(ctx.mean(ctx.mul(c, c), axes), epsilon)]);
  return { z: ctx.div(c, deviation), deviation };
}

/**
 * Adjoint of x -> z = (x - mean) / sqrt(var + eps) over some axes, applied to g:
 * (g - mean(g) - z mean(g z)) / sqrt(var + eps) (Ioffe and Szegedy 2015, section 3).
 */
function backNormalize(ctx: RuleContext, x: string, g: string, axes: number[], epsilon: number, centred = true): string {
  const { z, deviation } = normalized(ctx, x, axes, epsilon, centred);
  const along = ctx.mul(z, ctx.mean(ctx.mul(g, z), axes));
  const g0 = centred ? ctx.sub(g, ctx.mean(g, axes)) : g;
  return ctx.div(ctx.sub(g0, along), deviation);
}

/** Gradients of scale and shift that depend on the image themselves (as a style network gives them): sums of dy z and of dy. */
function affine(ctx: RuleContext, axes: number[], centred: boolean, laid: readonly number[]): (string | null)[] {
  const dims = ctx.dims(ctx.x());
  const down = (i: number, g: () => string) =>
    ctx.x(i) && ctx.needs(i) ? reshape(ctx, unbroadcast(ctx, g(), dims, laid), laid, ctx.dims(ctx.x(i))) : null;
  return [down(1, () => ctx.mul(ctx.dy, normalized(ctx, ctx.x(), axes, epsilonOf(ctx), centred).z)), down(2, () => ctx.dy)];
}

/** What flows back by the mean and by 1 / sqrt(var + eps), where a LayerNormalization puts them out: dmean / n and - dinv z inv^2 / n. */
function statistics(ctx: RuleContext, axes: number[]): string | null {
  const [, mean, inverse] = ctx.dys;
  const share = 1 / axes.reduce((n, axis) => n * ctx.dims(ctx.x())[axis]!, 1);
  const parts = mean ? [ctx.expand(ctx.mul(mean, share), ctx.dims(ctx.x()))] : [];
  if (inverse) {
    const { z, deviation } = normalized(ctx, ctx.x(), axes, epsilonOf(ctx));
    parts.push(ctx.mul(z, ctx.div(ctx.mul(inverse, -share), ctx.mul(deviation, deviation))));
  }
  return parts.length === 0 ? null : parts.reduce(ctx.add);
}

const from = (first: number, rank: number) => Array.from({ length: rank - first }, (_, i) => i + first);
const epsilonOf = (ctx: RuleContext) => float(ctx.node, 'epsilon', 1e-5);
/** A vector over channels as a shape that broadcasts from the right. */
const perChannel = (ctx: RuleContext, vector: string, rank: number) =>
  rank <= 2 ? vector : ctx.emit('Reshape', [vector, ctx.ints([-1, ...new Array<number>(rank - 2).fill(1)])]);

/** Sum over a window of channels around each; `turn` gives the adjoint of that sum (they differ for even sizes). */
function channelWindow(ctx: RuleContext, value: string, size: number, turn: boolean): string {
  const dims = ctx.dims(ctx.x());
  const [n, c] = dims as [number, number];
  const flat = [n, 1, c, dims.slice(2).reduce((a, b) => a * b, 1)];
  const [less, more] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const pads = turn ? [more, 0, less, 0] : [less, 0, more, 0];
  const mean = ctx.emit('AveragePool', [ctx.emit('Reshape', [value, ctx.ints(flat)])], {
    kernel_shape: [size, 1],
    pads,
    count_include_pad: 1,
  });
  return ctx.emit('Reshape', [ctx.mul(mean, size), ctx.ints(dims)]);
}

export const normalization: Rules = {
  /** At inference the statistics are constants, and so is the factor, which onnxruntime folds. */
  BatchNormalization(ctx) {
    if (int(ctx.node, 'training_mode', 0)) return ctx.refuse('it is in training mode: export the model in evaluation mode');
    const deviation = ctx.emit('Sqrt', [ctx.add(ctx.x(4), epsilonOf(ctx))]);
    return [ctx.mul(ctx.dy, perChannel(ctx, ctx.div(ctx.x(1), deviation), ctx.dims(ctx.x()).length))];
  },

  InstanceNormalization(ctx) {
    const rank = ctx.dims(ctx.x()).length;
    const g = ctx.mul(ctx.dy, perChannel(ctx, ctx.x(1), rank));
    const laid = [ctx.dims(ctx.x(1))[0]!, ...new Array<number>(rank - 2).fill(1)];
    return [ctx.needs(0) ? backNormalize(ctx, ctx.x(), g, from(2, rank), epsilonOf(ctx)) : null, ...affine(ctx, from(2, rank), true, laid)];
  },

  LayerNormalization(ctx) {
    const rank = ctx.dims(ctx.x()).length;
    const axes = from(axisFrom(int(ctx.node, 'axis', -1), rank), rank);
    if (!ctx.dys[0]) return [statistics(ctx, axes), null, null];
    const back = () =>
      [backNormalize(ctx, ctx.x(), ctx.mul(ctx.dy, ctx.x(1)), axes, epsilonOf(ctx)), statistics(ctx, axes)]
        .filter((g) => g !== null)
        .reduce(ctx.add);
    return [ctx.needs(0) ? back() : null, ...affine(ctx, axes, true, ctx.dims(ctx.x(1)))];
  },

  RMSNormalization(ctx) {
    const rank = ctx.dims(ctx.x()).length;
    const axes = from(axisFrom(int(ctx.node, 'axis', -1), rank), rank);
    return [
      ctx.needs(0) ? backNormalize(ctx, ctx.x(), ctx.mul(ctx.dy, ctx.x(1)), axes, epsilonOf(ctx), false) : null,
      ...affine(ctx, axes, false, ctx.dims(ctx.x(1))),
    ];
  },

  /** Without scale and shift; onnxruntime keeps a variance of zero apart by 1e-9. */
  MeanVarianceNormalization: (ctx) => [backNormalize(ctx, ctx.x(), ctx.dy, ints(ctx.node, 'axes', [0, 2, 3]), 1e-18)],

  /** Scale per group in version 18, per channel from 21 on. */
  GroupNormalization(ctx) {
    const dims = ctx.dims(ctx.x());
    const groups = int(ctx.node, 'num_groups', 1);
    const [n, c, ...space] = dims as [number, number, ...number[]];
    const split = [n, groups, c / groups, ...space];
    const perGroup = ctx.dims(ctx.x(1))[0] === groups && groups !== c;
    const ones = space.map(() => 1);
    const scale = ctx.emit('Reshape', [ctx.x(1), ctx.ints(perGroup ? [groups, 1, ...ones] : [groups, c / groups, ...ones])]);
    const g = ctx.mul(reshape(ctx, ctx.dy, dims, split), scale);
    return [reshape(ctx, backNormalize(ctx, reshape(ctx, ctx.x(), dims, split), g, from(2, split.length), epsilonOf(ctx)), split, dims)];
  },

  /** y = x s^-b, s = k + a/n sum x^2 over n channels (Krizhevsky et al. 2012, 3.3): dy s^-b - 2ab/n x sum'(dy x s^(-b-1)). */
  LRN(ctx) {
    const [alpha, beta, size] = [float(ctx.node, 'alpha', 1e-4), float(ctx.node, 'beta', 0.75), int(ctx.node, 'size', 1)];
    const x = ctx.x();
    const s = ctx.add(ctx.mul(channelWindow(ctx, ctx.mul(x, x), size, false), alpha / size), float(ctx.node, 'bias', 1));
    const scaled = ctx.mul(ctx.dy, ctx.emit('Pow', [s, ctx.scalar(-beta, x)]));
    const inner = channelWindow(ctx, ctx.div(ctx.mul(scaled, x), s), size, true);
    return [ctx.sub(scaled, ctx.mul(ctx.mul(x, inner), (2 * alpha * beta) / size))];
  },

  /** y = x / |x|_p: (dy - d|x| <dy, y>) / |x|; where all is zero there is no derivative, and none is given. */
  LpNormalization(ctx) {
    const axes = [axisFrom(int(ctx.node, 'axis', -1), ctx.dims(ctx.x()).length)];
    const one = int(ctx.node, 'p', 2) === 1;
    const norm = ctx.emit(one ? 'ReduceL1' : 'ReduceL2', [ctx.x(), ctx.ints(axes)], { keepdims: 1 });
    const along = ctx.mul(one ? ctx.emit('Sign', [ctx.x()]) : ctx.y(), ctx.sum(ctx.mul(ctx.dy, ctx.y()), axes));
    const none = ctx.emit('Equal', [norm, ctx.scalar(0, ctx.x())]);
    return [ctx.where(none, 0, ctx.div(ctx.sub(ctx.dy, along), ctx.where(none, 1, norm)))];
  },
};
