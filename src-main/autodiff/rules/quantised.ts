import { elementCount, float, int, operatorName } from '../../graph/index.ts';
import type { AttributeValue } from '../../graph/index.ts';
import { axisFrom } from '../broadcast.ts';
import type { Rule, RuleContext, Rules } from '../rule.ts';
import { activation } from './activation.ts';
import { conv } from './conv.ts';
import { elementwise } from './elementwise.ts';
import { gemm } from './gemm.ts';
import { pool } from './pool.ts';
import { bounds, dequantise, laid, unclipped } from './quantiser.ts';
import type { Operand } from './quantiser.ts';
import { shape } from './shape.ts';
import { softmax } from './softmax.ts';

/** A quantised operator as the float operator it stands for. Numbers are places in its inputs; -1: it has none. */
interface FloatForm {
  op: string;
  rule: Rule | undefined;
  operands: (ctx: RuleContext) => Operand[];
  /** Scale and zero point of the result; without a scale the result is in float, or in plain int32. */
  result?: [scale: number, zero: number];
  /** Inputs of the float operator besides the operands, before or after them, and its attributes. */
  before?: (ctx: RuleContext) => string[];
  after?: (ctx: RuleContext) => string[];
  attributes?: (ctx: RuleContext) => Record<string, AttributeValue>;
}

/**
 * The gradient of the float operator at dequantised operands, with the rounding passed straight through (Bengio et al. 2013;
 * Jacob et al. 2018, section 3, train through the same). Scales and zero points that are computed from the image
 * count as constants: what a change of scale does to the integers and what it does to their meaning cancel.
 */
const asFloat =
  ({ op, rule, operands, result, before, after, attributes }: FloatForm): Rule =>
  (ctx) => {
    ctx.straightThrough.add(operatorName(ctx.node));
    const list = operands(ctx);
    const scaleOf = (i: number | undefined) => (i !== undefined && i >= 0 ? ctx.x(i) : '');
    const out = { scale: scaleOf(result?.[0]), zero: scaleOf(result?.[1]) };
    let dy = result ? unclipped(ctx, ctx.dy, ctx.y(), out.zero) : ctx.dy;
    // A single scalar factor is taken into constant weights, which costs nothing at each run.
    const [first, weights] = list;
    const folded = weights !== undefined && PRODUCTS.has(op) && !ctx.needs(weights.value) && scalar(ctx, scaleOf(first!.scale));
    let factor = '';
    if (folded) factor = ratio(ctx, scaleOf(first!.scale), out.scale);
    else if (out.scale) dy = ctx.div(dy, out.scale);
    const values = list.map((o, i) => dequantise(ctx, o, folded && i === 1 ? factor : undefined));
    const y = result ? dequantise(ctx, { value: -1, name: ctx.y(), scale: result[0], zero: result[1] }) : ctx.y();
    const active = new Set(values.filter((_, i) => ctx.needs(list[i]!.value)));
    const stand = ctx.standIn(op, [...(before?.(ctx) ?? []), ...values, ...(after?.(ctx) ?? [])], attributes?.(ctx) ?? {}, y, dy, active);
    const gradients = rule!(stand).slice(before?.(ctx).length ?? 0);
    const results = ctx.node.input.map((): string | null => null);
    list.forEach((o, i) => {
      const g = gradients[i];
      if (!g || !ctx.needs(o.value)) return;
      const scale = scaleOf(o.scale);
      results[o.value] = scale && !folded ? ctx.mul(g, scale) : g;
    });
    return results;
  };

/** What multiplies its two operands. */
const PRODUCTS = new Set(['Conv', 'Gemm', 'MatMul', 'Mul']);

const scalar = (ctx: RuleContext, name: string) => name === '' || elementCount(ctx.dims(name)) === 1;

/** a / b of scalars, either of which may be absent; '' for 1. */
function ratio(ctx: RuleContext, a: string, b: string): string {
  if (!b) return a;
  return a ? ctx.div(a, b) : ctx.emit('Reciprocal', [b]);
}

/** Attributes that the float operator reads too, by name. */
const copied =
  (...names: string[]) =>
  (ctx: RuleContext) => {
    const kept: Record<string, AttributeValue> = {};
    for (const a of ctx.node.attribute)
      if (names.includes(a.name))
        kept[a.name] = a.ints.length > 0 ? a.ints.map(Number) : a.s.length > 0 ? new TextDecoder().decode(a.s) : Number(a.i);
    return kept;
  };

const WINDOW = ['auto_pad', 'dilations', 'group', 'kernel_shape', 'pads', 'strides', 'ceil_mode', 'count_include_pad'];
const triple = (value: number): Operand => ({ value, scale: value + 1, zero: value + 2 });
const one = () => [triple(0)];
const two = () => [triple(0), triple(3)];
/** One scale per output channel lies along the first axis of convolution weights. */
const convOperands = () => [triple(0), { ...triple(3), axis: 0 }];

const FORMS: Record<string, FloatForm> = {
  QLinearConv: { op: 'Conv', rule: conv['Conv'], operands: convOperands, result: [6, 7], attributes: copied(...WINDOW) },
  QLinearMatMul: { op: 'MatMul', rule: gemm['MatMul'], operands: two, result: [6, 7] },
  ConvInteger: {
    op: 'Conv',
    rule: conv['Conv'],
    operands: () => [
      { value: 0, zero: 2 },
      { value: 1, zero: 3, axis: 0 },
    ],
    attributes: copied(...WINDOW),
  },
  MatMulInteger: {
    op: 'MatMul',
    rule: gemm['MatMul'],
    operands: () => [
      { value: 0, zero: 2 },
      { value: 1, zero: 3 },
    ],
  },
  'com.microsoft:MatMulIntegerToFloat': {
    op: 'MatMul',
    rule: gemm['MatMul'],
    operands: () => [
      { value: 0, scale: 2, zero: 4 },
      { value: 1, scale: 3, zero: 5 },
    ],
  },
  'com.microsoft:DynamicQuantizeMatMul': {
    op: 'MatMul',
    rule: gemm['MatMul'],
    operands: () => [{ value: 0 }, { value: 1, scale: 2, zero: 3 }],
  },
  'com.microsoft:QGemm': {
    op: 'Gemm',
    rule: gemm['Gemm'],
    operands: (ctx) => [triple(0), { ...triple(3), axis: int(ctx.node, 'transB', 0) ? 0 : 1 }],
    result: [7, 8],
    attributes: (ctx) => ({
      transA: int(ctx.node, 'transA', 0),
      transB: int(ctx.node, 'transB', 0),
      alpha: { float: float(ctx.node, 'alpha', 1) },
    }),
  },
  'com.microsoft:QLinearAdd': { op: 'Add', rule: elementwise['Add'], operands: two, result: [6, 7] },
  'com.microsoft:QLinearMul': { op: 'Mul', rule: elementwise['Mul'], operands: two, result: [6, 7] },
  'com.microsoft:QLinearSigmoid': { op: 'Sigmoid', rule: activation['Sigmoid'], operands: one, result: [3, 4] },
  'com.microsoft:QLinearLeakyRelu': {
    op: 'LeakyRelu',
    rule: activation['LeakyRelu'],
    operands: one,
    result: [3, 4],
    attributes: (ctx) => ({ alpha: { float: float(ctx.node, 'alpha', 0.01) } }),
  },
  'com.microsoft:QLinearAveragePool': {
    op: 'AveragePool',
    rule: pool['AveragePool'],
    operands: one,
    result: [3, 4],
    attributes: copied(...WINDOW),
  },
  'com.microsoft:QLinearGlobalAveragePool': { op: 'GlobalAveragePool', rule: pool['GlobalAveragePool'], operands: one, result: [3, 4] },
  'com.microsoft:QLinearSoftmax': { op: 'Softmax', rule: softmax['Softmax'], operands: one, result: [3, 4], attributes: softmaxAxis },
  'com.microsoft:QLinearConcat': {
    op: 'Concat',
    rule: shape['Concat'],
    operands: (ctx) => Array.from({ length: (ctx.node.input.length - 2) / 3 }, (_, i) => triple(2 + 3 * i)),
    result: [0, 1],
    attributes: copied('axis'),
  },
  'com.microsoft:QLinearWhere': {
    op: 'Where',
    rule: elementwise['Where'],
    before: (ctx) => [ctx.x(0)],
    operands: () => [triple(1), triple(4)],
    result: [7, 8],
  },
};

/** Before operator set 13 a softmax ran over all axes from `axis` on; the same thing where those are one. */
function softmaxAxis(ctx: RuleContext): Record<string, AttributeValue> {
  const dims = ctx.dims(ctx.x());
  const old = int(ctx.node, 'opset', 13) < 13;
  const axis = int(ctx.node, 'axis', old ? 1 : -1);
  if (old && elementCount(dims.slice(axis < 0 ? axis + dims.length : axis)) !== dims[dims.length - 1])
    return ctx.refuse('it runs over several axes');
  return { axis: old ? -1 : axis };
}

const along = (ctx: RuleContext, scale: string) => {
  const rank = ctx.dims(ctx.x()).length;
  return laid(ctx, scale, rank, axisFrom(int(ctx.node, 'axis', 1), rank));
};

export const quantised: Rules = {
  ...Object.fromEntries(Object.entries(FORMS).map(([name, form]) => [name, asFloat(form)])),

  /** y = clip(round(x / s) + z): dx = dy / s, and nothing outside of a range that stands for a Relu (see `bounds`). */
  QuantizeLinear(ctx) {
    ctx.straightThrough.add('QuantizeLinear');
    const scale = along(ctx, ctx.x(1));
    const steps = ctx.div(ctx.dy, scale);
    const range = bounds(ctx, ctx.y(), ctx.x(2));
    if (!range) return [steps, null, null];
    const level = ctx.div(ctx.x(), scale);
    const inside = ctx.emit('And', [ctx.greater(level, -0.5), ctx.less(level, range.high - range.low + 0.5)]);
    return [ctx.where(inside, steps, 0), null, null];
  },
  DequantizeLinear: (ctx) => [ctx.mul(ctx.dy, along(ctx, ctx.x(1))), null, null],
  /** Its range holds every value, so nothing is clipped. */
  DynamicQuantizeLinear(ctx) {
    ctx.straightThrough.add('DynamicQuantizeLinear');
    return [ctx.div(ctx.dy, ctx.y(1))];
  },
};

/** Operators whose first output stands for a float, whatever its type. */
export const QUANTISING: ReadonlySet<string> = new Set(Object.keys(quantised));
