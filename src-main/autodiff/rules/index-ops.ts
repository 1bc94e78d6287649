import { DType, elementCount, hasAttribute, int, string } from '../../graph/index.ts';
import { axisFrom, reshape } from '../broadcast.ts';
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
    const dims = ctx.dims(ctx.x());
    const lead = int(ctx.node, 'batch_dims', 0);
    if (lead === 0) return [ctx.emit('ScatterND', [zeros(ctx, dims), ctx.x(1), ctx.dy], { reduction: 'add' }), null];
    // Writing knows no batch: its number becomes the first index.
    const batch = elementCount(dims.slice(0, lead));
    const places = ctx.dims(ctx.x(1));
    const depth = places[places.length - 1]!;
    const count = elementCount(places.slice(lead, -1));
    const [flat, slice] = [[batch, ...dims.slice(lead)], dims.slice(lead + depth)];
    const number = ctx.builder.constant(
      Array.from({ length: batch * count }, (_, i) => Math.floor(i / count)),
      [batch, count, 1],
      DType.int64,
      'batch',
    );
    const whole = ctx.emit('Concat', [number, ctx.emit('Reshape', [ctx.x(1), ctx.ints([batch, count, depth])])], { axis: 2 });
    const dy = ctx.emit('Reshape', [ctx.dy, ctx.ints([batch, count, ...slice])]);
    return [reshape(ctx, ctx.emit('ScatterND', [zeros(ctx, flat), whole, dy], { reduction: 'add' }), flat, dims), null];
  },

  /** What was picked by a condition that no pixel reaches is put back where it was. */
  Compress(ctx) {
    const dims = ctx.dims(ctx.x());
    const axis = hasAttribute(ctx.node, 'axis') ? axisFrom(int(ctx.node, 'axis', 0), dims.length) : null;
    const from = axis === null ? [elementCount(dims)] : dims;
    const out = ctx.dims(ctx.y());
    const places = ctx.emit('Reshape', [ctx.emit('NonZero', [ctx.x(1)]), ctx.ints(out.map((_, i) => (i === (axis ?? 0) ? -1 : 1)))]);
    const spread = ctx.emit('Expand', [places, ctx.ints(out)]);
    return [reshape(ctx, ctx.emit('ScatterElements', [zeros(ctx, from), spread, ctx.dy], { axis: axis ?? 0 }), from, dims), null];
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
  TopK: (ctx) => [
    ctx.emit('ScatterElements', [zeros(ctx, ctx.dims(ctx.x())), ctx.y(1), ctx.dy], { axis: int(ctx.node, 'axis', -1) }),
    null,
  ],
};
