import { describe, expect, it } from 'vitest';
import { DType, elementCount, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { filled, gaussian, gradientAt, openPair, uniform } from './gradient.ts';
import { adjointError, openTangent, tangentAt } from './tangent.ts';

/** Gradient of u'y for a graph from `x` to one output; Jv must be its adjoint. */
async function gradient(
  dims: number[],
  x: ArrayLike<number>,
  write: (b: GraphBuilder) => string,
  u?: ArrayLike<number>,
): Promise<number[]> {
  const builder = new GraphBuilder(emptyGraph());
  builder.input('x', DType.float32, dims);
  builder.node('Identity', [write(builder)], {}, { outputs: ['y'] });
  builder.output('y', DType.float32, []);
  builder.graph.outputs[0]!.type = undefined as never;
  const facts = await traceFacts(builder.graph, { x: dims });
  const pair = await openPair(builder.graph, facts, 'y', 'x');
  const cotangent = Float32Array.from(u ?? new Array<number>(elementCount(pair.dims.of)).fill(1));
  const at = Float32Array.from(x);
  const { gradient: jtu } = await gradientAt(pair, at, cotangent);
  const v = filled(at.length, gaussian(8));
  const { session } = await openTangent(builder.graph, facts, 'y', 'x');
  expect(adjointError(cotangent, await tangentAt(session, pair, at, v), jtu, v)).toBeLessThan(1e-5);
  return Array.from(jtu, (g) => g + 0);
}

/** A convolution that changes nothing, after which onnxruntime has the image in blocks. */
function enter(b: GraphBuilder, value: string, channels: number): string {
  return b.node('Conv', [value, b.constant(new Array<number>(channels).fill(1), [channels, 1, 1, 1])], { group: channels });
}

interface Pool {
  kernel: [number, number];
  stride: [number, number];
  pads?: [number, number, number, number];
  ceil?: 1;
  size: [number, number];
}

/** The plain definition: row after row of a window, a later place only if greater; what lies outside is never chosen. */
function reference(x: number[], planes: number, pool: Pool, out: [number, number], dy: number[]): number[] {
  const [h, w] = pool.size;
  const [top, left] = pool.pads ?? [0, 0];
  const dx = x.map(() => 0);
  for (let p = 0; p < planes; p++)
    for (let r = 0; r < out[0]; r++)
      for (let q = 0; q < out[1]; q++) {
        let best = -1;
        for (let i = 0; i < pool.kernel[0]; i++)
          for (let j = 0; j < pool.kernel[1]; j++) {
            const [row, column] = [r * pool.stride[0] - top + i, q * pool.stride[1] - left + j];
            if (row < 0 || column < 0 || row >= h || column >= w) continue;
            const at = (p * h + row) * w + column;
            if (best < 0 || x[at]! > x[best]!) best = at;
          }
        dx[best]! += dy[(p * out[0] + r) * out[1] + q]!;
      }
  return dx;
}

const outputOf = ({ size, kernel, stride, pads = [0, 0, 0, 0], ceil }: Pool) =>
  [0, 1].map((i) => {
    const steps = (size[i]! + pads[i]! + pads[i + 2]! - kernel[i]!) / stride[i]!;
    const last = Math.floor(steps) + 1;
    // A window that would start in the padding after the end is not counted (ONNX, MaxPool).
    return ceil && !Number.isInteger(steps) && last * stride[i]! < size[i]! + pads[i]! ? last + 1 : last;
  }) as [number, number];

describe('MaxPool on an image in blocks gives all to the first maximum', () => {
  const CASES: [string, Pool, 'rectified' | 'any'][] = [
    ['3x3, stride 2, padded: the stem of a ResNet', { kernel: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1], size: [8, 10] }, 'rectified'],
    ['3x3, stride 2, padded, odd size', { kernel: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1], size: [7, 9] }, 'rectified'],
    ['3x3, stride 2', { kernel: [3, 3], stride: [2, 2], size: [9, 8] }, 'any'],
    ['3x3, stride 2, hanging over', { kernel: [3, 3], stride: [2, 2], ceil: 1, size: [8, 6] }, 'rectified'],
    ['3x3, stride 2, hanging over, any sign', { kernel: [3, 3], stride: [2, 2], ceil: 1, size: [8, 6] }, 'any'],
    ['3x3, stride 1, padded: an Inception branch', { kernel: [3, 3], stride: [1, 1], pads: [1, 1, 1, 1], size: [5, 6] }, 'rectified'],
    ['3x3, stride 1, padded, any sign', { kernel: [3, 3], stride: [1, 1], pads: [1, 1, 1, 1], size: [5, 6] }, 'any'],
    ['2x2, stride 1', { kernel: [2, 2], stride: [1, 1], size: [5, 4] }, 'any'],
    ['2x2, stride 2, padded on one side', { kernel: [2, 2], stride: [2, 2], pads: [0, 0, 1, 1], size: [7, 5] }, 'rectified'],
    ['2x3, stride 2x1', { kernel: [2, 3], stride: [2, 1], size: [6, 7] }, 'any'],
    ['3x2, stride 3x2, padded on one side', { kernel: [3, 2], stride: [3, 2], pads: [1, 0, 1, 1], size: [7, 7] }, 'rectified'],
    ['3x3, stride 3', { kernel: [3, 3], stride: [3, 3], size: [10, 9] }, 'any'],
  ];
  it.each(CASES)('%s', async (_, pool, sign) => {
    const [n, channels] = [2, 16];
    const next = uniform(5);
    // Few levels, so that equal maxima abound.
    const x = Array.from({ length: n * channels * elementCount(pool.size) }, () => Math.floor(4 * next()) - 1.5);
    const out = outputOf(pool);
    const dy = Array.from({ length: n * channels * elementCount(out) }, (_, i) => 1 + (i % 7));
    const write = (b: GraphBuilder) => {
      const entered = enter(b, 'x', channels);
      const read = sign === 'any' ? entered : b.node('Relu', [entered]);
      return b.node('MaxPool', [read], {
        kernel_shape: pool.kernel,
        strides: pool.stride,
        pads: pool.pads ?? [0, 0, 0, 0],
        ceil_mode: pool.ceil ?? 0,
      });
    };
    const seen = sign === 'any' ? x : x.map((v) => Math.max(0, v));
    const expected = reference(seen, n * channels, pool, out, dy).map((g, i) => (sign === 'any' || x[i]! > 0 ? g : 0));
    expect(await gradient([n, channels, ...pool.size], x, write, dy)).toEqual(expected);
  });

  it('also where others read the Relu, and in any row of the batch', async () => {
    const pool: Pool = { kernel: [3, 3], stride: [2, 2], pads: [1, 1, 1, 1], size: [6, 6] };
    const next = gaussian(3);
    const x = Array.from({ length: 3 * 16 * 36 }, () => Math.round(2 * next()) / 2);
    const write = (b: GraphBuilder) => {
      const r = b.node('Relu', [enter(b, 'x', 16)]);
      const pooled = b.node('MaxPool', [r], { kernel_shape: pool.kernel, strides: pool.stride, pads: pool.pads! });
      return b.node('Add', [pooled, b.node('ReduceSum', [r, b.ints([2, 3])], { keepdims: 1 })]);
    };
    const rectified = x.map((v) => Math.max(0, v));
    const ones = new Array<number>(3 * 16 * 9).fill(1);
    const expected = reference(rectified, 48, pool, [3, 3], ones).map((g, i) => (x[i]! > 0 ? g + 9 : 0));
    const got = await gradient([3, 16, 6, 6], x, write);
    expect(got).toEqual(expected);
    const plane = 16 * 36;
    const turned = await gradient([3, 16, 6, 6], [...x.slice(plane), ...x.slice(0, plane)], write);
    expect(turned).toEqual([...got.slice(plane), ...got.slice(0, plane)]);
  });
});

describe('Clip passes strictly between its bounds', () => {
  /** The float32 numbers next to a bound, the bound, and some far off. */
  const near = (bounds: number[]) =>
    bounds.flatMap((b) => {
      const bits = new Int32Array(Float32Array.of(b).buffer)[0]!;
      const next = (step: number) => new Float32Array(Int32Array.of(bits + step).buffer)[0]!;
      return b === 0 ? [-1e-30, 0, 1e-30] : [next(-1), b, next(1)];
    });
  const BOUNDS: [number | null, number | null][] = [
    [0, 6],
    [0, 1],
    [-1, 1],
    [0.1, 0.7],
    [-3, -1e-3],
    [null, 0],
    [null, 5.3],
    [2, null],
    [0, null],
    [0, 255],
    [0, 3e4],
  ];
  it.each(BOUNDS)('%s and %s, in blocks and outside', async (least, most) => {
    const values = [...near([least, most].filter((b) => b !== null)), -1e30, -7, -0.5, 0.05, 0.3, 3, 100, 1e30];
    const x = Array.from({ length: 2 * 16 * 4 }, (_, i) => values[i % values.length]!);
    const clip = (b: GraphBuilder, v: string) =>
      b.node('Clip', [v, least === null ? '' : b.scalar(least), most === null ? '' : b.scalar(most)]);
    const at = (v: number) => (v > Math.fround(least ?? -Infinity) && v < Math.fround(most ?? Infinity) ? 1 : 0);
    const expected = Array.from(Float32Array.from(x), at);
    expect(await gradient([2, 16, 2, 2], x, (b) => clip(b, enter(b, 'x', 16)))).toEqual(expected);
    expect(await gradient([x.length], x, (b) => clip(b, 'x'))).toEqual(expected);
  });
});

describe('averages spread evenly in blocks', () => {
  const dy = (count: number) => Array.from({ length: count }, (_, i) => (i % 11) - 4);
  it('windows side by side', async () => {
    const u = dy(2 * 16 * 3 * 2);
    const got = await gradient(
      [2, 16, 6, 6],
      new Float32Array(2 * 16 * 36),
      (b) => b.node('AveragePool', [enter(b, 'x', 16)], { kernel_shape: [2, 3], strides: [2, 3] }),
      u,
    );
    const expected = got.map((_, i) => u[Math.floor(i / 36) * 6 + Math.floor((i % 36) / 12) * 2 + Math.floor((i % 6) / 3)]! / 6);
    got.forEach((g, i) => expect(g).toBeCloseTo(expected[i]!, 6));
  });
  it('the whole plane', async () => {
    const u = dy(2 * 16);
    const got = await gradient([2, 16, 4, 5], new Float32Array(2 * 16 * 20), (b) => b.node('GlobalAveragePool', [enter(b, 'x', 16)]), u);
    got.forEach((g, i) => expect(g).toBeCloseTo(u[Math.floor(i / 20)]! / 20, 6));
  });
});

describe('activations in blocks have the slope of their formula', () => {
  const sigma = (x: number) => 1 / (1 + Math.exp(-x));
  const CASES: [string, (b: GraphBuilder, v: string) => string, (x: number) => number][] = [
    ['Sigmoid', (b, v) => b.node('Sigmoid', [v]), (x) => sigma(x) * sigma(-x)],
    ['Tanh', (b, v) => b.node('Tanh', [v]), (x) => 1 / Math.cosh(x) ** 2],
    ['x sigmoid(x)', (b, v) => b.node('Mul', [v, b.node('Sigmoid', [v])]), (x) => sigma(x) * (1 + x * sigma(-x))],
    ['sigmoid(x) x', (b, v) => b.node('Mul', [b.node('Sigmoid', [v]), v]), (x) => sigma(x) * (1 + x * sigma(-x))],
  ];
  it.each(CASES)('%s', async (_, write, slope) => {
    const x = Array.from({ length: 2 * 16 * 9 }, (_, i) => ((i * 37) % 288) / 12 - 12);
    for (const got of [
      await gradient([2, 16, 3, 3], x, (b) => write(b, enter(b, 'x', 16))),
      await gradient([x.length], x, (b) => write(b, 'x')),
    ])
      got.forEach((g, i) => expect(Math.abs(g - slope(x[i]!))).toBeLessThan(3e-6));
  });
  it('a gate that is read twice flows back by both ways', async () => {
    const x = Array.from({ length: 16 * 4 }, (_, i) => i / 8 - 4);
    const got = await gradient([1, 16, 2, 2], x, (b) => {
      const v = enter(b, 'x', 16);
      const gate = b.node('Sigmoid', [v]);
      return b.node('Add', [b.node('Mul', [v, gate]), gate]);
    });
    got.forEach((g, i) => expect(Math.abs(g - sigma(x[i]!) * (1 + (x[i]! + 1) * sigma(-x[i]!)))).toBeLessThan(3e-6));
  });
});

describe('a convolution with strides, of each channel by itself and of all with all', () => {
  interface Shape {
    kernel: [number, number];
    strides: [number, number];
    pads: [number, number, number, number];
    dilations?: [number, number];
    size: [number, number];
  }
  const CASES: [string, Shape][] = [
    ['3x3, stride 2, padded', { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], size: [8, 6] }],
    ['3x3, stride 2, padded, odd size', { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], size: [7, 5] }],
    ['5x5, stride 2, padded', { kernel: [5, 5], strides: [2, 2], pads: [2, 2, 2, 2], size: [9, 10] }],
    ['3x3, stride 2, padded at the end only (TensorFlow)', { kernel: [3, 3], strides: [2, 2], pads: [0, 0, 1, 1], size: [8, 8] }],
    ['3x3, stride 3, pixels left over', { kernel: [3, 3], strides: [3, 3], pads: [0, 0, 0, 0], size: [11, 8] }],
    ['2x3, stride 4x1: pixels that no window reads', { kernel: [2, 3], strides: [4, 1], pads: [0, 1, 0, 1], size: [11, 6] }],
    ['3x3, stride 2, dilated', { kernel: [3, 3], strides: [2, 2], pads: [2, 2, 2, 2], dilations: [2, 2], size: [8, 9] }],
    ['1x1, stride 2, padded: more than the kernel reaches', { kernel: [1, 1], strides: [2, 2], pads: [1, 1, 1, 1], size: [6, 6] }],
    ['2x2, stride 2: windows side by side', { kernel: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], size: [6, 8] }],
    ['4x5, stride 4x3, padded unevenly', { kernel: [4, 5], strides: [4, 3], pads: [0, 2, 0, 1], size: [8, 9] }],
    ['7x7, stride 2, padded', { kernel: [7, 7], strides: [2, 2], pads: [3, 3, 3, 3], size: [8, 10] }],
    ['3x3, stride 2, padded by more than the kernel reaches', { kernel: [3, 3], strides: [2, 2], pads: [4, 4, 4, 4], size: [6, 8] }],
  ];
  const BOTH = CASES.flatMap(([name, shape]) => [true, false].map((alone) => [name, alone ? 'alone' : 'all', shape] as const));
  it.each(BOTH)('%s: %s', async (_, mode, { kernel, strides, pads, dilations = [1, 1], size }) => {
    const [n, channels] = [2, 16];
    const inputs = mode === 'alone' ? 1 : channels;
    const next = gaussian(7);
    const weights = Array.from({ length: channels * inputs * elementCount(kernel) }, () => Math.fround(next() / inputs));
    const out = size.map((d, i) => Math.floor((d + pads[i]! + pads[i + 2]! - dilations[i]! * (kernel[i]! - 1) - 1) / strides[i]!) + 1) as [
      number,
      number,
    ];
    const dy = Array.from({ length: n * channels * elementCount(out) }, () => Math.fround(next()));
    const expected = new Float64Array(n * channels * elementCount(size));
    dy.forEach((g, at) => {
      const [plane, r, q] = [Math.floor(at / elementCount(out)), Math.floor(at / out[1]) % out[0], at % out[1]];
      const [image, m] = [Math.floor(plane / channels), plane % channels];
      for (let c = 0; c < inputs; c++)
        for (let i = 0; i < kernel[0]; i++)
          for (let j = 0; j < kernel[1]; j++) {
            const [row, column] = [r * strides[0] - pads[0] + i * dilations[0], q * strides[1] - pads[1] + j * dilations[1]];
            if (row < 0 || column < 0 || row >= size[0] || column >= size[1]) continue;
            const from = image * channels + (mode === 'alone' ? m : c);
            expected[(from * size[0] + row) * size[1] + column]! += g * weights[((m * inputs + c) * kernel[0] + i) * kernel[1] + j]!;
          }
    });
    const group = mode === 'alone' ? channels : 1;
    const write = (b: GraphBuilder) =>
      b.node('Conv', ['x', b.constant(weights, [channels, inputs, ...kernel])], { group, kernel_shape: kernel, strides, pads, dilations });
    const got = await gradient([n, channels, ...size], new Float32Array(expected.length), write, dy);
    got.forEach((g, i) => expect(Math.abs(g - expected[i]!)).toBeLessThan(1e-5));
  });
});

describe('an image times a factor per channel (squeeze and excitation)', () => {
  it.each([true, false])('factor second: %s', async (second) => {
    const [n, c, s] = [2, 16, 12];
    const next = gaussian(11);
    const x = Array.from({ length: n * c * s }, () => Math.fround(next()));
    const u = Array.from({ length: n * c * s }, () => Math.fround(next()));
    const write = (b: GraphBuilder) => {
      const v = enter(b, 'x', c);
      const gate = b.node('Sigmoid', [b.node('GlobalAveragePool', [v])]);
      return b.node('Mul', second ? [v, gate] : [gate, v]);
    };
    // y = x sigma(m), m the mean of a plane: u sigma(m) + sigma'(m) <u, x> / s.
    const got = await gradient([n, c, 3, 4], x, write, u);
    for (let plane = 0; plane < n * c; plane++) {
      const at = Array.from({ length: s }, (_, i) => plane * s + i);
      const sigma = 1 / (1 + Math.exp(-at.reduce((m, i) => m + x[i]! / s, 0)));
      const along = at.reduce((m, i) => m + u[i]! * x[i]!, 0);
      for (const i of at) expect(Math.abs(got[i]! - (u[i]! * sigma + (sigma * (1 - sigma) * along) / s))).toBeLessThan(1e-5);
    }
  });
});

describe('GELU written out', () => {
  const slope = (x: number) => {
    // Phi(x) + x phi(x), with erf by its series: good to 1e-9 for |x| <= 4.
    let [term, sum] = [x, x];
    for (let k = 1; k < 80; k++) {
      term *= -(x * x) / (2 * k);
      sum += term / (2 * k + 1);
    }
    const density = 1 / Math.sqrt(2 * Math.PI);
    return 0.5 + density * sum + x * density * Math.exp((-x * x) / 2);
  };
  const one = (b: GraphBuilder) => b.scalar(1);
  const erf = (b: GraphBuilder, u: string) => b.node('Erf', [u]);
  const CASES: [string, (b: GraphBuilder) => string][] = [
    [
      'PyTorch',
      (b) =>
        b.node('Mul', [b.node('Mul', ['x', b.node('Add', [erf(b, b.node('Div', ['x', b.scalar(Math.SQRT2)])), one(b)])]), b.scalar(0.5)]),
    ],
    [
      'the gate first',
      (b) =>
        b.node('Mul', [b.scalar(0.5), b.node('Mul', [b.node('Add', [one(b), erf(b, b.node('Mul', [b.scalar(Math.SQRT1_2), 'x']))]), 'x'])]),
    ],
    [
      'half first',
      (b) =>
        b.node('Mul', [b.node('Mul', ['x', b.scalar(0.5)]), b.node('Add', [erf(b, b.node('Mul', ['x', b.scalar(Math.SQRT1_2)])), one(b)])]),
    ],
    ['as one node', (b) => b.node('Gelu', ['x'], {}, { domain: 'com.microsoft' })],
  ];
  const x = Array.from({ length: 81 }, (_, i) => i / 10 - 4);
  it.each(CASES)('%s', async (_, write) => {
    (await gradient([81], x, write)).forEach((g, i) => expect(Math.abs(g - slope(x[i]!))).toBeLessThan(2e-6));
  });
  it('not where the gate is another function, or read by others', async () => {
    const other = await gradient([81], x, (b) =>
      b.node('Mul', ['x', b.node('Add', [erf(b, b.node('Mul', ['x', b.scalar(Math.SQRT1_2)])), b.scalar(2)])]),
    );
    other.forEach((g, i) => expect(Math.abs(g - (2 * slope(x[i]!) + 1))).toBeLessThan(4e-6));
    const shared = await gradient([81], x, (b) => {
      const e = erf(b, b.node('Mul', ['x', b.scalar(Math.SQRT1_2)]));
      return b.node('Add', [b.node('Mul', ['x', b.node('Add', [e, one(b)])]), e]);
    });
    shared.forEach((g, i) =>
      expect(Math.abs(g - (2 * slope(x[i]!) + (2 * Math.exp((-x[i]! * x[i]!) / 2)) / Math.sqrt(2 * Math.PI)))).toBeLessThan(4e-6),
    );
  });
});
