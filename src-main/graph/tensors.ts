import { create } from '@bufbuild/protobuf';
import { TensorProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { readExternal } from './external.ts';
import type { ExternalLocation } from './external.ts';
import { DType, DTYPE_NAME } from './ir.ts';
import type { Graph } from './ir.ts';

export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | BigInt64Array
  | BigUint64Array
  | Uint32Array;

const VIEW: Record<number, new (b: ArrayBuffer) => TensorData> = {
  [DType.float32]: Float32Array,
  [DType.float64]: Float64Array,
  [DType.int32]: Int32Array,
  [DType.int64]: BigInt64Array,
  [DType.uint8]: Uint8Array,
  [DType.int8]: Int8Array,
  [DType.bool]: Uint8Array,
  [DType.uint16]: Uint16Array,
  [DType.int16]: Int16Array,
  [DType.float16]: Uint16Array,
  [DType.bfloat16]: Uint16Array,
  [DType.uint32]: Uint32Array,
  [DType.uint64]: BigUint64Array,
};

/** Bytes of one element; 0 for strings. */
export function elementBytes(type: number): number {
  const view = VIEW[type];
  return view ? (view as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT : 0;
}

export function tensorDims(tensor: TensorProto): number[] {
  return tensor.dims.map(Number);
}

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}

/** How many elements a tensor has. @throws UserError for dimensions that no tensor can have */
export function elementsOf(tensor: TensorProto): number {
  const dims = tensorDims(tensor);
  const count = elementCount(dims);
  if (dims.some((d) => d < 0) || !Number.isSafeInteger(count))
    throw new UserError(
      `Tensor ${tensor.name} has the shape [${dims.slice(0, 8).join(', ')}${dims.length > 8 ? ', …' : ''}], which no tensor can have: the model file is damaged.`,
    );
  return count;
}

/** Where a tensor's bytes lie outside its message, or null. */
export function externalLocation(tensor: TensorProto): ExternalLocation | null {
  if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) return null;
  const entry = new Map(tensor.externalData.map((e) => [e.key, e.value]));
  const bytes = elementsOf(tensor) * elementBytes(tensor.dataType);
  return { location: entry.get('location') ?? '', offset: position(entry.get('offset'), 0), length: position(entry.get('length'), bytes) };
}

/** Digits alone, as onnxruntime reads them; NaN for anything else. */
const position = (text: string | undefined, fallback: number): number =>
  text === undefined ? fallback : /^\d{1,15}$/.test(text) ? Number(text) : NaN;

/**
 * The values of a tensor in a fresh typed array (float16 and bfloat16 as raw 16-bit words).
 * @throws UserError when external data is missing or shorter than the tensor needs.
 */
export function tensorData(tensor: TensorProto, graph?: Graph): TensorData {
  const view = VIEW[tensor.dataType];
  if (!view) throw new UserError(`Tensor ${tensor.name} has element type ${tensor.dataType}, which Hairline cannot read.`);
  const bytes = elementsOf(tensor) * elementBytes(tensor.dataType);
  const external = externalLocation(tensor);
  const raw = external ? readExternal(tensor.name, external, bytes, graph) : tensor.rawData;
  if (external || raw.length > 0) {
    if (raw.length < bytes) throw new UserError(`Tensor ${tensor.name} is shorter than its shape says: the model file is damaged.`);
    // Not slice(): that of a Buffer would share the memory of everything around it.
    return new view(new Uint8Array(raw.subarray(0, bytes)).buffer);
  }
  return fromTypedField(tensor, view);
}

/** Older writers put values into one repeated field per type instead of raw bytes. */
function fromTypedField(tensor: TensorProto, view: new (b: ArrayBuffer) => TensorData): TensorData {
  const from =
    tensor.dataType === DType.float32
      ? tensor.floatData
      : tensor.dataType === DType.float64
        ? tensor.doubleData
        : tensor.dataType === DType.int64
          ? tensor.int64Data
          : tensor.dataType === DType.uint64 || tensor.dataType === DType.uint32
            ? tensor.uint64Data
            : tensor.int32Data;
  const count = elementsOf(tensor);
  if (from.length < count) throw new UserError(`Tensor ${tensor.name} is shorter than its shape says: the model file is damaged.`);
  const out = new view(new ArrayBuffer(count * elementBytes(tensor.dataType)));
  const big = out instanceof BigInt64Array || out instanceof BigUint64Array;
  for (let i = 0; i < count; i++) (out as unknown as (number | bigint)[])[i] = big ? BigInt(from[i]!) : Number(from[i]!);
  return out;
}

/** A tensor message from values. `data` must already be of the type's own array (int64 takes numbers, too). */
export function makeTensor(name: string, type: DType, dims: readonly number[], data: ArrayLike<number> | BigInt64Array): TensorProto {
  const count = elementCount(dims);
  if (data.length !== count) throw new Error(`makeTensor ${name}: ${data.length} values for shape [${dims.join(', ')}]`);
  const view = VIEW[type];
  if (!view || type === DType.float16 || type === DType.bfloat16)
    throw new Error(`makeTensor ${name}: element type ${DTYPE_NAME[type] ?? type} is not written here`);
  const out = new view(new ArrayBuffer(count * elementBytes(type)));
  const big = out instanceof BigInt64Array || out instanceof BigUint64Array;
  for (let i = 0; i < count; i++)
    (out as unknown as (number | bigint)[])[i] = big ? whole(data[i] as number | bigint) : (data[i] as number);
  return create(TensorProtoSchema, {
    name,
    dataType: type,
    dims: dims.map((d) => BigInt(d)),
    rawData: new Uint8Array(out.buffer as ArrayBuffer),
  });
}

/** INT64_MAX, which stands for "to the end", is 2^63 as a number: without the bound it would turn around to the least value. */
function whole(value: number | bigint): bigint {
  const exact = BigInt(value);
  const most = 2n ** 63n - 1n;
  return typeof value === 'number' && exact > most ? most : exact;
}

/** Small constant content as plain numbers (int64 beyond 2^53 is rounded), for shape arithmetic. */
export function tensorNumbers(tensor: TensorProto, graph?: Graph): ArrayLike<number> {
  const data = tensorData(tensor, graph);
  if (tensor.dataType === DType.float16) return Float32Array.from(data as Uint16Array, halfToFloat);
  if (tensor.dataType === DType.bfloat16) return Float32Array.from(data as Uint16Array, bfloatToFloat);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data as BigInt64Array, Number);
  return data;
}

/** IEEE binary16 word to number. */
export function halfToFloat(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 31;
  const fraction = word & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 word to number: the upper half of a float32. */
export function bfloatToFloat(word: number): number {
  return new Float32Array(new Uint32Array([word << 16]).buffer)[0]!;
}
