import { int } from '../attributes.ts';
import { elementCount } from '../tensors.ts';
import type { Lifter, Lifters } from './lift.ts';

/** Before opset 13 these worked on a matrix: axes from `axis` on were one row (ONNX changelog, Softmax-11). */
const flattened: Lifter = {
  since: 13,
  lift(lift) {
    const dims = lift.dims(lift.x(0));
    const given = int(lift.node, 'axis', 1);
    const axis = given < 0 ? given + dims.length : given;
    if (axis >= dims.length - 1) return lift.rewrite({ set: { axis: -1 } });
    const matrix = lift.emit('Reshape', [
      lift.x(0),
      lift.builder.ints([elementCount(dims.slice(0, axis)), elementCount(dims.slice(axis))]),
    ]);
    const rows = lift.emit(lift.node.opType, [matrix], { axis: 1 });
    lift.finish('Reshape', [rows, lift.builder.ints(dims)]);
  },
};

export const softmax: Lifters = { Softmax: flattened, LogSoftmax: flattened, Hardmax: flattened };
