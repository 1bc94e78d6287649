import { interleaved } from './trial.ts';
import type { Case, Pen } from './trial.ts';

interface Geometry {
  /** Channels of x and of y, size of y, kernel and stride; padding is that of torchvision. */
  c: number;
  m: number;
  size: number;
  kernel: number;
  stride: number;
  pad: number;
  depthwise?: boolean;
}

/** Weights [M, C/g, k, k] of the forward convolution, the same numbers in each variant. */
function forwardWeights({ c, m, kernel, depthwise }: Geometry): Float32Array {
  const count = m * (depthwise ? 1 : c) * kernel * kernel;
  return Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i) / kernel);
}

const group = ({ c, depthwise }: Geometry) => (depthwise ? c : 1);

function convTranspose(pen: Pen, dy: string, g: Geometry): string {
  const w = pen.b.constant(forwardWeights(g), [g.m, g.depthwise ? 1 : g.c, g.kernel, g.kernel]);
  const out = g.size * g.stride;
  const rest = (out + 2 * g.pad - g.kernel) % g.stride;
  return pen.b.node('ConvTranspose', [dy, w], {
    strides: [g.stride, g.stride],
    pads: [g.pad, g.pad, g.pad, g.pad],
    output_padding: [rest, rest],
    group: group(g),
    kernel_shape: [g.kernel, g.kernel],
  });
}

/** Weight of the adjoint at input channel m, output channel c and tap (i, j), read from the forward weights. */
function tap(w: Float32Array, { c: channels, kernel, depthwise }: Geometry, m: number, c: number, i: number, j: number): number {
  return w[((depthwise ? m : m * channels + c) * kernel + i) * kernel + j]!;
}

/** The adjoint's kernel, turned round. */
function turned(g: Geometry): Float32Array {
  const w = forwardWeights(g);
  const k = g.kernel;
  const inputs = g.depthwise ? 1 : g.m;
  const out = new Float32Array(g.c * inputs * k * k);
  for (let c = 0; c < g.c; c++)
    for (let m = 0; m < inputs; m++)
      for (let i = 0; i < k; i++)
        for (let j = 0; j < k; j++) out[((c * inputs + m) * k + i) * k + j] = tap(w, g, g.depthwise ? c : m, c, k - 1 - i, k - 1 - j);
  return out;
}

function stride1(pen: Pen, dy: string, g: Geometry): string {
  const w = pen.b.constant(turned(g), [g.c, g.depthwise ? 1 : g.m, g.kernel, g.kernel]);
  const p = g.kernel - 1 - g.pad;
  return pen.b.node('Conv', [dy, w], { group: group(g), kernel_shape: [g.kernel, g.kernel], pads: [p, p, p, p] });
}

/** Zeros between the entries of dy, then a convolution at stride 1: stride² times the work. */
function zeroStuffed(pen: Pen, dy: string, g: Geometry): string {
  const { size, stride: s, m, kernel, pad } = g;
  const open = pen.b.node('Reshape', [dy, pen.b.ints([8, m, size, 1, size, 1])]);
  const padded = pen.b.node('Pad', [open, pen.b.ints([0, 0, 0, 0, 0, 0, 0, 0, 0, s - 1, 0, s - 1])]);
  const stuffed = pen.b.node('Reshape', [padded, pen.b.ints([8, m, size * s, size * s])]);
  const w = pen.b.constant(turned(g), [g.c, g.depthwise ? 1 : m, kernel, kernel]);
  const before = kernel - 1 - pad;
  const after = kernel - 1 - before;
  return pen.b.node('Conv', [stuffed, w], { group: group(g), kernel_shape: [kernel, kernel], pads: [before, before, after, after] });
}

/**
 * Phases: dx at rows r, r + s, r + 2s, ... is a convolution of dy at stride 1 with every s-th row of the kernel. dx row X = s q + r
 * gets tap i from dy row q + (r + pad - i) / s, where that is whole.
 */
function phaseTaps(g: Geometry, r: number): { shift: number; tap: number }[] {
  const taps = [];
  for (let i = 0; i < g.kernel; i++) if ((r + g.pad - i) % g.stride === 0) taps.push({ shift: (r + g.pad - i) / g.stride, tap: i });
  return taps.sort((a, b) => a.shift - b.shift);
}

/** All phases in one convolution with s² C outputs. */
function phasesAtOnce(pen: Pen, dy: string, g: Geometry, byDepthToSpace: boolean): string {
  const { stride: s, c: channels, m: inputs } = g;
  const shifts = Array.from({ length: s }, (_, r) => phaseTaps(g, r))
    .flat()
    .map((t) => t.shift);
  const [low, high] = [Math.min(...shifts), Math.max(...shifts)];
  const k = high - low + 1;
  const w = forwardWeights(g);
  const data = new Float32Array(s * s * channels * inputs * k * k);
  for (let a = 0; a < s; a++)
    for (let b = 0; b < s; b++)
      for (const ti of phaseTaps(g, a))
        for (const tj of phaseTaps(g, b))
          for (let c = 0; c < channels; c++)
            for (let m = 0; m < inputs; m++) {
              const out = (a * s + b) * channels + c;
              data[((out * inputs + m) * k + ti.shift - low) * k + tj.shift - low] = tap(w, g, m, c, ti.tap, tj.tap);
            }
  const weights = pen.b.constant(data, [s * s * channels, inputs, k, k]);
  const phases = pen.b.node('Conv', [dy, weights], { kernel_shape: [k, k], pads: [-low, -low, high, high] });
  if (byDepthToSpace) return pen.b.node('DepthToSpace', [phases], { blocksize: s, mode: 'DCR' });
  const parts = pen.b.nodes('Split', [phases], { axis: 1, num_outputs: s * s }, { outputs: s * s });
  return interleaved(pen, parts, s, [8, channels, g.size, g.size]);
}

/** One convolution a phase, with no tap more than needed. */
function phaseByPhase(pen: Pen, dy: string, g: Geometry): string {
  const { stride: s, c: channels, size } = g;
  const inputs = g.depthwise ? 1 : g.m;
  const w = forwardWeights(g);
  const parts: string[] = [];
  for (let a = 0; a < s; a++)
    for (let b = 0; b < s; b++) {
      const [rows, columns] = [phaseTaps(g, a), phaseTaps(g, b)];
      if (rows.length === 0 || columns.length === 0) {
        parts.push(pen.b.node('Expand', [pen.b.scalar(0), pen.b.ints([8, channels, size, size])]));
        continue;
      }
      const data = new Float32Array(channels * inputs * rows.length * columns.length);
      let at = 0;
      for (let c = 0; c < channels; c++)
        for (let m = 0; m < inputs; m++)
          for (const i of rows) for (const j of columns) data[at++] = tap(w, g, g.depthwise ? c : m, c, i.tap, j.tap);
      const weights = pen.b.constant(data, [channels, inputs, rows.length, columns.length]);
      const end = (taps: typeof rows) => taps[taps.length - 1]!.shift;
      const pads = [-rows[0]!.shift, -columns[0]!.shift, end(rows), end(columns)];
      parts.push(pen.b.node('Conv', [dy, weights], { group: group(g), kernel_shape: [rows.length, columns.length], pads }));
    }
  return interleaved(pen, parts, s, [8, channels, size, size]);
}

function adjoint(name: string, g: Geometry): Case {
  const { size, stride, m, c, depthwise } = g;
  const variants: Case['variants'] = { ConvTranspose: (pen, { dy }) => convTranspose(pen, dy!, g) };
  if (stride === 1) variants['Conv with turned weights'] = (pen, { dy }) => stride1(pen, dy!, g);
  else {
    if (stride === 2) variants['zeros between, then Conv'] = (pen, { dy }) => zeroStuffed(pen, dy!, g);
    if (!depthwise) variants['phases in one Conv, DepthToSpace'] = (pen, { dy }) => phasesAtOnce(pen, dy!, g, true);
    if (!depthwise) variants['phases in one Conv, Concat'] = (pen, { dy }) => phasesAtOnce(pen, dy!, g, false);
    if (stride === 2) variants['a Conv a phase'] = (pen, { dy }) => phaseByPhase(pen, dy!, g);
  }
  return { name, inputs: { dy: [8, m, size, size] }, output: [8, c, size * stride, size * stride], layout: 'planes', variants };
}

export const windows: Case[] = [
  adjoint('Conv 7x7 stride 2, 3 to 64, from 224', { c: 3, m: 64, size: 112, kernel: 7, stride: 2, pad: 3 }),
  adjoint('Conv 3x3 stride 2, 64 to 128, from 56', { c: 64, m: 128, size: 28, kernel: 3, stride: 2, pad: 1 }),
  adjoint('Conv 3x3 stride 2, 256 to 512, from 14', { c: 256, m: 512, size: 7, kernel: 3, stride: 2, pad: 1 }),
  adjoint('Conv 1x1 stride 2, 64 to 128, from 56', { c: 64, m: 128, size: 28, kernel: 1, stride: 2, pad: 0 }),
  adjoint('Conv 3x3 stride 2, 3 to 32, from 224', { c: 3, m: 32, size: 112, kernel: 3, stride: 2, pad: 1 }),
  adjoint('Conv 4x4 stride 4, 3 to 96, from 224', { c: 3, m: 96, size: 56, kernel: 4, stride: 4, pad: 0 }),
  adjoint('Conv 2x2 stride 2, 96 to 192, from 56', { c: 96, m: 192, size: 28, kernel: 2, stride: 2, pad: 0 }),
  adjoint('depthwise 3x3, 144 channels at 56', { c: 144, m: 144, size: 56, kernel: 3, stride: 1, pad: 1, depthwise: true }),
  adjoint('depthwise 7x7, 96 channels at 56', { c: 96, m: 96, size: 56, kernel: 7, stride: 1, pad: 3, depthwise: true }),
  adjoint('depthwise 3x3 stride 2, 96 channels from 112', { c: 96, m: 96, size: 56, kernel: 3, stride: 2, pad: 1, depthwise: true }),
  adjoint('depthwise 5x5 stride 2, 144 channels from 56', { c: 144, m: 144, size: 28, kernel: 5, stride: 2, pad: 2, depthwise: true }),
];
