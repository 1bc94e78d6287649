import type { Case, Pen } from './trial.ts';

const scalar = (pen: Pen, value: number) => pen.b.scalar(value);
const mean = (pen: Pen, v: string) => pen.b.node('ReduceMean', [v, pen.b.ints([-1])], { keepdims: 1 });
const sum = (pen: Pen, v: string) => pen.b.node('ReduceSum', [v, pen.b.ints([-1])], { keepdims: 1 });

/** g = dy · scale and z, the normalised x: (g - mean g - z mean(g z)) / deviation. */
function finish(pen: Pen, g: string, z: string, times: (v: string) => string): string {
  const along = pen.mul(z, mean(pen, pen.mul(g, z)));
  return times(pen.sub(pen.sub(g, mean(pen, g)), along));
}

const layerNorm: Case = {
  name: 'LayerNormalization with its forward pass, 1576 rows of 192',
  inputs: { dy: [8, 197, 192], x: [8, 197, 192] },
  output: [8, 197, 192],
  layout: 'rows',
  variants: {
    'moments computed again'(pen, { dy, x }) {
      const [scale, bias] = [pen.weights([192]), pen.weights([192])];
      const y = pen.b.node('LayerNormalization', [x!, scale, bias], { axis: -1 });
      const centred = pen.sub(x!, mean(pen, x!));
      const deviation = pen.b.node('Sqrt', [pen.add(mean(pen, pen.mul(centred, centred)), scalar(pen, 1e-5))]);
      const z = pen.b.node('Div', [centred, deviation]);
      return pen.add(
        finish(pen, pen.mul(dy!, scale), z, (v) => pen.b.node('Div', [v, deviation])),
        y,
      );
    },
    'moments from its own second and third output'(pen, { dy, x }) {
      const [scale, bias] = [pen.weights([192]), pen.weights([192])];
      const [y, m, inverse] = pen.b.nodes('LayerNormalization', [x!, scale, bias], { axis: -1 }, { outputs: 3 });
      const z = pen.mul(pen.sub(x!, m!), inverse!);
      return pen.add(
        finish(pen, pen.mul(dy!, scale), z, (v) => pen.mul(v, inverse!)),
        y!,
      );
    },
    'the same, g - mean g - z mean(g z) as a LayerNormalization of g'(pen, { dy, x }) {
      // Taking out the mean and the part along z leaves the mean at 0: only one ReduceMean is left, of g z.
      const [scale, bias] = [pen.weights([192]), pen.weights([192])];
      const [y, m, inverse] = pen.b.nodes('LayerNormalization', [x!, scale, bias], { axis: -1 }, { outputs: 3 });
      const g = pen.mul(dy!, scale);
      const z = pen.mul(pen.sub(x!, m!), inverse!);
      const both = pen.b.node(
        'Concat',
        [pen.b.node('Unsqueeze', [g, pen.b.ints([2])]), pen.b.node('Unsqueeze', [pen.mul(g, z), pen.b.ints([2])])],
        { axis: 2 },
      );
      const [mg, mgz] = pen.b.nodes('Split', [mean(pen, both)], { axis: 2, num_outputs: 2 }, { outputs: 2 });
      const squeeze = (v: string) => pen.b.node('Squeeze', [v, pen.b.ints([2])]);
      return pen.add(pen.mul(pen.sub(pen.sub(g, squeeze(mg!)), pen.mul(z, squeeze(mgz!))), inverse!), y!);
    },
  },
};

const softmax: Case = {
  name: 'Softmax, 4728 rows of 197',
  inputs: { dy: [8, 3, 197, 197], x: [8, 3, 197, 197] },
  output: [8, 3, 197, 197],
  layout: 'rows',
  variants: {
    'y (dy - sum(dy y))'(pen, { dy, x }) {
      const y = pen.b.node('Softmax', [x!], { axis: -1 });
      return pen.mul(y, pen.sub(dy!, sum(pen, pen.mul(dy!, y))));
    },
    'dy y - y sum(dy y)'(pen, { dy, x }) {
      const y = pen.b.node('Softmax', [x!], { axis: -1 });
      const product = pen.mul(dy!, y);
      return pen.sub(product, pen.mul(y, sum(pen, product)));
    },
    'sum by MatMul with ones'(pen, { dy, x }) {
      const y = pen.b.node('Softmax', [x!], { axis: -1 });
      const ones = pen.b.constant(new Array<number>(197).fill(1), [197, 1]);
      return pen.mul(y, pen.sub(dy!, pen.b.node('MatMul', [pen.mul(dy!, y), ones])));
    },
  },
};

const GELU = [8, 197, 768];
/** Φ(x) from an Erf, and φ(x) from an Exp. */
const cdf = (pen: Pen, x: string) =>
  pen.mul(pen.add(pen.b.node('Erf', [pen.mul(x, scalar(pen, Math.SQRT1_2))]), scalar(pen, 1)), scalar(pen, 0.5));

const gelu: Case = {
  name: 'Gelu in five nodes with its forward pass, 8x197x768',
  inputs: { dy: GELU, x: GELU },
  output: GELU,
  layout: 'rows',
  variants: {
    'rules of Div, Erf, Add, Mul, Mul'(pen, { dy, x }) {
      const scaled = pen.b.node('Div', [x!, scalar(pen, Math.SQRT2)]);
      const erf = pen.b.node('Erf', [scaled]);
      const more = pen.add(erf, scalar(pen, 1));
      const y = pen.mul(pen.mul(x!, more), scalar(pen, 0.5));
      const d1 = pen.mul(dy!, scalar(pen, 0.5));
      const d2 = pen.mul(d1, x!);
      const bell = pen.mul(pen.b.node('Exp', [pen.b.node('Neg', [pen.mul(scaled, scaled)])]), scalar(pen, 2 / Math.sqrt(Math.PI)));
      const d3 = pen.b.node('Div', [pen.mul(d2, bell), scalar(pen, Math.SQRT2)]);
      return pen.add(pen.add(pen.mul(d1, more), d3), y);
    },
    'one slope, forward as Gelu'(pen, { dy, x }) {
      const y = pen.b.node('Gelu', [x!], {}, { domain: 'com.microsoft' });
      const bell = pen.mul(pen.b.node('Exp', [pen.mul(pen.mul(x!, x!), scalar(pen, -0.5))]), scalar(pen, 1 / Math.sqrt(2 * Math.PI)));
      return pen.add(pen.mul(dy!, pen.add(cdf(pen, x!), pen.mul(x!, bell))), y);
    },
    'one slope, y = x Φ from the same Φ'(pen, { dy, x }) {
      const phi = cdf(pen, x!);
      const bell = pen.mul(pen.b.node('Exp', [pen.mul(pen.mul(x!, x!), scalar(pen, -0.5))]), scalar(pen, 1 / Math.sqrt(2 * Math.PI)));
      return pen.add(pen.mul(dy!, pen.add(phi, pen.mul(x!, bell))), pen.mul(x!, phi));
    },
  },
};

const dense: Case = {
  name: 'dense layer 192 to 768 on 8x197 rows',
  inputs: { dy: [8, 197, 768] },
  output: [8, 197, 192],
  layout: 'rows',
  variants: {
    'MatMul with Transpose(W)': (pen, { dy }) =>
      pen.b.node('MatMul', [dy!, pen.b.node('Transpose', [pen.weights([192, 768])], { perm: [1, 0] })]),
    'Gemm transB on flat rows'(pen, { dy }) {
      const flat = pen.b.node('Reshape', [dy!, pen.b.ints([-1, 768])]);
      return pen.b.node('Reshape', [pen.b.node('Gemm', [flat, pen.weights([192, 768])], { transB: 1 }), pen.b.ints([8, 197, 192])]);
    },
    'Gemm on flat rows, W turned beforehand'(pen, { dy }) {
      const flat = pen.b.node('Reshape', [dy!, pen.b.ints([-1, 768])]);
      const w = pen.b.node('Transpose', [pen.weights([192, 768])], { perm: [1, 0] });
      return pen.b.node('Reshape', [pen.b.node('Gemm', [flat, w]), pen.b.ints([8, 197, 192])]);
    },
  },
};

export const rows: Case[] = [layerNorm, softmax, gelu, dense];
