import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { planGeometry } from '../../src-main/model/preprocessing/geometry.ts';
import { spatialMaps } from '../../src-main/model/preprocessing/matrices.ts';
import type { Band } from '../../src-main/model/preprocessing/matrices.ts';
import { preprocess } from '../../src-main/model/preprocessing/reference.ts';

const spec = (values: object): Preprocessing => Preprocessing.parse(values);

/** The picture that Pillow was given: 5 x 7, grey, mode F. */
const HEIGHT = 5;
const WIDTH = 7;
const PICTURE = Float32Array.from({ length: HEIGHT * WIDTH }, (_, i) => ((i * 37) % 101) / 101);

/** `Image.resize` of Pillow 12.3 on that picture, mode F, six decimals: shrunk, enlarged, and one of each. */
const PILLOW = {
  'nearest 2x3': [0.930693, 0.663366, 0.39604, 0.059406, 0.792079, 0.524752],
  'bilinear 2x3': [0.488749, 0.441441, 0.526295, 0.461618, 0.530047, 0.518645],
  'bicubic 2x3': [0.4849, 0.432194, 0.530933, 0.463716, 0.544788, 0.513335],
  'nearest 3x10': [
    0.0, 0.366337, 0.366337, 0.732673, 0.09901, 0.09901, 0.465347, 0.831683, 0.831683, 0.19802, 0.128713, 0.49505, 0.49505, 0.861386,
    0.227723, 0.227723, 0.594059, 0.960396, 0.960396, 0.326733, 0.257426, 0.623762, 0.623762, 0.990099, 0.356436, 0.356436, 0.722772,
    0.089109, 0.089109, 0.455446,
  ],
  'bilinear 3x10': [
    0.241867, 0.443352, 0.592645, 0.549081, 0.412659, 0.319095, 0.296959, 0.553395, 0.552687, 0.439887, 0.350935, 0.430198, 0.531078,
    0.631958, 0.516172, 0.422607, 0.390154, 0.64659, 0.653025, 0.548955, 0.44413, 0.409901, 0.473479, 0.729915, 0.614922, 0.521358,
    0.470651, 0.327086, 0.440665, 0.64215,
  ],
  'bicubic 3x10': [
    0.206412, 0.447153, 0.644395, 0.555434, 0.398872, 0.283258, 0.290065, 0.586549, 0.568382, 0.415263, 0.367967, 0.431331, 0.53111,
    0.61476, 0.532797, 0.407753, 0.356452, 0.678659, 0.694004, 0.562472, 0.44718, 0.374224, 0.442694, 0.753097, 0.629741, 0.518414,
    0.484518, 0.291459, 0.431142, 0.662555,
  ],
  'bicubic 6x9': [
    -0.038173, 0.19895, 0.581115, 0.651293, 0.078178, 0.373675, 0.758092, 0.658389, 0.145445, 0.452011, 0.752294, 0.641915, 0.368827,
    0.568362, 0.150645, 0.25487, 0.548552, 0.677486, 0.269279, 0.592432, 0.736557, 0.596395, 0.388986, 0.351308, 0.604834, 0.688899,
    0.475807, 0.347427, 0.257607, 0.459814, 0.684839, 0.442617, 0.401535, 0.690763, 0.780507, 0.52704, 0.658171, 0.282848, 0.267488,
    0.59183, 0.734412, 0.331574, 0.279713, 0.548571, 0.854015, 0.222256, 0.488812, 0.866837, 0.910988, 0.340355, 0.705549, 0.358864,
    0.142881, 0.456706,
  ],
};

/** The whole matrix, zeros too. */
function dense({ from, to, first, start, weights }: Band): Matrix {
  const data = new Float64Array(to * from);
  for (let row = 0; row < to; row++)
    for (let k = start[row]!; k < start[row + 1]!; k++) data[row * from + first[row]! + k - start[row]!] = weights[k]!;
  return { rows: to, cols: from, data };
}

interface Matrix {
  rows: number;
  cols: number;
  data: Float64Array;
}

/** R X C' of one plane; null is the identity. */
function apply(rows: Band | null, cols: Band | null, plane: Float32Array, height: number, width: number): number[] {
  const r = rows ? dense(rows) : identity(height);
  const c = cols ? dense(cols) : identity(width);
  return Array.from({ length: r.rows * c.rows }, (_, i) => {
    const [y, x] = [Math.floor(i / c.rows), i % c.rows];
    let sum = 0;
    for (let a = 0; a < height; a++)
      for (let b = 0; b < width; b++) sum += r.data[y * height + a]! * plane[a * width + b]! * c.data[x * width + b]!;
    return sum;
  });
}

const identity = (n: number): Matrix => ({
  rows: n,
  cols: n,
  data: Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
});

describe('resizing', () => {
  it.each(Object.entries(PILLOW))('gives what Pillow gives, as matrices and pixel by pixel: %s', (name, expected) => {
    const [interpolation, size] = name.split(' ') as [Preprocessing['interpolation'], string];
    const [height, width] = size.split('x').map(Number);
    const stretch = spec({ geometry: 'stretch', width, height, interpolation });
    const { rows, cols, pad } = spatialMaps(stretch, HEIGHT, WIDTH);
    const direct = preprocess(stretch, PICTURE, { channels: 1, height: HEIGHT, width: WIDTH }, 1);
    expect(pad).toBeNull();
    expect(direct.shape).toEqual([1, height, width]);
    const mapped = apply(rows, cols, PICTURE, HEIGHT, WIDTH);
    expected.forEach((value, i) => {
      expect(Math.abs(mapped[i]! - value)).toBeLessThan(1e-6);
      expect(Math.abs(direct.data[i]! - value)).toBeLessThan(1e-6);
    });
  });

  it('keeps constants: the weights of every pixel sum to one', () => {
    for (const interpolation of ['nearest', 'bilinear', 'bicubic'])
      for (const [from, to] of [
        [3, 17],
        [200, 7],
        [31, 32],
        [1, 5],
        [5, 1],
      ] as const) {
        const { rows } = spatialMaps(spec({ geometry: 'stretch', width: 4, height: to, interpolation }), from, 4);
        for (let r = 0; r < to; r++)
          expect(
            dense(rows!)
              .data.slice(r * from, (r + 1) * from)
              .reduce((a, b) => a + b),
          ).toBeCloseTo(1, 12);
      }
  });
});

describe('where a picture lands', () => {
  it('follows torchvision for a centre crop', () => {
    const imagenet = spec({ geometry: 'centre-crop', width: 224, height: 224, resizeTo: 256 });
    // 500 x 375 becomes 341 x 256 (341.33 rounded down); round(58.5) is 58 and round(16) is 16 in Python.
    expect(planGeometry(imagenet, 375, 500)).toEqual({
      rows: { from: 375, scaled: 256, to: 224, offset: -16 },
      cols: { from: 500, scaled: 341, to: 224, offset: -58 },
    });
    // 343 - 224 is 119: round(59.5) is 60.
    expect(planGeometry(imagenet, 343, 256).rows).toEqual({ from: 343, scaled: 343, to: 224, offset: -60 });
    // A crop larger than what it is cut from is padded, the odd pixel below.
    expect(planGeometry(spec({ geometry: 'centre-crop', width: 8, height: 8, resizeTo: 5 }), 10, 10).rows).toEqual({
      from: 10,
      scaled: 5,
      to: 8,
      offset: 1,
    });
  });

  it('fits a letterbox inside and centres it', () => {
    const { rows, cols } = planGeometry(spec({ geometry: 'letterbox', width: 416, height: 416 }), 480, 640);
    expect([rows, cols]).toEqual([
      { from: 480, scaled: 312, to: 416, offset: 52 },
      { from: 640, scaled: 416, to: 416, offset: 0 },
    ]);
  });

  it('pads without scaling, and refuses what is larger', () => {
    const pad = spec({ geometry: 'pad', width: 32, height: 32, padValue: 0.5 });
    const { rows, cols, pad: mask } = spatialMaps(pad, 28, 28);
    expect(mask!.reduce((a, b) => a + b)).toBe(32 * 32 - 28 * 28);
    // Rows of a 0/1 matrix: pixels stay exactly what they are.
    for (const m of [dense(rows!), dense(cols!)])
      for (let r = 0; r < 32; r++) for (let c = 0; c < 28; c++) expect(m.data[r * 28 + c]).toBe(r === c + 2 ? 1 : 0);
    expect(() => spatialMaps(pad, 33, 20)).toThrow('larger than the 32 x 32');
  });

  it('leaves fitting pictures alone', () => {
    for (const geometry of ['none', 'stretch', 'centre-crop', 'letterbox', 'pad'] as const) {
      const size = geometry === 'none' ? {} : { width: 9, height: 9 };
      expect(spatialMaps(spec({ geometry, ...size }), 9, 9)).toEqual({ height: 9, width: 9, rows: null, cols: null, pad: null });
    }
  });

  it('asks for a missing size', () => {
    expect(() => planGeometry(spec({ geometry: 'stretch', width: 3 }), 4, 4)).toThrow('needs a width and a height');
  });
});
