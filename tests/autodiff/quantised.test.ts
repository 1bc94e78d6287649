import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SURROGATES } from '../../src-main/autodiff/index.ts';
import { DType, declaredShape, elementCount, emptyGraph, GraphBuilder, loadGraph } from '../../src-main/graph/index.ts';
import type { AttributeValue } from '../../src-main/graph/index.ts';
import { fold, upgrade } from '../../src-main/graph/upgrade/index.ts';
import type { Session } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { filled, forward, gaussian, gradientAt, openPair, uniform } from './gradient.ts';
import type { Pair } from './gradient.ts';
import { adjointError, openTangent, tangentAt } from './tangent.ts';

const SCALE = 1 / 32;
const ZERO = 120;
const MS = 'com.microsoft';

/** A value with its scale and zero point, as the quantised operators take their operands. */
type Triple = [value: string, scale: string, zero: string];

/** Writes one layer, as quantised operators or as the float operators they stand for. */
interface Form {
  dims: number[];
  quantised: (b: GraphBuilder, x: Triple, float: string) => Triple | string;
  float: (b: GraphBuilder, x: string) => string;
  /** 0 where the gradient must be the same to the last digits; else what a rounded output does to it. */
  rounded?: number;
}

const u8 = (b: GraphBuilder, v: number) => b.constant([v], [], DType.uint8, 'zero');
/** Scale and zero point of results, wide enough for all of these. */
const OUT = { scale: 0.25, zero: 100 };
const result = (b: GraphBuilder): [string, string] => [b.scalar(OUT.scale), u8(b, OUT.zero)];

/** int8 weights with a scale (one per channel where several), and the same in float. */
function weights(dims: number[], scales: number[], axis: number) {
  const next = uniform(5);
  const q = Array.from({ length: elementCount(dims) }, () => Math.round(40 * next() - 20));
  const inner = elementCount(dims.slice(axis + 1));
  const f = q.map((v, i) => v * scales[scales.length === 1 ? 0 : Math.floor(i / inner) % dims[axis]!]!);
  return {
    triple: (b: GraphBuilder): Triple => [
      b.constant(q, dims, DType.int8, 'w'),
      b.constant(scales, scales.length === 1 ? [] : [scales.length], DType.float32, 'ws'),
      b.constant(
        scales.map(() => 0),
        scales.length === 1 ? [] : [scales.length],
        DType.int8,
        'wz',
      ),
    ],
    float: (b: GraphBuilder) => b.constant(f, dims),
  };
}

const unaryForm = (
  op: string,
  attributes: Record<string, AttributeValue>,
  rounded: number,
  dims = [2, 3, 4, 4],
  as: Record<string, AttributeValue> = attributes,
): Form => ({
  dims,
  quantised: (b, x) => {
    const [scale, zero] = op === 'Sigmoid' || op === 'Softmax' ? [b.scalar(1 / 256), u8(b, 0)] : [b.scalar(SCALE), u8(b, ZERO)];
    return [b.node(`QLinear${op}`, [...x, scale, zero], attributes, { domain: MS }), scale, zero];
  },
  float: (b, x) => b.node(op, [x], as),
  rounded,
});

const conv = { pads: [1, 1, 1, 1], kernel_shape: [3, 3] };
const filters = weights([4, 3, 3, 3], [0.01, 0.02, 0.03, 0.04], 0);
const oneScale = weights([6, 1, 3, 3], [0.02], 0);
const matrix = weights([6, 5], [0.01, 0.02, 0.03, 0.02, 0.01], 1);
const plainMatrix = weights([6, 5], [0.02], 1);
const turned = weights([5, 6], [0.02], 0);
/** As high as wide, so that a scale along the wrong axis fits, too. */
const perColumn = weights([5, 5], [0.01, 0.05, 0.02, 0.04, 0.03], 1);
const perRow = weights([5, 5], [0.01, 0.05, 0.02, 0.04, 0.03], 0);

const FORMS: Record<string, Form> = {
  'QuantizeLinear and DequantizeLinear': { dims: [2, 5], quantised: (_, x) => x, float: (b, x) => b.node('Identity', [x]) },
  'QLinearConv, a scale per channel': {
    dims: [2, 3, 5, 4],
    quantised: (b, x) => [
      b.node('QLinearConv', [...x, ...filters.triple(b), ...result(b), b.constant([1, 2, 3, 4], [4], DType.int32)], conv),
      ...result(b),
    ],
    float: (b, x) => b.node('Conv', [x, filters.float(b)], conv),
  },
  'QLinearConv, depthwise with strides': {
    dims: [1, 6, 7, 7],
    quantised: (b, x) => [b.node('QLinearConv', [...x, ...oneScale.triple(b), ...result(b)], { group: 6, strides: [2, 2] }), ...result(b)],
    float: (b, x) => b.node('Conv', [x, oneScale.float(b)], { group: 6, strides: [2, 2] }),
  },
  QLinearMatMul: {
    dims: [2, 3, 6],
    quantised: (b, x) => [b.node('QLinearMatMul', [...x, ...plainMatrix.triple(b), ...result(b)]), ...result(b)],
    float: (b, x) => b.node('MatMul', [x, plainMatrix.float(b)]),
  },
  'QLinearMatMul of two values of the image': {
    dims: [2, 3, 3],
    quantised: (b, x) => [b.node('QLinearMatMul', [...x, ...x, ...result(b)]), ...result(b)],
    float: (b, x) => b.node('MatMul', [x, x]),
  },
  'ConvInteger behind DynamicQuantizeLinear': {
    dims: [1, 6, 5, 5],
    quantised(b, _, x) {
      const [q, s, z] = b.nodes('DynamicQuantizeLinear', [x], {}, { outputs: 3 }) as Triple;
      const [w, ws] = oneScale.triple(b);
      const sum = b.node('ConvInteger', [q, w, z], { group: 6 });
      return b.node('Mul', [b.node('Cast', [sum], { to: DType.float32 }), b.node('Mul', [s, ws])]);
    },
    float: (b, x) => b.node('Conv', [x, oneScale.float(b)], { group: 6 }),
  },
  'MatMulInteger behind DynamicQuantizeLinear': {
    dims: [3, 6],
    quantised(b, _, x) {
      const [q, s, z] = b.nodes('DynamicQuantizeLinear', [x], {}, { outputs: 3 }) as Triple;
      const [w, ws, wz] = plainMatrix.triple(b);
      return b.node('Mul', [b.node('Cast', [b.node('MatMulInteger', [q, w, z, wz])], { to: DType.float32 }), b.node('Mul', [s, ws])]);
    },
    float: (b, x) => b.node('MatMul', [x, plainMatrix.float(b)]),
  },
  MatMulIntegerToFloat: {
    dims: [3, 6],
    quantised: (b, [q, s, z]) => {
      const [w, ws, wz] = matrix.triple(b);
      return b.node('MatMulIntegerToFloat', [q, w, s, ws, z, wz], {}, { domain: MS });
    },
    float: (b, x) => b.node('MatMul', [x, matrix.float(b)]),
  },
  DynamicQuantizeMatMul: {
    dims: [3, 6],
    quantised: (b, _, x) => b.node('DynamicQuantizeMatMul', [x, ...plainMatrix.triple(b)], {}, { domain: MS }),
    float: (b, x) => b.node('MatMul', [x, plainMatrix.float(b)]),
  },
  QGemm: {
    dims: [3, 6],
    quantised: (b, x) => [
      b.node(
        'QGemm',
        [...x, ...turned.triple(b), b.constant([1, 2, 3, 4, 5], [5], DType.int32), ...result(b)],
        { transB: 1 },
        { domain: MS },
      ),
      ...result(b),
    ],
    float: (b, x) => b.node('Gemm', [x, turned.float(b)], { transB: 1 }),
  },
  'QGemm, a scale per column': {
    dims: [3, 5],
    quantised: (b, x) => b.node('QGemm', [...x, ...perColumn.triple(b), ''], {}, { domain: MS }),
    float: (b, x) => b.node('Gemm', [x, perColumn.float(b)]),
  },
  'QGemm, a scale per row of turned weights': {
    dims: [3, 5],
    quantised: (b, x) => b.node('QGemm', [...x, ...perRow.triple(b), ''], { transB: 1 }, { domain: MS }),
    float: (b, x) => b.node('Gemm', [x, perRow.float(b)], { transB: 1 }),
  },
  'QuantizeLinear and DequantizeLinear, scales along the first axis': {
    dims: [4, 4],
    quantised(b, _, x) {
      const along = (scales: number[]) => [b.constant(scales, [4]), b.constant([0, 0, 0, 0], [4], DType.int8)];
      const q = b.node('QuantizeLinear', [x, ...along([1, 2, 4, 8].map((s) => s / 32))], { axis: 0 });
      return b.node('DequantizeLinear', [q, ...along([1, 1, 2, 1])], { axis: 0 });
    },
    float: (b, x) => b.node('Mul', [x, b.constant([32, 16, 16, 4], [4, 1])]),
  },
  'MatMulInteger, a zero point per column': {
    dims: [3, 5],
    quantised(b, [q, s, z]) {
      const [w] = perColumn.triple(b);
      const sum = b.node('MatMulInteger', [q, w, z, b.constant([3, -2, 0, 5, 1], [5], DType.int8)]);
      return b.node('Mul', [b.node('Cast', [sum], { to: DType.float32 }), s]);
    },
    float(b, x) {
      const [w] = perColumn.triple(b);
      const moved = b.node('Sub', [b.node('Cast', [w], { to: DType.float32 }), b.constant([3, -2, 0, 5, 1], [5])]);
      return b.node('MatMul', [x, moved]);
    },
  },
  'QGemm to float': {
    dims: [3, 6],
    quantised: (b, x) =>
      b.node('QGemm', [...x, ...turned.triple(b), b.constant([1, 2, 3, 4, 5], [5], DType.int32)], { transB: 1 }, { domain: MS }),
    float: (b, x) => b.node('Gemm', [x, turned.float(b)], { transB: 1 }),
  },
  QLinearAdd: {
    dims: [2, 3],
    quantised: (b, x) => [b.node('QLinearAdd', [...x, ...x, ...result(b)], {}, { domain: MS }), ...result(b)],
    float: (b, x) => b.node('Add', [x, x]),
  },
  QLinearMul: {
    dims: [2, 3],
    quantised: (b, x) => [b.node('QLinearMul', [...x, ...x, ...result(b)], {}, { domain: MS }), ...result(b)],
    float: (b, x) => b.node('Mul', [x, x]),
  },
  QLinearConcat: {
    dims: [2, 3],
    quantised: (b, x) => [b.node('QLinearConcat', [...result(b), ...x, ...x], { axis: 1 }, { domain: MS }), ...result(b)],
    float: (b, x) => b.node('Concat', [x, x], { axis: 1 }),
  },
  QLinearWhere: {
    dims: [2, 3],
    quantised: (b, x) => [
      b.node(
        'QLinearWhere',
        [b.constant([1, 0, 1], [3], DType.bool), ...x, u8(b, 7), b.scalar(1), u8(b, 0), ...result(b)],
        {},
        { domain: MS },
      ),
      ...result(b),
    ],
    float: (b, x) => b.node('Where', [b.constant([1, 0, 1], [3], DType.bool), x, b.scalar(7)]),
  },
  QLinearSigmoid: unaryForm('Sigmoid', {}, 0.03),
  QLinearSoftmax: unaryForm('Softmax', { axis: -1, opset: 13 }, 0.03, [2, 5], { axis: -1 }),
  QLinearLeakyRelu: unaryForm('LeakyRelu', { alpha: { float: 0.1 } }, 0),
  QLinearAveragePool: unaryForm('AveragePool', { kernel_shape: [2, 2], strides: [2, 2] }, 0),
  QLinearGlobalAveragePool: unaryForm('GlobalAveragePool', { channels_last: 0 }, 0, [2, 3, 4, 4], {}),
  'QLinearConv with the channels last': {
    dims: [2, 5, 4, 3],
    quantised: (b, x) => [
      b.node('QLinearConv', [...x, ...filters.triple(b), ...result(b)], { ...conv, channels_last: 1 }, { domain: MS }),
      ...result(b),
    ],
    float: (b, x) =>
      b.node('Transpose', [b.node('Conv', [b.node('Transpose', [x], { perm: [0, 3, 1, 2] }), filters.float(b)], conv)], {
        perm: [0, 2, 3, 1],
      }),
  },
  'NhwcMaxPool and QLinearGlobalAveragePool with the channels last': {
    dims: [2, 4, 4, 3],
    quantised: (b, [q, s, z]) => {
      const pooled = b.node('NhwcMaxPool', [q], { kernel_shape: [2, 2], strides: [2, 2] }, { domain: MS });
      return [b.node('QLinearGlobalAveragePool', [pooled, s, z, ...result(b)], { channels_last: 1 }, { domain: MS }), ...result(b)];
    },
    float(b, x) {
      const pooled = b.node('MaxPool', [b.node('Transpose', [x], { perm: [0, 3, 1, 2] })], { kernel_shape: [2, 2], strides: [2, 2] });
      return b.node('Transpose', [b.node('GlobalAveragePool', [pooled])], { perm: [0, 2, 3, 1] });
    },
  },
  'integers that are only moved about': {
    dims: [1, 4, 4, 4],
    quantised(b, [q, s, z]) {
      const pooled = b.node('MaxPool', [b.node('Transpose', [q], { perm: [0, 2, 1, 3] })], { kernel_shape: [2, 2], strides: [2, 2] });
      return [
        b.node(
          'Concat',
          [b.node('Reshape', [pooled, b.ints([4, 4])]), b.node('Gather', [b.node('Reshape', [q, b.ints([16, 4])]), b.ints([3, 1])])],
          { axis: 0 },
        ),
        s,
        z,
      ];
    },
    float(b, x) {
      const pooled = b.node('MaxPool', [b.node('Transpose', [x], { perm: [0, 2, 1, 3] })], { kernel_shape: [2, 2], strides: [2, 2] });
      return b.node(
        'Concat',
        [b.node('Reshape', [pooled, b.ints([4, 4])]), b.node('Gather', [b.node('Reshape', [x, b.ints([16, 4])]), b.ints([3, 1])])],
        { axis: 0 },
      );
    },
  },
};

async function pairOf(dims: number[], write: (b: GraphBuilder, x: string) => string): Promise<Pair & { along: Session }> {
  const b = new GraphBuilder(emptyGraph());
  b.graph.model.opsetImport.push({ ...b.graph.model.opsetImport[0]!, domain: MS, version: 1n });
  const y = write(b, b.input('x', DType.float32, dims));
  const lifted = upgrade(b.graph, await traceFacts(b.graph, { x: dims }));
  const facts = await traceFacts(lifted, { x: dims });
  return { ...(await openPair(lifted, facts, y, 'x')), along: (await openTangent(lifted, facts, y, 'x')).session };
}

describe('a quantised operator has the gradient of the float operator it stands for', () => {
  it.each(Object.entries(FORMS))('%s', async (_, { dims, quantised, float, rounded = 0 }) => {
    const quantisedPair = await pairOf(dims, (b, x) => {
      const triple: Triple = [b.node('QuantizeLinear', [x, b.scalar(SCALE), u8(b, ZERO)]), b.scalar(SCALE), u8(b, ZERO)];
      const y = quantised(b, triple, x);
      return typeof y === 'string' ? y : b.node('DequantizeLinear', y);
    });
    const floatPair = await pairOf(dims, float);
    // On the grid of the quantiser, so that both look at the same point.
    const next = uniform(3);
    const x = filled(elementCount(dims), () => SCALE * Math.round(90 * next() - 45));
    const u = filled(elementCount(floatPair.dims.of), gaussian(4));
    const [now, then] = [(await gradientAt(quantisedPair, x, u)).gradient, (await gradientAt(floatPair, x, u)).gradient];
    const size = Math.max(...Array.from(then, Math.abs));
    expect(size).toBeGreaterThan(0.01);
    then.forEach((g: number, i: number) => expect(Math.abs(now[i]! - g) / size).toBeLessThan(rounded || 1e-5));
    expect(quantisedPair.straightThrough.length).toBeGreaterThan(0);
    const v = filled(x.length, gaussian(5));
    expect(adjointError(u, await tangentAt(quantisedPair.along, quantisedPair, x, v), now, v)).toBeLessThan(1e-5);
  });
});

it('compares every quantised operator that has a rule', () => {
  const elsewhere = ['Sign', 'Round', 'Floor', 'Ceil'];
  const tested = Object.keys(FORMS).join(' ');
  expect(SURROGATES.filter((op) => !elsewhere.includes(op) && !tested.includes(op.replace(`${MS}:`, '')))).toEqual([]);
});

describe('the ends of a range', () => {
  const through = async (zero: number, values: number[]) => {
    const pair = await pairOf([values.length], (b, x) =>
      b.node('DequantizeLinear', [b.node('QuantizeLinear', [x, b.scalar(1), u8(b, zero)]), b.scalar(1), u8(b, zero)]),
    );
    return Array.from((await gradientAt(pair, Float32Array.from(values), new Float32Array(values.length).fill(1))).gradient);
  };
  it('hold the gradient where they stand for a Relu, and not where calibration ended', async () => {
    expect(await through(0, [-3, 0, 4, 255, 300])).toEqual([0, 1, 1, 1, 0]);
    expect(await through(128, [-300, 0, 4, 300])).toEqual([1, 1, 1, 1]);
  });
});

const ROOT = resolve(import.meta.dirname, '../../../shared/models');
const PUBLISHED: [file: string, surrogates: string[]][] = [
  [
    'classify-cifar10/dinhanh7_tinymobilenet_int8.onnx',
    ['QLinearConv', 'QuantizeLinear', 'com.microsoft:QGemm', 'com.microsoft:QLinearAdd'],
  ],
  ['classify-imagenet/ashwini_mobilenetv2_int8.onnx', ['ConvInteger', 'DynamicQuantizeLinear', 'MatMulInteger']],
  ['classify-other/gtsrb_30_QConv.onnx', ['Sign']],
];

describe.skipIf(!existsSync(ROOT))('published integer models (skipped: ../shared/models is not there)', () => {
  it.each(PUBLISHED)('%s: following the gradient lowers the margin', async (file, surrogates) => {
    const original = loadGraph(join(ROOT, file));
    const input = original.inputs[0]!;
    const dims = declaredShape(input).dims.map((d) => (typeof d === 'number' ? d : 1));
    const lifted = upgrade(original, await traceFacts(original, { [input.name]: dims }));
    const folded = fold(lifted, await traceFacts(lifted, { [input.name]: dims }));
    let facts = await traceFacts(folded, { [input.name]: dims });
    let of = folded.outputs[0]!.name;
    // Before a softmax, where there is one: behind it a sure answer is flat.
    const last = folded.nodes.find((n) => n.output[0] === of)!;
    if (last.opType === 'Softmax') of = last.input[0]!;
    facts = new Map(facts);
    const pair = await openPair(folded, facts, of, input.name);
    expect(pair.straightThrough).toEqual(surrogates);
    const next = uniform(9);
    let x = filled(elementCount(dims), next) as Float32Array;
    const start = await forward(pair, x);
    const best = start.indexOf(Math.max(...start));
    const second = Array.from(start, (v, i) => (i === best ? -Infinity : v)).reduce(
      (k, v, i, all) => (v > all[k]! ? i : k),
      best === 0 ? 1 : 0,
    );
    const margin = (y: ArrayLike<number>) => y[best]! - y[second]!;
    const u = Float32Array.from(start, (_, i) => (i === best ? 1 : i === second ? -1 : 0));
    const random = x.map((v) => v + 0.05 * Math.sign(next() - 0.5));
    for (let step = 0; step < 5; step++) {
      const { gradient } = await gradientAt(pair, x, u);
      x = x.map((v, i) => v - 0.01 * Math.sign(gradient[i]!));
    }
    const [reached, drawn] = [margin(await forward(pair, x)), margin(await forward(pair, random))];
    // Against the gradient, a step as long in random signs hardly matters.
    expect(margin(start) - reached).toBeGreaterThan(4 * Math.abs(margin(start) - drawn));
    expect(reached).toBeLessThan(0);
    await pair.forward.release();
    await pair.backward.release();
  });
});
