import { asFloat, float, hasAttribute, int, string } from '../attributes.ts';
import { DType } from '../ir.ts';
import type { Lifters } from './lift.ts';

/** Names of element types as Cast-1 spelt them. */
const CAST_1: Record<string, number> = {
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  UINT32: 12,
  UINT64: 13,
};

/** Changes of meaning that fit no family. */
export const misc: Lifters = {
  /** At inference a dropout is the identity in every version. Its mask is all true since 12; before, onnxruntime gives all false. */
  Dropout: {
    since: Infinity,
    lift(lift) {
      // Without a seed it answers otherwise each time, which the check of the gradient finds and names.
      const drops = lift.x(2) !== '' && lift.content(lift.x(2))?.[0] === 1 && (lift.x(1) === '' || lift.content(lift.x(1))?.[0] !== 0);
      if (drops && hasAttribute(lift.node, 'seed'))
        lift.refuse('it is in training mode and drops values: export the model in evaluation mode');
      if (lift.has(1)) {
        const like = lift.emit('Shape', [lift.x(0)]);
        const mask = lift.emit('Expand', [lift.builder.scalar(lift.version >= 12 ? 1 : 0), like]);
        lift.builder.node(
          'Cast',
          [mask],
          { to: lift.version >= 10 ? DType.bool : lift.type(lift.x(0)) },
          { outputs: [lift.node.output[1]!] },
        );
      }
      lift.finish('Identity', [lift.x(0)]);
    },
  },

  /** Training outputs fall away; statistics per activation (`spatial` 0) have no newer form and are written out. */
  BatchNormalization: {
    since: 14,
    lift(lift) {
      if (int(lift.node, 'spatial', 1) === 0) {
        const variance = lift.emit('Add', [lift.x(4), lift.scalar(float(lift.node, 'epsilon', 1e-5), lift.x(0))]);
        const factor = lift.emit('Div', [lift.x(1), lift.emit('Sqrt', [variance])]);
        return lift.finish('Add', [lift.emit('Mul', [lift.emit('Sub', [lift.x(0), lift.x(3)]), factor]), lift.x(2)]);
      }
      lift.rewrite({ drop: ['spatial', 'is_test', 'consumed_inputs', 'momentum'], outputs: 1 });
    },
  },

  Concat: { since: 4, lift: (lift) => lift.rewrite({ set: { axis: int(lift.node, 'axis', 1) } }) },

  Cast: {
    since: 6,
    lift(lift) {
      const to = CAST_1[string(lift.node, 'to', '').toUpperCase()];
      if (to === undefined) return lift.refuse('its target type is not known');
      lift.rewrite({ set: { to } });
    },
  },

  Scan: { since: 9, lift: (lift) => lift.refuse('it has lengths and a batch, as in operator set 8 only') },

  /** Renamed when indices along an axis were told from indices of whole positions. */
  Scatter: { since: Infinity, lift: (lift) => lift.rewrite({ op: 'ScatterElements' }) },

  /** The default constants gained digits in version 6. */
  Selu: {
    since: 6,
    lift(lift) {
      lift.rewrite({
        set: { alpha: asFloat(float(lift.node, 'alpha', 1.6732)), gamma: asFloat(float(lift.node, 'gamma', 1.0507)) },
        drop: ['consumed_inputs'],
      });
    },
  },
};
