import { DType } from '../../src-main/graph/index.ts';
import { interleaved } from './trial.ts';
import type { Case, Pen } from './trial.ts';

const [N, C, SIZE, HALF] = [8, 64, 112, 56];
const BIG = [N, C, SIZE, SIZE];
const SMALL = [N, C, HALF, HALF];
const WINDOW = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };

/** Puts the values of a window where they came from: what onnxruntime's own indices allow. */
function scattered(pen: Pen, x: string, dy: string): string {
  const [, indices] = pen.b.nodes('MaxPool', [x], WINDOW, { outputs: 2 });
  const flat = pen.b.ints([-1]);
  const zeros = pen.b.node('Expand', [pen.b.scalar(0), pen.b.ints([N * C * SIZE * SIZE])]);
  const places = pen.b.node('Reshape', [indices!, flat]);
  return pen.b.node('Reshape', [
    pen.b.node('ScatterElements', [zeros, places, pen.b.node('Reshape', [dy, flat])], { axis: 0, reduction: 'add' }),
    pen.b.ints(BIG),
  ]);
}

/** One tap of a 3x3 window on every channel, as a depthwise convolution; fuses with the Add and the HardSigmoid behind it. */
function onTap(pen: Pen, value: string, i: number, j: number, weight: number): string {
  const data = new Float32Array(C * 9);
  for (let c = 0; c < C; c++) data[c * 9 + i * 3 + j] = weight;
  return pen.b.node('Conv', [value, pen.b.constant(data, [C, 1, 3, 3])], { group: C, ...WINDOW });
}

/**
 * Without indices: tap k takes what is left of dy where x_k equals the maximum, the first tap first. "Different" is
 * HardSigmoid(∞ (y - x_k)); the share of tap k is left_{k-1} - left_k. Each of the four phases of dx collects the shares of its taps.
 */
function compared(pen: Pen, x: string, dy: string): string {
  const y = pen.b.node('MaxPool', [x], WINDOW);
  const phases: (string | null)[] = [null, null, null, null];
  const shiftBy = (value: string, di: number, dj: number) => {
    if (di === 0 && dj === 0) return value;
    const k = [1 + di, 1 + dj] as const;
    const taps = new Float32Array(C * k[0] * k[1]);
    for (let c = 0; c < C; c++) taps[(c + 1) * k[0] * k[1] - 1] = 1;
    return pen.b.node('Conv', [value, pen.b.constant(taps, [C, 1, ...k])], { group: C, kernel_shape: [...k], pads: [0, 0, di, dj] });
  };
  const minus = pen.b.constant(new Array<number>(C).fill(-1), [C, 1, 1, 1]);
  let left = dy;
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const different = pen.hardSigmoid(pen.add(onTap(pen, x, i, j, -1), y), 3e38, 0);
      const rest = pen.mul(left, different);
      const share = pen.add(pen.b.node('Conv', [rest, minus], { group: C, kernel_shape: [1, 1] }), left);
      left = rest;
      // Tap 0 of window o is row 2 o - 1: the odd phase, one row up; tap 1 is the even phase; tap 2 the odd phase.
      const phase = 2 * (i === 1 ? 0 : 1) + (j === 1 ? 0 : 1);
      const placed = shiftBy(share, i === 0 ? 1 : 0, j === 0 ? 1 : 0);
      phases[phase] = phases[phase] ? pen.add(phases[phase]!, placed) : placed;
    }
  return interleaved(pen, phases as string[], 2, [N, C, HALF, HALF]);
}

/** Windows of a Relu hold nothing below 0, so a convolution's zero padding is no false maximum; where all is 0 the mask stops dy. */
function behindRelu(pen: Pen, x: string, dy: string, adjoint: (pen: Pen, x: string, dy: string) => string): string {
  const positive = pen.b.node('Relu', [x]);
  const mask = pen.hardSigmoid(pen.b.node('MaxPool', [positive], WINDOW), 3e38, 0);
  return adjoint(pen, positive, pen.mul(dy, mask));
}

const maxPool: Case = {
  name: 'MaxPool 3x3 stride 2 of a Relu, with its forward pass, 8x64x112x112',
  inputs: { x: BIG, dy: SMALL },
  output: BIG,
  layout: 'planes',
  variants: {
    'indices, ScatterElements': (pen, { x, dy }) => behindRelu(pen, x!, dy!, scattered),
    'nine comparisons, phases': (pen, { x, dy }) => behindRelu(pen, x!, dy!, compared),
  },
};

const ones = (count: number) => new Array<number>(count).fill(1);

const tiled: Case = {
  name: 'AveragePool 2x2 stride 2, 8x64x112x112',
  inputs: { dy: SMALL },
  output: BIG,
  layout: 'planes',
  variants: {
    'Mul, Reshape, Expand'(pen, { dy }) {
      const open = pen.b.node('Reshape', [pen.mul(dy!, pen.b.scalar(0.25)), pen.b.ints([N, C, HALF, 1, HALF, 1])]);
      return pen.b.node('Reshape', [pen.b.node('Expand', [open, pen.b.ints([N, C, HALF, 2, HALF, 2])]), pen.b.ints(BIG)]);
    },
    'depthwise 1x1 Conv by 1/4, Resize nearest'(pen, { dy }) {
      const quarter = pen.b.node(
        'Conv',
        [
          dy!,
          pen.b.constant(
            ones(C).map(() => 0.25),
            [C, 1, 1, 1],
          ),
        ],
        { group: C, kernel_shape: [1, 1] },
      );
      return pen.b.node('Resize', [quarter, '', pen.b.constant([1, 1, 2, 2], [4])], {
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      });
    },
  },
};

const globalAverage: Case = {
  name: 'GlobalAveragePool, 8x512x7x7',
  inputs: { dy: [N, 512, 1, 1] },
  output: [N, 512, 7, 7],
  layout: 'planes',
  variants: {
    'Div, Expand': (pen, { dy }) => pen.b.node('Expand', [pen.b.node('Div', [dy!, pen.b.scalar(49)]), pen.b.ints([N, 512, 7, 7])]),
    'Div, Resize nearest'(pen, { dy }) {
      const part = pen.b.node('Div', [dy!, pen.b.scalar(49)]);
      return pen.b.node('Resize', [part, '', pen.b.constant([1, 1, 7, 7], [4])], {
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      });
    },
  },
};

/** Four planes at half size into one, a pixel from each by turns. */
const interleave: Case = {
  name: 'putting four phases together, 8x96x112x112',
  inputs: { a: [N, 96, HALF, HALF], b: [N, 96, HALF, HALF], c: [N, 96, HALF, HALF], d: [N, 96, HALF, HALF] },
  output: [N, 96, SIZE, SIZE],
  layout: 'planes',
  variants: {
    'Concat, DepthToSpace': (pen, { a, b, c, d }) =>
      pen.b.node('DepthToSpace', [pen.b.node('Concat', [a!, b!, c!, d!], { axis: 1 })], { blocksize: 2, mode: 'DCR' }),
    'Concat, Transpose'(pen, { a, b, c, d }) {
      const all = pen.b.node('Reshape', [pen.b.node('Concat', [a!, b!, c!, d!], { axis: 1 }), pen.b.ints([N, 2, 2, 96, HALF, HALF])]);
      return pen.b.node('Reshape', [pen.b.node('Transpose', [all], { perm: [0, 3, 4, 1, 5, 2] }), pen.b.ints([N, 96, SIZE, SIZE])]);
    },
    'rows by Concat, columns by Concat': (pen, { a, b, c, d }) => interleaved(pen, [a!, b!, c!, d!], 2, [N, 96, HALF, HALF]),
    'rows by Concat, columns by MatMul'(pen, { a, b, c, d }) {
      const shuffle = new Float32Array(SIZE * SIZE);
      for (let j = 0; j < SIZE; j++) shuffle[((j % 2) * HALF + (j >> 1)) * SIZE + j] = 1;
      const matrix = pen.b.constant(shuffle, [SIZE, SIZE]);
      const columns = (p: string, q: string) => {
        const side = pen.b.node('Concat', [p, q], { axis: 3 });
        return pen.b.node('Reshape', [pen.b.node('MatMul', [side, matrix]), pen.b.ints([N, 96, HALF, 1, SIZE])]);
      };
      return pen.b.node('Reshape', [
        pen.b.node('Concat', [columns(a!, b!), columns(c!, d!)], { axis: 3 }),
        pen.b.ints([N, 96, SIZE, SIZE]),
      ]);
    },
    'spread each by Resize, masks'(pen, { a, b, c, d }) {
      const terms = [a!, b!, c!, d!].map((phase, k) => {
        const mask = Float32Array.from({ length: SIZE * SIZE }, (_, at) => (2 * ((at / SIZE) & 1) + (at & 1) === k ? 1 : 0));
        const wide = pen.b.node('Resize', [phase, '', pen.b.constant([1, 1, 2, 2], [4])], {
          mode: 'nearest',
          coordinate_transformation_mode: 'asymmetric',
          nearest_mode: 'floor',
        });
        return pen.mul(wide, pen.b.constant(mask, [1, 1, SIZE, SIZE], DType.float32, 'mask'));
      });
      return terms.reduce((sum, term) => pen.add(sum, term));
    },
  },
};

export const pooling: Case[] = [maxPool, tiled, globalAverage, interleave];
