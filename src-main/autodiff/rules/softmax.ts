import { int } from '../../graph/index.ts';
import { axisFrom } from '../broadcast.ts';
import type { RuleContext, Rules } from '../rule.ts';

const axis = (ctx: RuleContext) => [axisFrom(int(ctx.node, 'axis', -1), ctx.dims(ctx.x()).length)];

export const softmax: Rules = {
  /** J = diag(y) - y y', so J'dy = y (dy - <dy, y>). */
  Softmax: (ctx) => [ctx.mul(ctx.y(), ctx.sub(ctx.dy, ctx.sum(ctx.mul(ctx.dy, ctx.y()), axis(ctx))))],
  /** J = I - 1 p', so J'dy = dy - p <dy, 1>. */
  LogSoftmax: (ctx) => [ctx.sub(ctx.dy, ctx.mul(ctx.emit('Exp', [ctx.y()]), ctx.sum(ctx.dy, axis(ctx))))],
};
