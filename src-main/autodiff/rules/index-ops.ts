import { elementCount, int, string } from '../../graph/index.ts';
import { axisFrom } from '../broadcast.ts';
import type { RuleContext, Rules } from '../rule.ts';

const zeros = (ctx: RuleContext, dims: readonly number[]) => ctx.expand(0, dims);

/** Writers overwrite or add; other reductions (mul, min, max) have no rule. */
function reductionOf(ctx: RuleContext): 'none' | 'add' {
  const reduction = string(ctx.node, 'reduction', 'none');
  return reduction === 'none' || reduction === 'add' ? reduction : ctx.refuse(`its reduction is ${reduction}`);
}

/** Operators that read or write at positions that do not depend on the image's values. */
export const indexOps: Rules = {
  Gather(ctx) {
    const dims = ctx.dims(ctx.x());
    const axis = axisFrom(int(ctx.node, 'axis', 0), dims.length);
    const count = elementCount(ctx.dims(ctx.x(1)));
    const flat = [...dims.slice(0, axis), count, ...dims.slice(axis + 1)];
    const dy = ctx.emit('Reshape', [ctx.dy, ctx.ints(flat)]);
    const only = count === 1 ? ctx.facts(ctx.x(1)).data?.[0] : undefined;
    if (only !== undefined) {
      const at = axisFrom(only, dims[axis]!);
      const around = (n: number) => dims.map((_, i) => (i === axis ? n : 0));
      return [ctx.emit('Pad', [dy, ctx.ints([...around(at), ...around(dims[axis]! - at - 1)])]), null];
    }
    const column = ctx.emit('Reshape', [ctx.x(1), ctx.ints(dims.map((_, i) => (i === axis ? count : 1)))]);
    const places = ctx.emit('Expand', [column, ctx.ints(flat)]);
    return [ctx.emit('ScatterElements', [zeros(ctx, dims), places, dy], { axis, reduction: 'add' }), null];
  },

  GatherElements: (ctx) => [
    ctx.emit('ScatterElements', [zeros(ctx, ctx.dims(ctx.x())), ctx.x(1), ctx.dy], { axis: int(ctx.node, 'axis', 0), reduction: 'add' }),
    null,
  ],

  GatherND(ctx) {
    if (int(ctx.node, 'batch_dims', 0) !== 0) return ctx.refuse('it has batch_dims');
    return [ctx.emit('ScatterND', [zeros(ctx, ctx.dims(ctx.x())), ctx.x(1), ctx.dy], { reduction: 'add' }), null];
  },

  /** Where values were written over, nothing of the old ones is left. */
  ScatterElements(ctx) {
    const axis = int(ctx.node, 'axis', 0);
    const over = reductionOf(ctx) === 'none';
    const blank = () => ctx.emit('ScatterElements', [ctx.dy, ctx.x(1), zeros(ctx, ctx.dims(ctx.x(1)))], { axis });
    const data = ctx.needs(0) ? (over ? blank() : ctx.dy) : null;
    return [data, null, ctx.needs(2) ? ctx.emit('GatherElements', [ctx.dy, ctx.x(1)], { axis }) : null];
  },

  ScatterND(ctx) {
    const over = reductionOf(ctx) === 'none';
    const blank = () => ctx.emit('ScatterND', [ctx.dy, ctx.x(1), zeros(ctx, ctx.dims(ctx.x(2)))]);
    const data = ctx.needs(0) ? (over ? blank() : ctx.dy) : null;
    return [data, null, ctx.needs(2) ? ctx.emit('GatherND', [ctx.dy, ctx.x(1)]) : null];
  },

  /** Each value came from one place, which its index names. */
  TopK: (ctx) => [ctx.emit('ScatterElements', [zeros(ctx, ctx.dims(ctx.x())), ctx.y(1), ctx.dy], { axis: int(ctx.node, 'axis', -1) }), null],
};
