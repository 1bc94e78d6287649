import { float, floats, string } from '../attributes.ts';
import { DType } from '../ir.ts';
import type { Lift, Lifters } from './lift.ts';

/**
 * The first Resize and Upsample read pixel x at x / scale ("asymmetric"); for nearest, onnxruntime rounds up where an
 * axis shrinks and down where it grows.
 */
function asResize(lift: Lift, scales: string): void {
  const mode = string(lift.node, 'mode', 'nearest').toLowerCase();
  const [from, to] = [lift.dims(lift.x(0)), lift.dims(lift.node.output[0]!)];
  const shrinks = from.some((d, i) => to[i]! < d);
  if (mode === 'nearest' && shrinks && from.some((d, i) => to[i]! > d)) lift.refuse('it shrinks one axis and grows another');
  lift.finish('Resize', [lift.x(0), '', scales], {
    mode: mode === 'bilinear' ? 'linear' : mode,
    coordinate_transformation_mode: 'asymmetric',
    ...(mode === 'nearest' ? { nearest_mode: shrinks ? 'ceil' : 'floor' } : {}),
  });
}

export const resize: Lifters = {
  Upsample: {
    since: Infinity,
    lift(lift) {
      const { node, builder } = lift;
      if (lift.x(1)) return asResize(lift, lift.x(1));
      const scales = floats(node, 'scales');
      const numbers = scales && scales.length > 0 ? scales : [1, 1, float(node, 'height_scale', 1), float(node, 'width_scale', 1)];
      asResize(lift, builder.constant(numbers, [numbers.length], DType.float32));
    },
  },
  Resize: { since: 11, lift: (lift) => asResize(lift, lift.x(1)) },
};
