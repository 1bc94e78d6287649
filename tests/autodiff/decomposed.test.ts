import { describe, expect, it } from 'vitest';
import { asFloat, elementCount, saveGraph } from '../../src-main/graph/index.ts';
import { upgrade } from '../../src-main/graph/upgrade/index.ts';
import { openSession } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { build, label } from './build.ts';
import { c } from './cases.ts';
import type { Case } from './cases.ts';
import { directionalError, filled, forward, gaussian, gradientAt, openPair, tensor } from './gradient.ts';
import { adjointError, openTangent, tangentAt, tangentError } from './tangent.ts';

const ms = { domain: 'com.microsoft' };
const image = [2, 3, 6, 5];
const filter = { fixed: [4, 3, 3, 3] };
const token = [2, 5, 8];

const FUSED: Case[] = [
  ...['Relu', 'Sigmoid', 'Tanh'].map((activation) =>
    c('FusedConv', [image, filter, { fixed: [4] }], { activation, strides: [2, 1], pads: [1, 0, 1, 1] }, ms),
  ),
  c('FusedConv', [image, filter], { activation: 'LeakyRelu', activation_params: { floats: [0.3] } }, ms),
  c('FusedConv', [image, filter], { activation: 'HardSigmoid', activation_params: { floats: [0.1, 0.4] } }, ms),
  c('FusedConv', [image, filter], { activation: 'Clip', activation_params: { floats: [-3, 4] } }, ms),
  c('FusedConv', [image, filter, { fixed: [4] }, [2, 4, 4, 3]], { activation: 'Relu' }, ms),
  c('FusedGemm', [[3, 4], [4, 5], [5]], { activation: 'Relu', alpha: asFloat(0.7) }, ms),
  c(
    'FusedGemm',
    [
      [3, 4],
      [5, 4],
    ],
    { activation: 'LeakyRelu', activation_alpha: asFloat(0.2), transB: 1 },
    ms,
  ),
  c(
    'FusedMatMul',
    [
      [2, 4, 3],
      [2, 5, 4],
    ],
    { transA: 1, transB: 1, alpha: asFloat(0.3) },
    ms,
  ),
  c(
    'TransposeMatMul',
    [
      [3, 4],
      [5, 4],
    ],
    { transB: 1 },
    ms,
  ),
  c('BiasGelu', [token, [8]], {}, ms),
  c('FastGelu', [token, [8]], {}, ms),
  c('FastGelu', [token], {}, ms),
  c('SkipLayerNormalization', [token, token, { fixed: [8] }, { fixed: [8] }, [8]], { epsilon: asFloat(1e-3) }, ms),
  c('SkipLayerNormalization', [token, token, { fixed: [8] }, { fixed: [8] }], {}, { ...ms, outputs: 4, of: 3, absent: [1, 2] }),
  c('SkipSimplifiedLayerNormalization', [token, token, [8]], {}, ms),
  c('SimplifiedLayerNormalization', [token, [8]], { axis: -1 }),
];

const ATTENTIONS: Case[] = [
  c('Attention', [token, [8, 24], [24]], { num_heads: 2 }, ms),
  c('Attention', [token, [8, 24], [24]], { num_heads: 4, unidirectional: 1, scale: asFloat(0.2) }, ms),
  c('Attention', [token, [8, 32], [32]], { num_heads: 2, qkv_hidden_sizes: [8, 8, 16] }, ms),
  c('MultiHeadAttention', [token, [2, 4, 8], [2, 4, 8]], { num_heads: 2 }, ms),
  c('MultiHeadAttention', [token, token, token, [24], '', [2, 2, 5, 5]], { num_heads: 2 }, ms),
  c(
    'Attention',
    [
      [2, 3, 5, 4],
      [2, 3, 6, 4],
      [2, 3, 6, 4],
    ],
    {},
    { opset: 23 },
  ),
  c('Attention', [[2, 4, 5, 4], [2, 2, 6, 4], [2, 2, 6, 3], { fixed: [5, 6] }], { scale: asFloat(0.3) }, { opset: 23 }),
  c('Attention', [token, token, token], { q_num_heads: 2, kv_num_heads: 2, is_causal: 1, softcap: asFloat(2) }, { opset: 23 }),
  c('Attention', [[1, 2, 2, 4], [1, 2, 3, 4], [1, 2, 3, 4], { bools: [1, 0, 1, 1, 1, 0], dims: [2, 3] }], {}, { opset: 23 }),
  // A query that may look at no key, by the mask or by mask and order together.
  c('Attention', [[1, 2, 2, 4], [1, 2, 3, 4], [1, 2, 3, 4], { bools: [0, 0, 0, 1, 1, 0], dims: [2, 3] }], {}, { opset: 23 }),
  ...[23, 24].map((opset) =>
    c(
      'Attention',
      [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], { bools: [1, 0, 0, 0, 0, 1, 1, 1, 0], dims: [3, 3] }],
      { is_causal: 1 },
      { opset },
    ),
  ),
  ...[-Infinity, -3.4028234663852886e38].map((low) =>
    c('Attention', [[1, 2, 2, 4], [1, 2, 3, 4], [1, 2, 3, 4], { floats: [low, low, low, 0.5, 0, low], dims: [2, 3] }], {}, { opset: 23 }),
  ),
];

const grids = ['zeros', 'border', 'reflection'].flatMap((padding_mode) =>
  [0, 1].flatMap((align_corners) => ['bilinear', 'nearest', 'bicubic'].map((mode) => ({ mode, padding_mode, align_corners }))),
);
const SAMPLINGS: Case[] = [
  ...grids.map((attributes) => c('GridSample', [[2, 3, 4, 5], { fixed: [2, 3, 3, 2] }], attributes, { range: [-1.3, 1.3] })),
  c(
    'GridSample',
    [
      [2, 3, 4, 5],
      [2, 3, 3, 2],
    ],
    { mode: 'bilinear' },
    { range: [-0.7, 0.7] },
  ),
  c(
    'GridSample',
    [
      [2, 3, 4, 5],
      [2, 3, 3, 2],
    ],
    { mode: 'bicubic', align_corners: 1 },
    { range: [-0.7, 0.7] },
  ),
  c(
    'GridSample',
    [
      [2, 3, 4, 5],
      [2, 3, 3, 2],
    ],
    { mode: 'linear', padding_mode: 'reflection' },
    { opset: 20 },
  ),
];

const boxes = { floats: [0.3, 0.4, 3.2, 2.7, 1.1, -0.8, 4.9, 3.1, -2.6, 1, 2, 6], dims: [3, 4] };
const ROIS: Case[] = ['half_pixel', 'output_half_pixel'].map((coordinate_transformation_mode) =>
  c('RoiAlign', [[2, 3, 5, 6], boxes, { ints: [1, 0, 1] }], {
    coordinate_transformation_mode,
    output_height: 2,
    output_width: 3,
    sampling_ratio: 2,
    spatial_scale: asFloat(0.9),
  }),
);

/** Input, weights, recurrent weights, biases: [steps, batch, in], hidden 3. */
const layer = (gates: number, directions = 1) => [
  [4, 2, 5],
  { fixed: [directions, gates * 3, 5] },
  { fixed: [directions, gates * 3, 3] },
  { fixed: [directions, gates * 6] },
];
const lengths = { ints: [4, 2], narrow: true };
const RECURRENT: Case[] = [
  c('LSTM', layer(4), { hidden_size: 3 }, { range: [-1, 1] }),
  c('LSTM', layer(4, 2), { hidden_size: 3, direction: 'bidirectional' }, { range: [-1, 1], outputs: 3, of: 2 }),
  c(
    'LSTM',
    [...layer(4).slice(0, 3), '', '', [1, 2, 3], [1, 2, 3]] as Case['inputs'],
    { hidden_size: 3, direction: 'reverse' },
    { range: [-1, 1] },
  ),
  c('GRU', layer(3), { hidden_size: 3 }, { range: [-1, 1] }),
  c('GRU', layer(3), { hidden_size: 3, linear_before_reset: 1, direction: 'reverse' }, { range: [-1, 1], outputs: 2, of: 1 }),
  c('GRU', layer(3, 2), { hidden_size: 3, direction: 'bidirectional' }, { range: [-1, 1] }),
  c('RNN', layer(1), { hidden_size: 3 }, { range: [-1, 1] }),
  c('RNN', layer(1), { hidden_size: 3, activations: ['Softsign'] }, { range: [-1, 1] }),
  // Sequences of different lengths, in both directions, and every output.
  ...[0, 1, 2].map((of) =>
    c('LSTM', [...layer(4, 2), lengths], { hidden_size: 3, direction: 'bidirectional' }, { range: [-1, 1], outputs: 3, of }),
  ),
  ...[0, 1].map((of) => c('GRU', [...layer(3), lengths], { hidden_size: 3, direction: 'reverse' }, { range: [-1, 1], outputs: 2, of })),
  c('RNN', [...layer(1), lengths, [1, 2, 3]], { hidden_size: 3 }, { range: [-1, 1], outputs: 2, of: 1 }),
  c('LSTM', [...layer(4), '', '', '', { fixed: [1, 9] }], { hidden_size: 3 }, { range: [-1, 1] }),
  c(
    'LSTM',
    [...layer(4), lengths, [1, 2, 3], [1, 2, 3], [1, 9]],
    { hidden_size: 3, direction: 'reverse' },
    { range: [-1, 1], outputs: 3, of: 2 },
  ),
];

const targets = { ints: [1, 0, 3, 1, 2, 0], dims: [2, 3] };
const LOSSES: Case[] = [
  ...['none', 'sum', 'mean'].flatMap((reduction) => [
    c('NegativeLogLikelihoodLoss', [[2, 4, 3], targets], { reduction }),
    c('NegativeLogLikelihoodLoss', [[2, 4, 3], targets, { fixed: [4] }], { reduction, ignore_index: 1 }, { range: [0.5, 2] }),
    c('SoftmaxCrossEntropyLoss', [[2, 4, 3], targets, { fixed: [4] }], { reduction }, { range: [0.5, 2] }),
    c('SoftmaxCrossEntropyLoss', [[2, 4, 3], { ...targets, ints: [1, 0, -5, 1, 2, -5] }], { reduction, ignore_index: -5 }),
  ]),
  c('SoftmaxCrossEntropyLoss', [[3, 5], { ints: [4, 0, 2], narrow: true }], {}, { outputs: 2, of: 1 }),
  c('SoftmaxCrossEntropyLoss', [[3, 5], { ints: [4, 0, 2] }], {}, { opset: 12 }),
];

const CUMULATIVE: Case[] = [
  ...[0, 1].flatMap((reverse) =>
    [0, 1].map((exclusive) => c('CumProd', [[2, 4, 3], { ints: [1], dims: [] }], { reverse, exclusive }, { opset: 26 })),
  ),
  c('CumProd', [[3, 4], { ints: [-1], dims: [] }], {}, { opset: 26 }),
];

const GEOMETRY: Case[] = [
  c('Col2Im', [[2, 18, 16], { ints: [5, 6] }, { ints: [2, 3] }]),
  c('Col2Im', [[1, 12, 12], { ints: [8, 7] }, { ints: [3, 2] }], { strides: [2, 2], pads: [1, 0, 0, 1], dilations: [1, 2] }),
  c('CenterCropPad', [[2, 3, 5, 4], { ints: [2, 3, 8, 3] }]),
  c('CenterCropPad', [[2, 3, 5, 4], { ints: [2, 7] }], { axes: [2, -1] }),
  ...[0, 1].map((align_corners) => c('AffineGrid', [[2, 2, 3], { ints: [2, 3, 4, 5] }], { align_corners }, { opset: 20 })),
  c('AffineGrid', [[1, 3, 4], { ints: [1, 2, 2, 3, 4] }], {}, { opset: 20 }),
];

const DEFORMABLE: Case[] = [
  c('DeformConv', [[1, 4, 5, 6], { fixed: [3, 4, 2, 2] }, [1, 8, 4, 5]], {}, { opset: 19 }),
  c(
    'DeformConv',
    [[2, 4, 7, 6], [4, 2, 3, 2], [2, 24, 3, 4], [4], [2, 12, 3, 4]],
    { group: 2, offset_group: 2, strides: [2, 2], pads: [1, 2, 0, 1], dilations: [1, 2] },
    { opset: 19, range: [-1.5, 1.5] },
  ),
];

const FOURIER: Case[] = [
  c('DFT', [[2, 6, 5, 2]], { axis: 2 }),
  c('DFT', [[2, 6, 5, 2]], { inverse: 1 }),
  c('DFT', [[2, 6, 5, 1]], { axis: 1, onesided: 1 }),
  c('DFT', [[2, 7, 1], { ints: [4], dims: [] }, { ints: [1], dims: [] }], { onesided: 1 }, { opset: 20 }),
  c('DFT', [[2, 3, 2], { ints: [5], dims: [] }], {}, { opset: 20 }),
];

const places = { ints: [3, 0, 1, 2, 4], dims: [1, 5] };
const ROTARY: Case[] = [
  c('RotaryEmbedding', [[1, 2, 5, 8], { fixed: [6, 4] }, { fixed: [6, 4] }, places], {}, { opset: 23 }),
  c(
    'RotaryEmbedding',
    [[2, 5, 16], { fixed: [2, 5, 3] }, { fixed: [2, 5, 3] }],
    { num_heads: 2, interleaved: 1, rotary_embedding_dim: 6 },
    { opset: 23 },
  ),
  c('RotaryEmbedding', [[1, 2, 5, 8], places, { fixed: [6, 4] }, { fixed: [6, 4] }], { interleaved: 1 }, ms),
  c('RotaryEmbedding', [[2, 5, 16], { ints: [1] }, { fixed: [6, 4] }, { fixed: [6, 4] }], {}, ms),
];

const CASES: Record<string, Case[]> = {
  recurrent: RECURRENT,
  losses: LOSSES,
  'running products': CUMULATIVE,
  regions: ROIS,
  'fused operators': FUSED,
  attention: ATTENTIONS,
  sampling: SAMPLINGS,
  geometry: GEOMETRY,
  'deformable convolutions': DEFORMABLE,
  'Fourier transforms': FOURIER,
  'rotary positions': ROTARY,
};
const STEPS = [0.05, 0.02, 0.01, 3e-3, 1e-3, 3e-4];

describe.each(Object.entries(CASES))('taken apart: %s', (_, cases) => {
  it.each(cases.map((test) => [label(test), test] as const))('%s', async (_name, test) => {
    const { graph, values, wrt, of } = build(test, 'float32', 7);
    const dims = Object.fromEntries(wrt.map((n) => [n, values[n]!.dims]));
    const lifted = upgrade(graph, await traceFacts(graph, dims));
    expect(lifted.nodes.some((n) => n.opType === test.op && n.domain === (test.domain ?? ''))).toBe(false);
    const facts = await traceFacts(lifted, dims);
    const original = await openSession(saveGraph(graph));
    const feeds = Object.fromEntries(wrt.map((n) => [n, tensor('float32', values[n]!.data, values[n]!.dims)]));
    const expected = (await original.run(feeds, [of]))[of]!;
    const size = Math.max(...Array.from(expected.data as Float32Array, Math.abs));
    await original.release();
    for (const name of wrt) {
      const pair = await openPair(lifted, facts, of, name);
      const { [name]: _own, ...others } = feeds;
      // The parts do what the whole does,
      expect(pair.dims.of).toEqual(expected.dims);
      const y = await forward(pair, values[name]!.data, others);
      y.forEach((v: number, i: number) => expect(Math.abs(v - (expected.data[i] as number)) / size).toBeLessThan(2e-5));
      // and have its derivative.
      const normal = gaussian(11);
      const u = filled(elementCount(pair.dims.of), normal);
      const v = filled(values[name]!.data.length, normal);
      const { data: x } = values[name]!;
      expect(await directionalError(pair, x, u, v, STEPS, others)).toBeLessThan(1e-3);
      const { session } = await openTangent(lifted, facts, of, name);
      expect(await tangentError(pair, session, x, v, STEPS, others)).toBeLessThan(1e-3);
      const jv = await tangentAt(session, pair, x, v, others);
      expect(adjointError(u, jv, (await gradientAt(pair, x, u, others)).gradient, v)).toBeLessThan(1e-5);
      await session.release();
      await pair.forward.release();
      await pair.backward.release();
    }
  });
});
