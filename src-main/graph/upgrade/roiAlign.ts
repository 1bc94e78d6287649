import { float, int, string } from '../attributes.ts';
import { DType } from '../ir.ts';
import type { Lift, Lifters } from './lift.ts';

/** What one axis of all regions reads: two pixels and their weights for every sampling point, [regions, points]. */
interface Reading {
  index: [string, string];
  weight: [string, string];
}

const long = (lift: Lift, value: number) => lift.builder.scalar(value, DType.int64);

/**
 * RoiAlign (He et al. 2017, section 3) as the arithmetic it is made of: bilinear sampling points in every bin, averaged.
 * Gradients reach the picture and the regions. Where the number of points hangs on a region's size (sampling_ratio 0), or
 * the greatest one counts, the node is left as it is.
 */
function roiAlign(lift: Lift): void {
  const { node, builder } = lift;
  const points = int(node, 'sampling_ratio', 0);
  if (points < 1 || string(node, 'mode', 'avg') !== 'avg')
    return lift.rewrite({ set: { coordinate_transformation_mode: coordinates(lift) } });
  const [n, c, h, w] = lift.dims(lift.x(0)) as [number, number, number, number];
  const [regions, , rows, columns] = lift.dims(node.output[0]!) as [number, number, number, number];
  const down = reading(lift, 1, h, rows, points);
  const across = reading(lift, 0, w, columns, points);
  // Pixels as rows of channels, so that one index reads all of them.
  const pixels = lift.emit('Reshape', [lift.emit('Transpose', [lift.x(0)], { perm: [0, 2, 3, 1] }), builder.ints([n * h * w, c])]);
  const picture = lift.emit('Reshape', [
    lift.emit('Mul', [lift.emit('Cast', [lift.x(2)], { to: DType.int64 }), long(lift, h * w)]),
    builder.ints([regions, 1, 1]),
  ]);
  const open = (value: string, axis: number) => lift.emit('Unsqueeze', [value, builder.ints([axis])]);
  const terms = [0, 1].flatMap((a) =>
    [0, 1].map((b) => {
      const row = lift.emit('Mul', [open(down.index[a]!, 2), long(lift, w)]);
      const flat = lift.emit('Add', [lift.emit('Add', [row, open(across.index[b]!, 1)]), picture]);
      const weight = lift.emit('Mul', [open(down.weight[a]!, 2), open(across.weight[b]!, 1)]);
      return lift.emit('Mul', [lift.emit('Gather', [pixels, flat], { axis: 0 }), open(weight, 3)]);
    }),
  );
  const bins = lift.emit('Reshape', [lift.emit('Sum', terms), builder.ints([regions, rows, points, columns, points, c])]);
  const mean = lift.emit('ReduceMean', [bins, builder.ints([2, 4])], { keepdims: 0 });
  lift.finish('Transpose', [mean], { perm: [0, 3, 1, 2] });
}

/** Version 16 moved the sampling points by half a pixel unless told otherwise. */
const coordinates = (lift: Lift) =>
  string(lift.node, 'coordinate_transformation_mode', lift.version < 16 ? 'output_half_pixel' : 'half_pixel');

/** Sampling points of one axis. Up to a pixel outside of the picture its edge is read, beyond that nothing. */
function reading(lift: Lift, axis: number, size: number, bins: number, points: number): Reading {
  const { node, builder } = lift;
  const like = lift.x(0);
  const scalar = (v: number) => lift.scalar(v, like);
  const half = coordinates(lift) === 'half_pixel';
  const scale = float(node, 'spatial_scale', 1);
  const edge = (k: number) => {
    const column = lift.emit('Slice', [lift.x(1), builder.ints([k]), builder.ints([k + 1]), builder.ints([1])]);
    return lift.emit('Sub', [lift.emit('Mul', [column, scalar(scale)]), scalar(half ? 0.5 : 0)]);
  };
  const start = edge(axis);
  const extent = lift.emit('Sub', [edge(axis + 2), start]);
  const length = half ? extent : lift.emit('Max', [extent, scalar(1)]);
  const parts = Array.from({ length: bins * points }, (_, k) => (k + 0.5) / (bins * points));
  const along = lift.emit('Cast', [builder.constant(parts, [1, parts.length])], { to: lift.type(like) });
  const at = lift.emit('Add', [start, lift.emit('Mul', [length, along])]);
  const inside = lift.emit('And', [lift.emit('GreaterOrEqual', [at, scalar(-1)]), lift.emit('LessOrEqual', [at, scalar(size)])]);
  const mask = lift.emit('Cast', [inside], { to: lift.type(like) });
  const clipped = lift.emit('Clip', [at, scalar(0), scalar(size - 1)]);
  const low = lift.emit('Cast', [lift.emit('Floor', [clipped])], { to: DType.int64 });
  const high = lift.emit('Min', [lift.emit('Add', [low, long(lift, 1)]), long(lift, size - 1)]);
  const t = lift.emit('Sub', [clipped, lift.emit('Cast', [low], { to: lift.type(like) })]);
  return { index: [low, high], weight: [lift.emit('Mul', [lift.emit('Sub', [scalar(1), t]), mask]), lift.emit('Mul', [t, mask])] };
}

export const regions: Lifters = { RoiAlign: { since: Infinity, lift: roiAlign } };
