import { float, int } from '../attributes.ts';
import { DType } from '../ir.ts';
import type { Lift, Lifters } from './lift.ts';

/** Places in the node's inputs. */
interface Inputs {
  positions: number;
  cos: number;
  sin: number;
}

/**
 * Rotary positions (Su et al. 2021, equation 34): pairs (a, b) of a head's numbers become (a cos - b sin, b cos + a sin). A pair
 * is a number and the one half a head further on, or two neighbours (interleaved). What lies behind the rotated part stays.
 */
function rotary(lift: Lift, { positions, cos, sin }: Inputs): void {
  const { node, builder } = lift;
  if (int(node, 'is_packed_batching', 0) || float(node, 'scale', 1) !== 1) lift.refuse('it is packed or scaled');
  const dims = lift.dims(lift.x(0));
  const flat = dims.length === 3;
  const half = lift.dims(lift.x(cos)).at(-1)!;
  const heads = int(node, 'num_heads', 0);
  const size = flat ? (heads > 0 ? dims[2]! / heads : 2 * half) : dims[3]!;
  const [batch, length] = [dims[0]!, flat ? dims[1]! : dims[2]!];
  const laid = flat
    ? lift.emit('Transpose', [lift.emit('Reshape', [lift.x(0), builder.ints([batch, length, -1, size])])], { perm: [0, 2, 1, 3] })
    : lift.x(0);

  const table = (i: number) => lift.emit('Unsqueeze', [at(lift, lift.x(i), positions, length), builder.ints([1])]);
  const [c, s] = [table(cos), table(sin)];
  const cut = (from: number, to: number, step = 1) => lift.emit('Slice', [laid, ...[from, to, 3, step].map((v) => builder.ints([v]))]);
  const neighbours = int(node, 'interleaved', 0) === 1;
  const [a, b] = neighbours ? [cut(0, 2 * half, 2), cut(1, 2 * half, 2)] : [cut(0, half), cut(half, 2 * half)];
  const mul = (x: string, y: string) => lift.emit('Mul', [x, y]);
  const turned = [lift.emit('Sub', [mul(a, c), mul(b, s)]), lift.emit('Add', [mul(b, c), mul(a, s)])];
  const pairs = () =>
    lift.emit(
      'Concat',
      turned.map((v) => lift.emit('Unsqueeze', [v, builder.ints([4])])),
      { axis: 4 },
    );
  const joined = neighbours ? lift.emit('Reshape', [pairs(), builder.ints([0, 0, 0, 2 * half])]) : lift.emit('Concat', turned, { axis: 3 });
  const whole = 2 * half < size ? lift.emit('Concat', [joined, cut(2 * half, size)], { axis: 3 }) : joined;
  lift.finish('Reshape', [flat ? lift.emit('Transpose', [whole], { perm: [0, 2, 1, 3] }) : whole, builder.ints(dims)]);
}

/** Rows of the table for each place of the sequence: those named, those from one number on, or all as they are. */
function at(lift: Lift, table: string, positions: number, length: number): string {
  if (!lift.x(positions)) return table;
  const named = lift.x(positions);
  if (lift.dims(named).length > 1) return lift.emit('Gather', [table, named], { axis: 0 });
  const steps = lift.builder.constant(
    Array.from({ length }, (_, i) => i),
    [1, length],
    DType.int64,
    'steps',
  );
  return lift.emit('Gather', [table, lift.emit('Add', [steps, named])], { axis: 0 });
}

export const rotation: Lifters = {
  RotaryEmbedding: { since: Infinity, lift: (lift) => rotary(lift, { cos: 1, sin: 2, positions: 3 }) },
  'com.microsoft:RotaryEmbedding': { since: Infinity, lift: (lift) => rotary(lift, { positions: 1, cos: 2, sin: 3 }) },
};
