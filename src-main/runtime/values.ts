import { UserError } from '../../shared/errors.ts';
import { DType, DTYPE_NAME, elementCount, halfToFloat } from '../graph/index.ts';
import { nearestWhole } from '../model/wholeNumbers.ts';
import { ORT_TYPE, Tensor } from './ort.ts';
import type { OrtTensor } from './ort.ts';

/** A tensor of zeros as onnxruntime-node takes it. */
export function zeros(type: number, dims: readonly number[]): OrtTensor {
  const count = elementCount(dims);
  const name = ORT_TYPE[type];
  switch (name) {
    case 'float32':
      return new Tensor('float32', new Float32Array(count), dims);
    case 'float64':
      return new Tensor('float64', new Float64Array(count), dims);
    case 'int64':
      return new Tensor('int64', new BigInt64Array(count), dims);
    case 'int32':
      return new Tensor('int32', new Int32Array(count), dims);
    case 'uint8':
      return new Tensor('uint8', new Uint8Array(count), dims);
    case 'uint16':
      return new Tensor('uint16', new Uint16Array(count), dims);
    case 'int8':
      return new Tensor('int8', new Int8Array(count), dims);
    case 'bool':
      return new Tensor('bool', new Uint8Array(count), dims);
    case 'float16':
      return new Tensor('float16', new Uint16Array(count) as never, dims);
    default:
      throw new UserError(`The model takes an input of type ${DTYPE_NAME[type] ?? type}, which Hairline cannot feed.`);
  }
}

/** Numbers as a tensor of the type that an image's input declares; whole numbers and 16-bit floats are rounded to the nearest. */
export function imageTensor(type: number, data: Float32Array, dims: readonly number[]): OrtTensor {
  // In place of bfloat16 runs float32, which rounds by itself (see `withoutBfloat16`).
  if (type === DType.float32 || type === DType.bfloat16) return new Tensor('float32', data, dims);
  if (type === DType.float64) return new Tensor('float64', Float64Array.from(data), dims);
  if (type === DType.float16) return new Tensor('float16', Uint16Array.from(data, floatToHalf) as never, dims);
  if (type === DType.uint8)
    return new Tensor(
      'uint8',
      Uint8Array.from(data, (value) => nearestWhole(value, 255)),
      dims,
    );
  if (type === DType.uint16)
    return new Tensor(
      'uint16',
      Uint16Array.from(data, (value) => nearestWhole(value, 65535)),
      dims,
    );
  throw new UserError(`The model takes an input of type ${DTYPE_NAME[type] ?? type}, which Hairline cannot feed.`);
}

/** Numbers as a tensor of any type that an input declares; integers are rounded towards 0. */
export function tensorOf(type: number, data: readonly number[], dims: readonly number[]): OrtTensor {
  if (ORT_TYPE[type] === 'float16') return imageTensor(type, Float32Array.from(data), dims);
  const tensor = zeros(type, dims);
  const to = tensor.data as unknown as (number | bigint)[];
  const big = ORT_TYPE[type] === 'int64' || ORT_TYPE[type] === 'uint64';
  for (let i = 0; i < data.length; i++) to[i] = big ? BigInt(Math.trunc(data[i]!)) : data[i]!;
  return tensor;
}

/** Content of a tensor as plain numbers. */
export function numbersOf(tensor: OrtTensor): ArrayLike<number> {
  const data = tensor.data as ArrayLike<number | bigint>;
  // Newer Node has a Float16Array, which needs no help.
  if (tensor.type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, halfToFloat);
  return Array.from(data, Number);
}

/** Number to the nearest IEEE binary16 word, ties to even. */
export function floatToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const a = Math.abs(value);
  if (Number.isNaN(a)) return 0x7e00;
  if (a >= 65520) return sign | 0x7c00;
  const exponent = a < 2 ** -14 ? -14 : Math.floor(Math.log2(a));
  const step = 2 ** (exponent - 10);
  const scaled = a / step;
  const low = Math.floor(scaled);
  const rest = scaled - low;
  const rounded = low + (rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? 1 : 0);
  return a < 2 ** -14 ? sign | rounded : sign | (((exponent + 15) << 10) + (rounded - 1024));
}
