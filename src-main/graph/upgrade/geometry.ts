import { int, ints } from '../attributes.ts';
import type { DType } from '../ir.ts';
import { elementCount } from '../tensors.ts';
import type { Lift, Lifters } from './lift.ts';

/**
 * Overlapping blocks, one per column, added back into an image (PyTorch's fold): a transposed convolution in which every
 * place of a block is a channel with a 1 just there.
 */
function col2im(lift: Lift): void {
  const { node, builder } = lift;
  const kernel = lift.data(2);
  const [n, channels, ...image] = lift.dims(node.output[0]!) as [number, number, ...number[]];
  const [strides, dilations] = ['strides', 'dilations'].map((name) =>
    ints(
      node,
      name,
      kernel.map(() => 1),
    ),
  ) as [number[], number[]];
  const pads = ints(
    node,
    'pads',
    [...kernel, ...kernel].map(() => 0),
  );
  const extent = kernel.map((k, i) => dilations[i]! * (k - 1) + 1 - pads[i]! - pads[i + kernel.length]!);
  const blocks = image.map((d, i) => Math.floor((d - extent[i]!) / strides[i]!) + 1);
  const rest = image.map((d, i) => d - extent[i]! - strides[i]! * (blocks[i]! - 1));
  const places = elementCount(kernel);
  const unit = Array.from({ length: channels * places * places }, (_, i) => (Math.floor(i / places) % places === i % places ? 1 : 0));
  const weights = builder.constant(unit, [channels * places, 1, ...kernel], lift.type(lift.x(0)) as DType, 'unit');
  const columns = lift.emit('Reshape', [lift.x(0), builder.ints([n, channels * places, ...blocks])]);
  lift.finish('ConvTranspose', [columns, weights], {
    group: channels,
    kernel_shape: kernel,
    strides,
    dilations,
    pads,
    output_padding: rest,
  });
}

/** The middle of what is too long, zeros around what is too short; of an odd rest the larger half comes last. */
function centerCropPad(lift: Lift): void {
  const [from, to] = [lift.dims(lift.x(0)), lift.dims(lift.node.output[0]!)];
  const cut = from.map((d, i) => Math.floor(Math.max(0, d - to[i]!) / 2));
  const middle = lift.emit('Slice', [
    lift.x(0),
    lift.builder.ints(cut),
    lift.builder.ints(cut.map((c, i) => c + Math.min(from[i]!, to[i]!))),
  ]);
  const before = to.map((t, i) => Math.floor(Math.max(0, t - from[i]!) / 2));
  const after = to.map((t, i) => Math.max(0, t - from[i]!) - before[i]!);
  lift.finish('Pad', [middle, lift.builder.ints([...before, ...after])]);
}

/** A grid of points over the picture, [-1, 1] along each axis, moved by one affine map per picture (Jaderberg et al. 2015, equation 1). */
function affineGrid(lift: Lift): void {
  const { node, builder } = lift;
  const dims = lift.dims(node.output[0]!);
  const size = dims.slice(1, -1);
  const aligned = int(node, 'align_corners', 0) === 1;
  const at = (i: number, d: number) => (aligned ? (d === 1 ? 0 : (2 * i) / (d - 1) - 1) : (2 * i + 1) / d - 1);
  // The last axis comes first: x, y, z, 1.
  const points = Array.from({ length: elementCount(size) }, (_, k) => {
    let rest = k;
    const place = size.map(() => 0);
    for (let axis = size.length - 1; axis >= 0; rest = Math.floor(rest / size[axis]!), axis--)
      place[axis] = at(rest % size[axis]!, size[axis]!);
    return [...place.reverse(), 1];
  });
  const grid = builder.constant(points.flat(), [points.length, size.length + 1], lift.type(lift.x(0)) as DType, 'grid');
  const maps = lift.emit('Transpose', [lift.x(0)], { perm: [0, 2, 1] });
  lift.finish('Reshape', [lift.emit('MatMul', [grid, maps]), builder.ints(dims)]);
}

export const geometry: Lifters = {
  Col2Im: { since: Infinity, lift: col2im },
  CenterCropPad: { since: Infinity, lift: centerCropPad },
  AffineGrid: { since: Infinity, lift: affineGrid },
};
