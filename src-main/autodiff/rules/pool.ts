import { DType, elementCount, int, ints } from '../../graph/index.ts';
import type { RuleContext, Rules } from '../rule.ts';
import { windowOf } from './window.ts';
import type { Window } from './window.ts';

/** Every input lies in at most one window, so a scatter never adds. */
function disjoint(w: Window): boolean {
  return w.kernel.every((k, i) => (k - 1) * w.dilation[i]! + 1 <= w.stride[i]!);
}

function backwardMax(ctx: RuleContext): string {
  const dims = ctx.dims(ctx.x());
  const out = ctx.dims(ctx.y());
  const w = windowOf(ctx, ints(ctx.node, 'kernel_shape', []));
  if (int(ctx.node, 'storage_order', 0) !== 0) return ctx.refuse('its indices run down the columns (storage_order 1)');
  const indices = ctx.output(1, { type: DType.int64, dims: out });
  if (disjoint(w) && dims.length === 4) return ctx.emit('MaxUnpool', [ctx.dy, indices, ctx.ints(dims)], { kernel_shape: w.kernel, strides: w.stride });
  const flat = ctx.ints([-1]);
  const zeros = ctx.emit('Expand', [ctx.scalar(0, ctx.x()), ctx.ints([elementCount(dims)])]);
  const scattered = ctx.emit('ScatterElements', [zeros, ctx.emit('Reshape', [indices, flat]), ctx.emit('Reshape', [ctx.dy, flat])], { axis: 0, reduction: 'add' });
  return ctx.emit('Reshape', [scattered, ctx.ints(dims)]);
}

export const pool: Rules = {
  /** The first maximum of a window, in row order, gets all: the one whose index onnxruntime reports. */
  MaxPool: (ctx) => [backwardMax(ctx)],
};
