import { DType } from '../../src-main/graph/index.ts';
import type { Case, Pen } from './trial.ts';

const PLANES = [8, 64, 56, 56];
const STEEP = 2 ** 100;
const scalar = (pen: Pen, value: number) => pen.b.scalar(value);

/** 1 - s for s in [0,1]: a Sub with a scalar would leave the blocked layout, HardSigmoid does not. */
const oneMinus = (pen: Pen, s: string) => pen.hardSigmoid(s, -1, 1);

function logistic(pen: Pen, x: string): string {
  return pen.b.node('Sigmoid', [x]);
}

const relu: Case = {
  name: 'Relu mask, 8x64x56x56',
  inputs: { dy: PLANES, x: PLANES },
  output: PLANES,
  layout: 'planes',
  variants: {
    'Where(y > 0, dy, 0)'(pen, x) {
      const y = pen.b.node('Relu', [x['x']!]);
      return pen.b.node('Where', [pen.b.node('Greater', [y, scalar(pen, 0)]), x['dy']!, scalar(pen, 0)]);
    },
    'dy · Cast(y > 0)'(pen, x) {
      const y = pen.b.node('Relu', [x['x']!]);
      return pen.mul(x['dy']!, pen.b.node('Cast', [pen.b.node('Greater', [y, scalar(pen, 0)])], { to: DType.float32 }));
    },
    'dy · Sign(y)': (pen, x) => pen.mul(x['dy']!, pen.b.node('Sign', [pen.b.node('Relu', [x['x']!])])),
    'dy · HardSigmoid(y)': (pen, x) => pen.mul(x['dy']!, pen.hardSigmoid(pen.b.node('Relu', [x['x']!]), 3e38, 0)),
  },
};

const relu6: Case = {
  name: 'Clip(0, 6) with its forward pass, 8x64x56x56',
  inputs: { dy: PLANES, x: PLANES },
  output: PLANES,
  layout: 'planes',
  variants: {
    'Where(x > 0 and x < 6)'(pen, x) {
      const inside = pen.b.node('And', [pen.b.node('Greater', [x['x']!, scalar(pen, 0)]), pen.b.node('Less', [x['x']!, scalar(pen, 6)])]);
      const y = pen.b.node('Clip', [x['x']!, scalar(pen, 0), scalar(pen, 6)]);
      return pen.add(pen.b.node('Where', [inside, x['dy']!, scalar(pen, 0)]), y);
    },
    'two HardSigmoids of y'(pen, x) {
      const y = pen.b.node('Clip', [x['x']!, scalar(pen, 0), scalar(pen, 6)]);
      const inside = pen.mul(pen.hardSigmoid(y, 3e38, 0), pen.hardSigmoid(y, -STEEP, 6 * STEEP));
      return pen.add(pen.mul(x['dy']!, inside), y);
    },
  },
};

const silu: Case = {
  name: 'SiLU x σ(x) with its forward pass, 8x96x56x56',
  inputs: { dy: [8, 96, 56, 56], x: [8, 96, 56, 56] },
  output: [8, 96, 56, 56],
  layout: 'planes',
  variants: {
    'rules of Mul and Sigmoid'(pen, { x, dy }) {
      const s = logistic(pen, x!);
      const ds = pen.mul(pen.mul(dy!, x!), pen.mul(s, pen.sub(scalar(pen, 1), s)));
      return pen.add(pen.add(pen.mul(dy!, s), ds), pen.mul(x!, s));
    },
    'the same, 1 - s as HardSigmoid'(pen, { x, dy }) {
      const s = logistic(pen, x!);
      const ds = pen.mul(pen.mul(dy!, x!), pen.mul(s, oneMinus(pen, s)));
      return pen.add(pen.add(pen.mul(dy!, s), ds), pen.mul(x!, s));
    },
    'dy (s + y (1 - s))'(pen, { x, dy }) {
      const s = logistic(pen, x!);
      const y = pen.mul(x!, s);
      return pen.add(pen.mul(dy!, pen.add(s, pen.mul(y, oneMinus(pen, s)))), y);
    },
    'dy (s + y (1 - s)), y by a fused QuickGelu'(pen, { x, dy }) {
      const s = logistic(pen, x!);
      const y = pen.b.node('QuickGelu', [x!], { alpha: { float: 1 } }, { domain: 'com.microsoft' });
      return pen.add(pen.mul(dy!, pen.add(s, pen.mul(y, oneMinus(pen, s)))), y);
    },
  },
};

const hardSwish: Case = {
  name: 'HardSwish slope, 8x64x56x56',
  inputs: { dy: PLANES, x: PLANES },
  output: PLANES,
  layout: 'planes',
  variants: {
    'h + Where(inside, x/6, 0)'(pen, { x, dy }) {
      const h = pen.hardSigmoid(x!, 1 / 6, 0.5);
      const inside = pen.b.node('And', [pen.b.node('Greater', [h, scalar(pen, 0)]), pen.b.node('Less', [h, scalar(pen, 1)])]);
      return pen.mul(dy!, pen.add(h, pen.b.node('Where', [inside, pen.mul(x!, scalar(pen, 1 / 6)), scalar(pen, 0)])));
    },
    'h + x gate/6, gates as HardSigmoid'(pen, { x, dy }) {
      const h = pen.hardSigmoid(x!, 1 / 6, 0.5);
      // 1/6 inside, 0 outside: a sixth comes out of a second, flat HardSigmoid.
      const inside = pen.mul(pen.hardSigmoid(h, 3e38, 0), pen.hardSigmoid(h, -STEEP, STEEP));
      return pen.mul(dy!, pen.add(h, pen.mul(x!, pen.hardSigmoid(inside, 1 / 6, 0))));
    },
  },
};

const squeeze: Case = {
  name: 'squeeze and excitation y = x g: gradients of x and g, 8x96x56x56',
  inputs: { dy: [8, 96, 56, 56], x: [8, 96, 56, 56], g: [8, 96, 1, 1] },
  output: [8, 96, 56, 56],
  layout: 'planes',
  variants: {
    'dy g, ReduceSum(dy x)'(pen, { x, dy, g }) {
      const dg = pen.b.node('ReduceSum', [pen.mul(dy!, x!), pen.b.ints([2, 3])], { keepdims: 1 });
      return pen.add(pen.mul(dy!, g!), pen.mul(x!, pen.mul(dg, scalar(pen, 1e-3))));
    },
    'dy g, sum as GlobalAveragePool'(pen, { x, dy, g }) {
      const dg = pen.mul(pen.b.node('GlobalAveragePool', [pen.mul(dy!, x!)]), scalar(pen, 56 * 56));
      return pen.add(pen.mul(dy!, g!), pen.mul(x!, pen.mul(dg, scalar(pen, 1e-3))));
    },
    'g spread by Resize, sum as GlobalAveragePool'(pen, { x, dy, g }) {
      const spread = (v: string) =>
        pen.b.node('Resize', [v, '', pen.b.constant([1, 1, 56, 56], [4])], {
          mode: 'nearest',
          coordinate_transformation_mode: 'asymmetric',
          nearest_mode: 'floor',
        });
      const dg = pen.mul(pen.b.node('GlobalAveragePool', [pen.mul(dy!, x!)]), scalar(pen, 56 * 56 * 1e-3));
      return pen.add(pen.mul(dy!, spread(g!)), pen.mul(x!, spread(dg)));
    },
  },
};

const batchNorm: Case = {
  name: 'BatchNormalization factor, 8x64x56x56',
  inputs: { dy: PLANES },
  output: PLANES,
  layout: 'planes',
  variants: {
    'Mul with [C,1,1]': (pen, { dy }) => pen.mul(dy!, pen.weights([64, 1, 1])),
    'depthwise 1x1 Conv': (pen, { dy }) => pen.b.node('Conv', [dy!, pen.weights([64, 1, 1, 1])], { group: 64, kernel_shape: [1, 1] }),
  },
};

export const pointwise: Case[] = [relu, relu6, silu, hardSwish, squeeze, batchNorm];
