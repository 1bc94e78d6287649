import { float, hasAttribute, int, ints, string } from '../attributes.ts';
import type { Lifters } from './lift.ts';

/** Attributes that became inputs. */
export const inputs: Lifters = {
  Clip: {
    since: 11,
    lift(lift) {
      const bound = (name: string) => (hasAttribute(lift.node, name) ? lift.scalar(float(lift.node, name, 0), lift.x(0)) : '');
      lift.rewrite({ inputs: [lift.x(0), bound('min'), bound('max')], drop: ['min', 'max'] });
    },
  },

  Pad: {
    since: 11,
    lift(lift) {
      const { node } = lift;
      const pads = ints(node, 'pads') ?? ints(node, 'paddings', []);
      const value = float(node, 'value', 0);
      const constant = string(node, 'mode', 'constant') === 'constant' && value !== 0;
      lift.rewrite({
        inputs: [lift.x(0), lift.builder.ints(pads), ...(constant ? [lift.scalar(value, lift.x(0))] : [])],
        drop: ['pads', 'paddings', 'value'],
      });
    },
  },

  Slice: {
    since: 10,
    lift(lift) {
      const { node, builder } = lift;
      const starts = ints(node, 'starts', []);
      const on = ints(
        node,
        'axes',
        starts.map((_, i) => i),
      );
      lift.rewrite({
        inputs: [lift.x(0), builder.ints(starts), builder.ints(ints(node, 'ends', [])), builder.ints(on)],
        drop: ['starts', 'ends', 'axes'],
      });
    },
  },

  TopK: {
    since: 10,
    lift(lift) {
      lift.rewrite({ inputs: [lift.x(0), lift.builder.ints([int(lift.node, 'k', 1)])], drop: ['k'] });
    },
  },

  /** Before 18 equal parts were implied; now their number is said. */
  Split: {
    since: 18,
    lift(lift) {
      const sizes = ints(lift.node, 'split');
      if (lift.x(1)) return lift.rewrite({ drop: ['split'] });
      if (sizes) return lift.rewrite({ inputs: [lift.x(0), lift.builder.ints(sizes)], drop: ['split'] });
      lift.rewrite({ inputs: [lift.x(0)], set: { num_outputs: lift.node.output.length } });
    },
  },

  Reshape: {
    since: 5,
    lift(lift) {
      lift.rewrite({ inputs: [lift.x(0), lift.builder.ints(ints(lift.node, 'shape', []))], drop: ['shape'] });
    },
  },

  /** Version 1 repeats one axis: `tiles` and `axis` are inputs with one value each. */
  Tile: {
    since: 6,
    lift(lift) {
      lift.refuse('its version 1 form is not in use any more');
    },
  },
};
