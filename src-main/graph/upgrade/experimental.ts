import { float, floats, ints } from '../attributes.ts';
import type { DType } from '../ir.ts';
import type { Lift, Lifters } from './lift.ts';

const scale = (lift: Lift, value: string, by: number) => lift.emit('Mul', [value, lift.scalar(by, lift.x(0))]);

/** ONNX's early experimental operators, which onnxruntime only knows in models of their time (up to operator set 9), as today's. */
export const experimental: Lifters = {
  /** scale x + bias of the channel: what CoreML models begin with. */
  ImageScaler: {
    since: Infinity,
    lift(lift) {
      const bias = floats(lift.node, 'bias') ?? [];
      const scaled = scale(lift, lift.x(0), float(lift.node, 'scale', 1));
      const perChannel = lift.builder.constant(bias, [bias.length, 1, 1], lift.type(lift.x(0)) as DType);
      lift.finish('Add', [scaled, perChannel]);
    },
  },
  Affine: {
    since: Infinity,
    lift: (lift) =>
      lift.finish('Add', [scale(lift, lift.x(0), float(lift.node, 'alpha', 1)), lift.scalar(float(lift.node, 'beta', 0), lift.x(0))]),
  },
  /** Border is left, top, right, bottom; with `scale` (height, width) the right and bottom borders do not count. */
  Crop: {
    since: Infinity,
    lift(lift) {
      const [left = 0, top = 0] = ints(lift.node, 'border', []);
      const [, , height, width] = lift.dims(lift.node.output[0]!);
      const { builder } = lift;
      lift.finish('Slice', [lift.x(0), builder.ints([top, left]), builder.ints([top + height!, left + width!]), builder.ints([2, 3])]);
    },
  },
  ScaledTanh: {
    since: Infinity,
    lift(lift) {
      const tanh = lift.emit('Tanh', [scale(lift, lift.x(0), float(lift.node, 'beta', 0.5))]);
      lift.finish('Mul', [tanh, lift.scalar(float(lift.node, 'alpha', 0.5), lift.x(0))]);
    },
  },
  ParametricSoftplus: {
    since: Infinity,
    lift(lift) {
      const soft = lift.emit('Softplus', [scale(lift, lift.x(0), float(lift.node, 'beta', 0.5))]);
      lift.finish('Mul', [soft, lift.scalar(float(lift.node, 'alpha', 0.5), lift.x(0))]);
    },
  },
  Scale: { since: Infinity, lift: (lift) => lift.finish('Mul', [lift.x(0), lift.scalar(float(lift.node, 'scale', 1), lift.x(0))]) },
};
