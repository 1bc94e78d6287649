import { elementCount, int } from '../../graph/index.ts';
import { axisFrom } from '../broadcast.ts';
import type { RuleContext, Rules } from '../rule.ts';

const axis = (ctx: RuleContext) => [axisFrom(int(ctx.node, 'axis', -1), ctx.dims(ctx.x()).length)];

export const softmax: Rules = {
  /** J = diag(y) - y y', so J'dy = y (dy - <dy, y>). */
  Softmax(ctx) {
    const y = numbers(ctx);
    return [ctx.mul(y, ctx.sub(ctx.dy, dotted(ctx, y)))];
  },
  /** J = I - 1 p', so J'dy = dy - p <dy, 1>. */
  LogSoftmax: (ctx) => [ctx.sub(ctx.dy, ctx.mul(ctx.emit('Exp', [ctx.y()]), ctx.sum(ctx.dy, axis(ctx))))],
};

/**
 * The output; zeros for what is no number, where the model itself looks for that or chooses something else in its place: rows of an
 * attention that are masked altogether.
 */
function numbers(ctx: RuleContext): string {
  const y = ctx.y();
  return replaced(ctx, y) ? ctx.where(ctx.emit('IsNaN', [y]), 0, y) : y;
}

function replaced(ctx: RuleContext, value: string): boolean {
  const readers = ctx.builder.graph.nodes.filter((node) => node.input.includes(value));
  return readers.some(
    (node) => node.opType === 'IsNaN' || node.opType === 'Where' || (THROUGH.includes(node.opType) && replaced(ctx, node.output[0]!)),
  );
}

const THROUGH = ['Identity', 'Cast', 'CastLike'];

/** Floats that onnxruntime's widest vectors hold. */
const VECTOR = 16;

/**
 * <dy, y> along the axis. onnxruntime's sum over the last axis rounds by where in memory it begins, so that an image of, say,
 * 3 x 17 x 17 attention weights would get other bits in every row of a batch; a product with a column of ones does not.
 */
function dotted(ctx: RuleContext, y: string): string {
  const dims = ctx.dims(ctx.y());
  const [at] = axis(ctx) as [number];
  const products = ctx.mul(ctx.dy, y);
  if (at !== dims.length - 1 || elementCount(dims.slice(1)) % VECTOR === 0) return ctx.sum(products, [at]);
  const ones = ctx.builder.constant(new Array<number>(dims[at]!).fill(1), [dims[at]!, 1], ctx.gradientType(ctx.y()), 'ones');
  return ctx.emit('MatMul', [products, ones]);
}
