import { int, ints } from '../attributes.ts';
import { DType } from '../ir.ts';
import { elementCount } from '../tensors.ts';
import type { Lift, Lifters } from './lift.ts';

/**
 * Deformable convolution (Dai et al. 2017, equations 2 to 4; with a mask, Zhu et al. 2019, equation 1) as the arithmetic it is
 * made of: every tap reads the picture between four pixels, at its own place plus an offset that the network computes, and
 * one matrix product per group sums the taps. Gradients reach the picture, the weights, the offsets and the mask.
 */
function deformConv(lift: Lift): void {
  const { node, builder } = lift;
  const [n, c, h, w] = lift.dims(lift.x(0)) as [number, number, number, number];
  const [m, , ...kernel] = lift.dims(lift.x(1)) as [number, number, number, number];
  const [, , rows, columns] = lift.dims(node.output[0]!) as [number, number, number, number];
  const size = [rows, columns];
  const groups = int(node, 'group', 1);
  const fields = int(node, 'offset_group', 1);
  const [strides, dilations] = ['strides', 'dilations'].map((name) => ints(node, name, [1, 1])) as [number[], number[]];
  const pads = ints(node, 'pads', [0, 0, 0, 0]);
  const taps = elementCount(kernel);
  const points = taps * rows * columns;
  const like = lift.x(0);
  const add = (a: string, b: string) => lift.emit('Add', [a, b]);
  const mul = (a: string, b: string) => lift.emit('Mul', [a, b]);
  const reshape = (value: string, dims: number[]) => lift.emit('Reshape', [value, builder.ints(dims)]);
  const long = (value: number) => builder.scalar(value, DType.int64);
  const cast = (value: string, to: number) => lift.emit('Cast', [value], { to });

  // Offsets lie as [field, tap, (down, across)].
  const offsets = reshape(lift.x(2), [n, fields, taps, 2, rows, columns]);
  const along = (axis: 0 | 1, length: number) => {
    const base = Array.from({ length: points }, (_, i) => {
      const place = axis === 0 ? Math.floor(i / columns) % rows : i % columns;
      const tap = Math.floor(i / (rows * columns));
      const k = axis === 0 ? Math.floor(tap / kernel[1]!) : tap % kernel[1]!;
      return place * strides[axis]! - pads[axis]! + k * dilations[axis]!;
    });
    const moved = lift.emit('Slice', [offsets, builder.ints([axis]), builder.ints([axis + 1]), builder.ints([3])]);
    const at = add(reshape(moved, [n, fields, points]), builder.constant(base, [points], lift.type(like) as DType, 'places'));
    // As a whole number, which carries no gradient, so that its rounding has none.
    const low = cast(lift.emit('Floor', [at]), DType.int64);
    const t = lift.emit('Sub', [at, cast(low, lift.type(like))]);
    return [0, 1].map((k) => {
      const index = k === 0 ? low : add(low, long(1));
      const inside = lift.emit('Clip', [index, long(0), long(length - 1)]);
      const weight = k === 0 ? lift.emit('Sub', [lift.scalar(1, like), t]) : t;
      // Pixels outside of the picture are zero.
      return { index: inside, weight: mul(weight, cast(lift.emit('Equal', [index, inside]), lift.type(like))) };
    });
  };
  const [down, across] = [along(0, h), along(1, w)];
  const pixels = reshape(lift.x(0), [n, fields, c / fields, h * w]);
  const spread = builder.ints([n, fields, c / fields, points]);
  const terms = down.flatMap((y) =>
    across.map((x) => {
      const index = add(mul(y.index, long(w)), x.index);
      const read = lift.emit('GatherElements', [pixels, lift.emit('Expand', [reshape(index, [n, fields, 1, points]), spread])], {
        axis: 3,
      });
      return mul(read, reshape(mul(y.weight, x.weight), [n, fields, 1, points]));
    }),
  );
  const summed = lift.emit('Sum', terms);
  const read = lift.x(4) ? mul(summed, reshape(lift.x(4), [n, fields, 1, points])) : summed;
  const matrix = reshape(read, [n, groups, (c / groups) * taps, rows * columns]);
  const weights = reshape(lift.x(1), [groups, m / groups, (c / groups) * taps]);
  const product = reshape(lift.emit('MatMul', [weights, matrix]), [n, m, ...size]);
  if (lift.x(3)) lift.finish('Add', [product, reshape(lift.x(3), [m, 1, 1])]);
  else lift.finish('Identity', [product]);
}

export const deformable: Lifters = { DeformConv: { since: Infinity, lift: deformConv } };
