import { asFloat } from '../../src-main/graph/index.ts';
import type { AttributeValue } from '../../src-main/graph/index.ts';

/**
 * Input of a case: dimensions of a random value that the gradient is taken for; a random value that stays fixed;
 * whole numbers (int64 unless said to be int32, one axis unless dims are given); booleans; or '' for one that is left out.
 */
export type Input =
  | number[]
  | { fixed: number[] }
  | { ints: number[]; dims?: number[]; narrow?: boolean }
  | { floats: number[]; dims?: number[] }
  | { bools: number[]; dims: number[] }
  | '';

export interface Case {
  op: string;
  inputs: Input[];
  attributes?: Record<string, AttributeValue>;
  /** Range of the random values; [-2, 2] where not given. */
  range?: [number, number];
  /** Number of outputs, and the one that is differentiated. */
  outputs?: number;
  of?: number;
  /** Outputs that are left out. */
  absent?: number[];
  opset?: number;
  domain?: string;
  /** False where onnxruntime's kernel for float64 computes in float32. */
  double?: boolean;
}

export const c = (op: string, inputs: Input[], attributes: Record<string, AttributeValue> = {}, more: Partial<Case> = {}): Case => ({
  op,
  inputs,
  attributes,
  ...more,
});
const every = (ops: string[], inputs: Input[], more: Partial<Case> = {}): Case[] => ops.map((op) => c(op, inputs, {}, more));

const image = [2, 3, 6, 5];

export const ACTIVATIONS: Case[] = [
  ...every(
    [
      'Relu',
      'Sigmoid',
      'Tanh',
      'Softplus',
      'Softsign',
      'LeakyRelu',
      'Elu',
      'Celu',
      'Selu',
      'ThresholdedRelu',
      'HardSigmoid',
      'HardSwish',
      'Mish',
    ],
    [[2, 3, 4]],
  ),
  c('LeakyRelu', [[3, 4]], { alpha: asFloat(0.3) }),
  c('Elu', [[3, 4]], { alpha: asFloat(0.7) }),
  c('Shrink', [[4, 5]], { lambd: asFloat(0.75), bias: asFloat(0.75) }, { double: false }),
  c('Celu', [[3, 4]], { alpha: asFloat(0.7) }),
  c('Selu', [[3, 4]], { alpha: asFloat(1.2), gamma: asFloat(0.8) }),
  c('ThresholdedRelu', [[3, 4]], { alpha: asFloat(0.4) }),
  c('HardSigmoid', [[4, 5]], { alpha: asFloat(0.4), beta: asFloat(0.3) }),
  c('HardSwish', [[4, 5]], {}, { range: [-5, 5] }),
  c('PRelu', [image, [3, 1, 1]]),
  c('PRelu', [[2, 5], [5]]),
  c('Gelu', [[3, 4]], {}, { opset: 20 }),
  c('Gelu', [[3, 4]], { approximate: 'tanh' }, { opset: 20 }),
  c('Swish', [[3, 4]], { alpha: asFloat(1.3) }, { opset: 24 }),
  c('Gelu', [[3, 4]], {}, { domain: 'com.microsoft' }),
  c('QuickGelu', [[3, 4]], { alpha: asFloat(1.5) }, { domain: 'com.microsoft' }),
];

export const UNARY: Case[] = [
  ...every(['Identity', 'Neg', 'Abs', 'Exp', 'Erf', 'Sin', 'Cos', 'Atan', 'Sinh', 'Cosh', 'Asinh'], [[2, 7]]),
  ...every(['Log', 'Sqrt', 'Reciprocal'], [[2, 7]], { range: [0.3, 3] }),
  ...every(['Asin', 'Acos', 'Atanh', 'Tan'], [[2, 7]], { range: [-0.8, 0.8] }),
  c('Acosh', [[2, 7]], {}, { range: [1.3, 3] }),
];

export const BINARY: Case[] = [
  ...every(
    ['Add', 'Sub', 'Mul'],
    [
      [2, 3, 4],
      [3, 1],
    ],
  ),
  ...every(
    ['Add', 'Sub', 'Mul', 'Sum', 'Mean', 'Max', 'Min'],
    [
      [3, 4],
      [2, 1, 4],
    ],
  ),
  c(
    'Div',
    [
      [2, 3, 4],
      [3, 1],
    ],
    {},
    { range: [0.5, 2] },
  ),
  c('Div', [[4], [2, 3, 4]], {}, { range: [0.5, 2] }),
  c(
    'Pow',
    [
      [2, 3],
      [2, 3],
    ],
    {},
    { range: [0.5, 2] },
  ),
  c('Pow', [[2, 3], [3]], {}, { range: [0.5, 2] }),
  c('Pow', [[2, 3], { floats: [2] }]),
  c('Pow', [[2, 3], { floats: [3] }]),
  c('Pow', [[2, 3], { floats: [1] }]),
  c('Pow', [[2, 3], { floats: [-0.5] }], {}, { range: [0.5, 2] }),
  c('Pow', [[2, 3], { ints: [3] }]),
  c('Mod', [[2, 3], [3]], { fmod: 1 }, { range: [0.5, 2] }),
  c('Sum', [[2, 3], [3], [2, 1]]),
  c('Max', [[2, 3], [3], [2, 1]]),
  c('Min', [[2, 3]]),
  c('Mean', [[2, 3], [1], [2, 1]]),
  c('Where', [{ bools: [1, 0, 1], dims: [3] }, [2, 3], [2, 1]]),
  c('Clip', [[4, 5], { floats: [-1] }, { floats: [0.5] }]),
  c('Clip', [[4, 5], { floats: [-1] }]),
  c('Clip', [[4, 5], '', { floats: [0.5] }]),
  c('Clip', [[4, 5]]),
  c('Clip', [[4, 5], [], { floats: [1.5] }], {}, { range: [-1, 1] }),
  c('Clip', [[4, 5], { floats: [-1.5] }, []], {}, { range: [-1, 1] }),
  c('Clip', [[4, 5], []]),
  c('Clip', [[4, 5], [], []]),
];

export const CONVOLUTIONS: Case[] = [
  c('Conv', [image, { fixed: [4, 3, 3, 3] }]),
  c('Conv', [image, { fixed: [4, 3, 3, 3] }, { fixed: [4] }], { pads: [1, 1, 1, 1] }),
  c('Conv', [[2, 16, 7, 6], { fixed: [32, 16, 3, 3] }], { pads: [1, 1, 1, 1] }),
  c('Conv', [[1, 16, 7, 6], { fixed: [16, 16, 2, 3] }], { pads: [0, 1, 2, 0] }),
  c('Conv', [[1, 4, 7, 6], { fixed: [6, 4, 1, 1] }]),
  c('Conv', [[1, 4, 7, 6], { fixed: [6, 4, 1, 1] }], { strides: [2, 2] }),
  c('Conv', [[1, 4, 7, 6], { fixed: [6, 4, 2, 2] }], { pads: [2, 1, 1, 3] }),
  c('Conv', [[1, 4, 9, 8], { fixed: [6, 4, 3, 3] }], { dilations: [2, 2], pads: [1, 0, 2, 1] }),
  c('Conv', [[1, 4, 9, 8], { fixed: [6, 4, 3, 3] }], { strides: [2, 3], pads: [1, 0, 1, 1] }),
  c('Conv', [[1, 4, 9, 8], { fixed: [6, 4, 3, 2] }], { strides: [3, 2], dilations: [2, 1] }),
  c('Conv', [[1, 6, 7, 6], { fixed: [4, 3, 3, 3] }], { group: 2, pads: [1, 1, 1, 1] }),
  c('Conv', [[1, 8, 7, 6], { fixed: [12, 4, 3, 3] }], { group: 2, pads: [1, 1, 1, 1] }),
  c('Conv', [[1, 8, 7, 6], { fixed: [12, 4, 3, 3] }], { group: 2, strides: [2, 2] }),
  c('Conv', [[1, 16, 7, 6], { fixed: [16, 1, 3, 3] }], { group: 16, pads: [1, 1, 1, 1] }),
  c('Conv', [[1, 16, 7, 6], { fixed: [16, 1, 3, 3] }], { group: 16, strides: [2, 2], pads: [1, 1, 1, 1] }),
  c('Conv', [[1, 5, 7, 6], { fixed: [10, 1, 3, 3] }], { group: 5 }),
  c('Conv', [[1, 4, 7, 6], { fixed: [6, 4, 3, 3] }], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  c('Conv', [[1, 4, 7, 6], { fixed: [6, 4, 2, 3] }], { auto_pad: 'SAME_LOWER' }),
  c('Conv', [[1, 4, 7, 6], { fixed: [6, 4, 3, 3] }], { auto_pad: 'VALID' }),
  c('Conv', [[2, 4, 9], { fixed: [5, 4, 3] }], { pads: [1, 1] }),
  c('Conv', [[2, 4, 9], { fixed: [5, 4, 3] }], { strides: [2] }),
  c('Conv', [[1, 4, 5, 4, 6], { fixed: [5, 4, 2, 3, 3] }], { pads: [0, 1, 1, 1, 1, 0] }),
  c('Conv', [[1, 4, 5, 4, 6], { fixed: [5, 4, 2, 3, 3] }], { strides: [2, 1, 2] }),
  c('Conv', [[2, 3, 6, 5], [4, 3, 3, 2], [4]], { pads: [1, 0, 0, 1], strides: [2, 1] }),
  c('Conv', [[2, 6, 6, 5], [8, 3, 3, 2], [8]], { group: 2, pads: [1, 0, 0, 1], strides: [2, 1] }),
  c(
    'Conv',
    [
      [1, 4, 7, 8],
      [4, 1, 2, 3],
    ],
    { group: 4, dilations: [1, 2] },
  ),
  c(
    'Conv',
    [
      [2, 4, 9],
      [6, 2, 3],
    ],
    { group: 2, strides: [2], auto_pad: 'SAME_LOWER' },
  ),
  c('ConvTranspose', [[1, 4, 5, 4], { fixed: [4, 6, 3, 3] }]),
  c('ConvTranspose', [[1, 4, 5, 4], { fixed: [4, 3, 3, 3] }, { fixed: [6] }], {
    group: 2,
    strides: [2, 2],
    pads: [1, 0, 0, 1],
    output_padding: [1, 1],
  }),
  c('ConvTranspose', [[1, 4, 5, 4], { fixed: [4, 6, 3, 2] }], { strides: [2, 3], dilations: [2, 1] }),
  c('ConvTranspose', [[1, 4, 5, 4], { fixed: [4, 6, 3, 3] }], { strides: [2, 2], output_shape: [10, 8] }),
  c('ConvTranspose', [[1, 4, 5, 4], { fixed: [4, 6, 3, 3] }], { strides: [2, 2], output_shape: [12, 10] }),
  c('ConvTranspose', [[1, 4, 5, 4], { fixed: [4, 6, 3, 3] }], { strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  c('ConvTranspose', [[1, 4, 7], { fixed: [4, 6, 3] }], { strides: [2] }),
  c('ConvTranspose', [[2, 4, 5, 4], [4, 3, 3, 2], [3]], { strides: [2, 1], pads: [1, 0, 0, 1] }),
  c(
    'ConvTranspose',
    [
      [2, 4, 5, 4],
      [4, 3, 3, 2],
    ],
    { group: 2, strides: [2, 3], output_padding: [1, 0], dilations: [1, 2] },
  ),
  c(
    'ConvTranspose',
    [
      [1, 4, 5, 4],
      [4, 6, 3, 3],
    ],
    { strides: [2, 2], output_shape: [10, 8] },
  ),
];

export const MATRICES: Case[] = [
  c('Gemm', [[3, 4], [4, 5], [5]]),
  c(
    'Gemm',
    [
      [4, 3],
      [5, 4],
      [3, 1],
    ],
    { transA: 1, transB: 1, alpha: asFloat(0.7), beta: asFloat(1.3) },
  ),
  c(
    'Gemm',
    [
      [3, 4],
      [5, 4],
    ],
    { transB: 1 },
  ),
  c(
    'Gemm',
    [
      [4, 3],
      [4, 5],
      [3, 5],
    ],
    { transA: 1, beta: asFloat(0.5) },
  ),
  c('MatMul', [
    [3, 4],
    [4, 5],
  ]),
  c('MatMul', [
    [2, 3, 4],
    [4, 5],
  ]),
  c('MatMul', [
    [2, 3, 4],
    [2, 4, 5],
  ]),
  c('MatMul', [
    [2, 1, 3, 4],
    [3, 4, 5],
  ]),
  c('MatMul', [
    [3, 4],
    [2, 4, 5],
  ]),
  c('MatMul', [[4], [4, 5]]),
  c('MatMul', [[2, 3, 4], [4]]),
  c('MatMul', [[4], [4]]),
  c(
    'Einsum',
    [
      [3, 4],
      [4, 5],
    ],
    { equation: 'ij,jk->ik' },
  ),
  c(
    'Einsum',
    [
      [2, 3, 4],
      [2, 5, 4],
    ],
    { equation: 'bid, bjd -> bij' },
  ),
  c(
    'Einsum',
    [
      [2, 3, 4, 5],
      [2, 5, 6, 4],
    ],
    { equation: 'bhwc,bckw->bkh' },
  ),
  c(
    'Einsum',
    [
      [2, 3, 4],
      [4, 5],
    ],
    { equation: '...k,kj->...j' },
  ),
  c(
    'Einsum',
    [
      [2, 3, 4],
      [1, 3, 4],
    ],
    { equation: '...ij,...ij->...i' },
  ),
  c('Einsum', [[3, 4]], { equation: 'ij->ji' }),
  c('Einsum', [[3, 4]], { equation: 'ij->j' }),
  c(
    'Einsum',
    [
      [3, 4],
      [3, 5],
    ],
    { equation: 'ij,ik' },
  ),
  c('Einsum', [[3], [4], [3, 4]], { equation: 'i,j,ij->' }),
  c('Einsum', [[3, 3]], { equation: 'ii->i' }),
  c(
    'Einsum',
    [
      [2, 3, 3],
      [3, 2],
    ],
    { equation: 'bii,ib->b' },
  ),
  c('Einsum', [[3, 3, 2]], { equation: 'iij->' }),
];

export const POOLS: Case[] = [
  c('MaxPool', [image], { kernel_shape: [2, 2], strides: [2, 2] }),
  c('MaxPool', [[2, 16, 6, 8]], { kernel_shape: [2, 2], strides: [2, 2] }),
  c('MaxPool', [[1, 16, 7, 5]], { kernel_shape: [2, 2], strides: [2, 2] }),
  c('MaxPool', [image], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  c('MaxPool', [image], { kernel_shape: [3, 2], strides: [1, 2], ceil_mode: 1 }),
  c('MaxPool', [image], { kernel_shape: [2, 2], dilations: [2, 1] }),
  c('MaxPool', [image], { kernel_shape: [2, 2], strides: [2, 3], auto_pad: 'SAME_UPPER' }),
  c('MaxPool', [image], { kernel_shape: [2, 2], strides: [2, 2] }, { outputs: 2 }),
  c('MaxPool', [image], { kernel_shape: [2, 2], strides: [2, 2], storage_order: 1 }, { outputs: 2 }),
  c('MaxPool', [image], { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1], storage_order: 1, ceil_mode: 1 }),
  c('MaxPool', [[2, 3, 7]], { kernel_shape: [3], strides: [2] }),
  c('MaxPool', [[1, 2, 4, 5, 4]], { kernel_shape: [2, 2, 2], strides: [2, 1, 2] }),
  c('AveragePool', [image], { kernel_shape: [2, 2], strides: [2, 2] }),
  c('AveragePool', [[1, 4, 6, 4]], { kernel_shape: [3, 2], strides: [3, 2] }),
  c('AveragePool', [image], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  c('AveragePool', [image], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1, strides: [2, 2] }),
  c('AveragePool', [image], { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 }),
  c('AveragePool', [image], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 1, 1], ceil_mode: 1, count_include_pad: 1 }),
  c('AveragePool', [image], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_LOWER' }),
  c('AveragePool', [[2, 3, 7]], { kernel_shape: [3], strides: [2] }),
  c('AveragePool', [[2, 3, 7, 6]], { kernel_shape: [2, 3], dilations: [2, 1] }, { opset: 19 }),
  ...every(['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'], [image]),
  c('GlobalAveragePool', [[2, 3, 5]]),
  c('GlobalLpPool', [image], { p: 3 }),
  c('LpPool', [image], { kernel_shape: [2, 2], strides: [2, 2] }),
  c('LpPool', [image], { kernel_shape: [3, 2], pads: [1, 0, 1, 1], p: 3 }),
  c('LpPool', [image], { kernel_shape: [2, 2], p: 1 }),
  c('LpPool', [image], { kernel_shape: [2, 2], dilations: [2, 1], strides: [1, 2] }),
  c('LpPool', [image], { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 }),
  c('LpPool', [image], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  c('LpPool', [[2, 3, 7]], { kernel_shape: [3], strides: [2] }),
  c('GlobalLpPool', [image], { p: 1 }),
  c('MaxUnpool', [[1, 1, 2, 2], { ints: [5, 7, 13, 15], dims: [1, 1, 2, 2] }], { kernel_shape: [2, 2], strides: [2, 2] }),
];

const reductions = [
  'ReduceProd',
  'ReduceSum',
  'ReduceMean',
  'ReduceMax',
  'ReduceMin',
  'ReduceL1',
  'ReduceL2',
  'ReduceSumSquare',
  'ReduceLogSumExp',
];
export const REDUCTIONS: Case[] = [
  ...reductions.flatMap((op) => [
    c(op, [[2, 3, 4], { ints: [1] }], { keepdims: 1 }),
    c(op, [[2, 3, 4], { ints: [0, -1] }], { keepdims: 0 }),
    c(op, [[2, 3, 4]], { keepdims: 0 }),
    c(op, [[2, 3, 4]], { noop_with_empty_axes: 1 }),
  ]),
  c('ReduceLogSum', [[2, 3, 4], { ints: [1] }], {}, { range: [0.5, 2] }),
  c('CumSum', [[2, 5], { ints: [1], dims: [] }]),
  c('CumSum', [[2, 5], { ints: [1], dims: [] }], { reverse: 1, exclusive: 1 }),
  c('CumSum', [[2, 3, 4], { ints: [-2], dims: [] }], { exclusive: 1 }),
];

export const NORMALIZATIONS: Case[] = [
  ...every(['Softmax', 'LogSoftmax'], [[2, 3, 4]]),
  c('Softmax', [[2, 3, 4]], { axis: 1 }),
  c('LogSoftmax', [[2, 3, 4]], { axis: 0 }),
  c('BatchNormalization', [image, { fixed: [3] }, { fixed: [3] }, { fixed: [3] }, { floats: [0.5, 1, 2] }], { epsilon: asFloat(1e-3) }),
  c('BatchNormalization', [[4, 3], { fixed: [3] }, { fixed: [3] }, { fixed: [3] }, { floats: [0.5, 1, 2] }]),
  c('InstanceNormalization', [image, { fixed: [3] }, { fixed: [3] }]),
  c('InstanceNormalization', [image, [3], [3]]),
  c('LayerNormalization', [[2, 3, 4], [4], [4]]),
  c(
    'LayerNormalization',
    [
      [2, 3, 4],
      [3, 4],
    ],
    { axis: 1 },
  ),
  ...[1, 2].map((of) => c('LayerNormalization', [[2, 3, 4], { fixed: [4] }, { fixed: [4] }], {}, { outputs: 3, of })),
  c('LayerNormalization', [[2, 3, 4], { fixed: [3, 4] }], { axis: 1, epsilon: asFloat(1e-2) }),
  c('GroupNormalization', [[2, 4, 3, 3], { fixed: [4] }, { fixed: [4] }], { num_groups: 2, stash_type: 11 }, { opset: 21 }),
  c('GroupNormalization', [[2, 4, 3, 3], { fixed: [2] }, { fixed: [2] }], { num_groups: 2, epsilon: asFloat(1e-2) }),
  c('RMSNormalization', [[2, 3, 4], { fixed: [4] }], {}, { opset: 23 }),
  c('RMSNormalization', [[2, 3, 4], [4]], {}, { opset: 23 }),
  c('RMSNormalization', [[2, 3, 4], { fixed: [3, 4] }], { axis: 1, epsilon: asFloat(1e-2) }, { opset: 23 }),
  c('MeanVarianceNormalization', [image]),
  c('MeanVarianceNormalization', [image], { axes: [2, 3] }),
  c('LRN', [[2, 7, 3, 2]], { size: 3, alpha: asFloat(0.3), beta: asFloat(0.75), bias: asFloat(1) }),
  c('LRN', [[2, 7, 3, 2]], { size: 5, alpha: asFloat(0.5) }),
  c('LpNormalization', [[2, 5]]),
  c('LpNormalization', [[3, 5]], { axis: 0, p: 1 }),
];

export const SHAPES: Case[] = [
  c('Reshape', [[2, 3, 4], { ints: [4, -1] }]),
  c('Flatten', [[2, 3, 4]], { axis: 2 }),
  c('Squeeze', [[2, 1, 4], { ints: [1] }]),
  c('Unsqueeze', [[2, 4], { ints: [0, -1] }]),
  c('Transpose', [[2, 3, 4]]),
  c('Transpose', [[2, 3, 4, 5]], { perm: [2, 0, 3, 1] }),
  c('Expand', [[3, 1], { ints: [2, 3, 4] }]),
  c('Trilu', [[2, 4, 4]]),
  c('Trilu', [[3, 4], { ints: [-1], dims: [] }], { upper: 0 }),
  c('ReverseSequence', [[4, 2, 3], { ints: [3, 4] }]),
  c('ReverseSequence', [[2, 4, 3], { ints: [2, 4] }], { batch_axis: 0, time_axis: 1 }),
  c('Tile', [[2, 3], { ints: [3, 2] }]),
  c('Tile', [[2, 3], { ints: [1, 1] }]),
  c(
    'Concat',
    [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    { axis: 1 },
  ),
  c('Concat', [[2, 3], { fixed: [4, 3] }], { axis: -2 }),
  c('Split', [[2, 6], { ints: [1, 3, 2] }], { axis: 1 }, { outputs: 3, of: 1 }),
  c('Split', [[6, 2]], { num_outputs: 3 }, { outputs: 3, of: 2 }),
  c('Slice', [[5, 6], { ints: [1] }, { ints: [4] }]),
  c('Slice', [[5, 7], { ints: [-4, 0] }, { ints: [100, 7] }, { ints: [0, 1] }, { ints: [1, 3] }]),
  c('Slice', [[5, 7], { ints: [4, -1] }, { ints: [-100, 1] }, { ints: [0, 1] }, { ints: [-1, -2] }]),
  c('Slice', [[3, 8, 2], { ints: [1, 1] }, { ints: [7, 3] }, { ints: [1, 0] }, { ints: [2, 1] }]),
  c('Slice', [[7], { ints: [-2] }, { ints: [1] }, { ints: [0] }, { ints: [-3] }]),
  c('Pad', [[2, 3, 4], { ints: [0, 1, 2, 1, 0, 3] }]),
  c('Pad', [[2, 3, 4], { ints: [0, -1, 2, 0, 0, -1] }]),
  c('Pad', [[2, 3, 4], { ints: [1, 2] }, '', { ints: [2] }]),
  c('Pad', [[2, 3, 4], { ints: [0, -1, 2, 0, 2, 0] }, []]),
  c('Pad', [image, { ints: [0, 0, 2, 1, 0, 0, 1, 2] }], { mode: 'reflect' }),
  c('Pad', [image, { ints: [0, 0, 2, 1, 0, 0, 1, 2] }], { mode: 'edge' }),
  c('Pad', [image, { ints: [0, 1, 0, 0, 0, 1, 0, 0] }], { mode: 'edge' }),
  c('Pad', [image, { ints: [0, 0, 2, 1, 0, 0, 1, 2] }], { mode: 'wrap' }, { opset: 19 }),
  c('DepthToSpace', [[1, 8, 2, 3]], { blocksize: 2 }),
  c('DepthToSpace', [[1, 8, 2, 3]], { blocksize: 2, mode: 'CRD' }),
  c('SpaceToDepth', [[1, 2, 4, 6]], { blocksize: 2 }),
];

const scales = (h: number, w: number): Input[] => ['', { floats: [1, 1, h, w] }];
const sizes = (h: number, w: number): Input[] => ['', '', { ints: [2, 3, h, w] }];
export const RESIZES: Case[] = [
  c('Resize', [image, ...scales(2, 2)], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
  c('Resize', [image, ...scales(2, 3)], { mode: 'nearest' }),
  c('Resize', [image, ...scales(1.5, 0.7)], { mode: 'nearest', nearest_mode: 'ceil', coordinate_transformation_mode: 'align_corners' }),
  c('Resize', [image, ...scales(2, 2)], { mode: 'linear' }),
  c('Resize', [image, ...sizes(4, 9)], { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' }),
  c('Resize', [image, ...sizes(9, 4)], { mode: 'linear', coordinate_transformation_mode: 'align_corners' }),
  c('Resize', [image, ...sizes(3, 3)], { mode: 'linear', antialias: 1 }),
  c('Resize', [image, ...scales(1.7, 2)], { mode: 'cubic' }),
  c('Resize', [image, { floats: [0, 0, 0.1, 0.3, 1, 1, 0.8, 1.2] }, '', { ints: [2, 3, 4, 7] }], {
    mode: 'linear',
    coordinate_transformation_mode: 'tf_crop_and_resize',
  }),
  c('Resize', [image, ...sizes(3, 2)], { mode: 'cubic', antialias: 1 }),
  c('Resize', [image, '', '', { ints: [4, 8] }], { mode: 'linear', axes: [2, 3] }),
  c('Resize', [image, '', '', { ints: [9, 6] }], { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' }),
  c('Resize', [image, '', '', { ints: [12, 5] }], {
    mode: 'cubic',
    axes: [2, 3],
    keep_aspect_ratio_policy: 'not_smaller',
    coordinate_transformation_mode: 'pytorch_half_pixel',
  }),
  c('Resize', [image, ...scales(1.3, 0.6)], { mode: 'linear', coordinate_transformation_mode: 'half_pixel_symmetric' }, { opset: 19 }),
  c('Resize', [[2, 6, 5, 3], '', { floats: [1, 1.5, 2, 1] }], { mode: 'linear' }),
  c('Resize', [[1, 2, 4, 3, 5], '', { floats: [1, 1, 2, 1.5, 0.8] }], { mode: 'linear' }),
  c('Resize', [image, ...sizes(9, 8)], {
    mode: 'cubic',
    coordinate_transformation_mode: 'asymmetric',
    cubic_coeff_a: asFloat(-0.5),
    exclude_outside: 1,
  }),
];

export const INDEXED: Case[] = [
  c('Gather', [[4, 3], { ints: [2, 0, 2, -1], dims: [2, 2] }]),
  c('Gather', [[4, 3, 2], { ints: [1, 2] }], { axis: 1 }),
  c('Gather', [[4, 3, 2], { ints: [-1], dims: [] }], { axis: 1 }),
  c('GatherElements', [[3, 4], { ints: [0, 2, 2, 1], dims: [1, 4] }], { axis: 0 }),
  c('GatherND', [[3, 4, 2], { ints: [0, 1, 2, 3, 0, 1], dims: [3, 2] }]),
  c('GatherND', [[2, 3, 4], { ints: [2, 0, 1, 1], dims: [2, 2, 1] }], { batch_dims: 1 }),
  c('GatherND', [[2, 3, 4, 2], { ints: [0, 3, 1, 1, 2, 2], dims: [2, 3, 1] }], { batch_dims: 2 }),
  c('Compress', [[4, 3], { bools: [1, 0, 1, 1], dims: [4] }], { axis: 0 }),
  c('Compress', [[2, 3], { bools: [0, 1, 1, 0, 1], dims: [5] }]),
  c('ScatterElements', [[3, 4], { ints: [0, 2, 1, 1], dims: [1, 4] }, [1, 4]], { axis: 0 }),
  c('ScatterElements', [[3, 4], { ints: [0, 0, 1, 1], dims: [2, 2] }, [2, 2]], { axis: 1, reduction: 'add' }),
  c('ScatterND', [[4, 2], { ints: [0, 3], dims: [2, 1] }, [2, 2]]),
  c('ScatterND', [[4, 2], { ints: [0, 0], dims: [2, 1] }, [2, 2]], { reduction: 'add' }),
  c('TopK', [[3, 5], { ints: [2] }], {}, { outputs: 2 }),
  c('TopK', [[4, 3], { ints: [2] }], { axis: 0, largest: 0 }, { outputs: 2 }),
];

export const CASES: Record<string, Case[]> = {
  activations: ACTIVATIONS,
  'functions of one number': UNARY,
  'elementwise with broadcasting': BINARY,
  convolutions: CONVOLUTIONS,
  matrices: MATRICES,
  pools: POOLS,
  reductions: REDUCTIONS,
  normalizations: NORMALIZATIONS,
  shapes: SHAPES,
  resizing: RESIZES,
  'indexed access': INDEXED,
};
