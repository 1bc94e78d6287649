import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { bfloatToFloat, DType, halfToFloat, makeTensor, parseGraph, tensorData, tensorNumbers } from '../../src-main/graph/index.ts';
import { GRAPH, initializer, model, node, TENSOR, value } from './wire.ts';
import type { Field } from './wire.ts';

/** Reads one tensor out of a model that holds it. */
function numbers(type: number, dims: number[], content: Field[]): number[] {
  const graph = parseGraph(model([initializer('t', dims, content, type), [GRAPH.output, value('y', [1])], node('Relu', ['t'], ['y'])]));
  return Array.from(tensorNumbers(graph.initializers.get('t')!, graph));
}

const bytes = (data: ArrayBufferView): Field[] => [[TENSOR.rawData, new Uint8Array(data.buffer)]];
const many = (field: number, values: (number | bigint)[]): Field[] => values.map((v): Field => [field, v]);

describe('the numbers of a tensor', () => {
  it.each<[string, number, Field[], number[]]>([
    ['float32, raw', DType.float32, bytes(Float32Array.of(1.5, -2)), [1.5, -2]],
    [
      'float32, one by one',
      DType.float32,
      [
        [TENSOR.floatData, { float: 1.5 }],
        [TENSOR.floatData, { float: -2 }],
      ],
      [1.5, -2],
    ],
    ['float64, raw', DType.float64, bytes(Float64Array.of(0.1, -1e300)), [0.1, -1e300]],
    ['int64, raw', DType.int64, bytes(BigInt64Array.of(-1n, 7n)), [-1, 7]],
    ['int64, one by one', DType.int64, many(TENSOR.int64Data, [-1n, 7n]), [-1, 7]],
    ['int32, one by one', DType.int32, many(TENSOR.int32Data, [-5n, 6n]), [-5, 6]],
    ['uint8, one by one', DType.uint8, many(TENSOR.int32Data, [255, 0]), [255, 0]],
    ['bool, raw', DType.bool, bytes(Uint8Array.of(1, 0)), [1, 0]],
    // 0x3c00 is 1, 0xc100 is -2.5 in IEEE binary16.
    ['float16, raw', DType.float16, bytes(Uint16Array.of(0x3c00, 0xc100)), [1, -2.5]],
    ['float16, one by one', DType.float16, many(TENSOR.int32Data, [0x3c00, 0xc100]), [1, -2.5]],
    // 0x3f80 is 1, 0xc020 is -2.5 in bfloat16.
    ['bfloat16, raw', DType.bfloat16, bytes(Uint16Array.of(0x3f80, 0xc020)), [1, -2.5]],
  ])('%s', (_, type, content, expected) => {
    expect(numbers(type, [2], content)).toEqual(expected);
  });

  it('are as many as the shape says, even when there are more bytes', () => {
    expect(numbers(DType.float32, [1], [[TENSOR.rawData, new Uint8Array([0, 0, 128, 63, 9, 9])]])).toEqual([1]);
    expect(numbers(DType.float32, [0], [])).toEqual([]);
  });

  it.each<[string, Field[]]>([
    ['raw', bytes(Float32Array.of(1))],
    ['one by one', [[TENSOR.floatData, { float: 1 }]]],
  ])('too few are refused, %s', (_, content) => {
    expect(() => numbers(DType.float32, [2], content)).toThrow(
      new UserError('Tensor t is shorter than its shape says: the model file is damaged.'),
    );
  });

  it('of a type nobody knows are refused', () => {
    expect(() => numbers(99, [1], bytes(Uint8Array.of(1)))).toThrow('Tensor t has element type 99, which Hairline cannot read.');
  });
});

describe('16-bit floats', () => {
  it.each([
    [0x0000, 0],
    [0x3c00, 1],
    [0xbc00, -1],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
  ])('halfToFloat(%i) is %d', (word, expected) => expect(halfToFloat(word)).toBe(expected));

  it('keep NaN and the sign of zero', () => {
    expect(halfToFloat(0x7e00)).toBeNaN();
    expect(halfToFloat(0x8000)).toBe(-0);
    expect(bfloatToFloat(0x4049)).toBe(3.140625);
  });
});

describe('making a tensor', () => {
  it('keeps INT64_MAX where it went through a number', () => {
    const most = 2n ** 63n - 1n;
    const round = (v: ArrayLike<number> | BigInt64Array) => (tensorData(makeTensor('t', DType.int64, [1], v)) as BigInt64Array)[0];
    expect(round([Number(most)])).toBe(most);
    expect(round(BigInt64Array.of(most))).toBe(most);
    expect(round([Number(-(2n ** 63n))])).toBe(-(2n ** 63n));
    expect(round([-3])).toBe(-3n);
  });

  it('refuses a count that does not fit the shape', () => {
    expect(() => makeTensor('t', DType.float32, [2, 2], [1, 2, 3])).toThrow('3 values for shape [2, 2]');
  });
});
