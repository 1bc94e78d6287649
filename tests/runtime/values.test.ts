import { describe, expect, it } from 'vitest';
import { DType, halfToFloat } from '../../src-main/graph/index.ts';
import { imageTensor, floatToHalf, numbersOf, zeros } from '../../src-main/runtime/values.ts';

describe('16-bit words of numbers', () => {
  it('are the nearest, for every word there is', () => {
    const wrong: [number, number][] = [];
    const expectWord = (value: number, word: number) => {
      if (floatToHalf(value) !== word) wrong.push([value, word]);
    };
    for (let word = 0; word < 0x7c00; word++) {
      const [here, next] = [halfToFloat(word), word === 0x7bff ? 65536 : halfToFloat(word + 1)];
      const gap = next - here;
      expectWord(here, word);
      expectWord(-here, word | 0x8000);
      // A little less and a little more than half way to the next, and half way: the even one.
      expectWord(here + 0.49 * gap, word);
      expectWord(here + 0.51 * gap, word + 1);
      expectWord(here + 0.5 * gap, word % 2 === 0 ? word : word + 1);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    [Infinity, 0x7c00],
    [-Infinity, 0xfc00],
    [1e30, 0x7c00],
    [NaN, 0x7e00],
    [-0, 0x8000],
    [1e-30, 0],
  ])('%d', (value, word) => expect(floatToHalf(value)).toBe(word));
});

describe('tensors for onnxruntime', () => {
  it.each([
    [DType.float32, [0.5, -2]],
    [DType.float64, [0.5, -2]],
    [DType.float16, [0.5, -2]],
  ])('of floating-point type %i hold the numbers given', (type, values) => {
    const tensor = imageTensor(type, Float32Array.from(values), [2, 1]);
    expect(tensor.dims).toEqual([2, 1]);
    expect(Array.from(numbersOf(tensor))).toEqual(values);
  });

  it.each([DType.float32, DType.float64, DType.float16, DType.int64, DType.int32, DType.uint8, DType.int8, DType.bool])(
    'of type %i can be zero',
    (type) => {
      const tensor = zeros(type, [2, 3]);
      expect([tensor.dims, Array.from(numbersOf(tensor))]).toEqual([
        [2, 3],
        [0, 0, 0, 0, 0, 0],
      ]);
    },
  );

  it('for bfloat16 are float32, which the session rounds', () => {
    const tensor = imageTensor(DType.bfloat16, Float32Array.of(0.1), [1]);
    expect([tensor.type, Array.from(tensor.data as Float32Array)]).toEqual(['float32', [Math.fround(0.1)]]);
  });

  it('of other types are refused by name', () => {
    expect(() => zeros(DType.bfloat16, [1])).toThrow('The model takes an input of type bfloat16, which Hairline cannot feed.');
    expect(() => imageTensor(DType.string, new Float32Array(1), [1])).toThrow('The model takes an input of type string');
    expect(() => zeros(DType.string, [1])).toThrow('of type string');
  });
});
