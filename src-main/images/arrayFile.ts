import { UserError } from '../../shared/errors.ts';
import type { ByteSource } from './byteSource.ts';
import { sniff } from './sniff.ts';

/** Kinds of numbers in IDX and NPY files. */
export interface ElementType {
  kind: 'bool' | 'uint' | 'int' | 'float';
  bytes: 1 | 2 | 4 | 8;
  littleEndian: boolean;
}

/** A rectangular array of numbers in a file: IDX or NPY. */
export interface ArrayFile {
  name: string;
  format: 'IDX' | '.npy';
  bytes: ByteSource;
  /** Where the first number lies. */
  offset: number;
  dims: number[];
  type: ElementType;
}

const IDX_TYPES: Record<number, ElementType> = {
  0x08: { kind: 'uint', bytes: 1, littleEndian: false },
  0x09: { kind: 'int', bytes: 1, littleEndian: false },
  0x0b: { kind: 'int', bytes: 2, littleEndian: false },
  0x0c: { kind: 'int', bytes: 4, littleEndian: false },
  0x0d: { kind: 'float', bytes: 4, littleEndian: false },
  0x0e: { kind: 'float', bytes: 8, littleEndian: false },
};

/** What a header says; `offset` is where the first number lies. */
type Header = Pick<ArrayFile, 'format' | 'offset' | 'dims' | 'type'>;

/** The longest text of an .npy header: NumPy's own limit (`max_header_size`). */
const NPY_TEXT = 10_000;
/** First bytes that hold every header. */
export const HEADER_BYTES = 12 + NPY_TEXT;

/**
 * Opens an IDX file, MNIST's format: two zero bytes, type, number of dimensions, the dimensions as big-endian
 * 32-bit numbers, then the numbers, also big-endian.
 * @throws UserError when the file does not have the length its header says, or holds nothing.
 */
export async function readIdx(bytes: ByteSource, name: string): Promise<ArrayFile> {
  return whole({ name, bytes, ...idxHeader(await bytes.read(0, 4 + 4 * 4), name) });
}

/**
 * Opens a NumPy .npy file (versions 1 to 3): magic, version, length, then a Python dictionary as text.
 * @throws UserError for Fortran order, element types that are no plain numbers, wrong lengths, and files that hold nothing.
 */
export async function readNpy(bytes: ByteSource, name: string): Promise<ArrayFile> {
  return whole({ name, bytes, ...npyHeader(await bytes.read(0, HEADER_BYTES), name) });
}

/** Bytes of the whole file according to the header in its first `HEADER_BYTES`; null when that is none. */
export function claimedSize(start: Uint8Array): number | null {
  const read = ({ idx: idxHeader, npy: npyHeader } as const)[sniff(start) as 'idx' | 'npy'];
  try {
    return read ? sizeOf(read(start, '')) : null;
  } catch {
    return null;
  }
}

function idxHeader(head: Uint8Array, name: string): Header {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const count = head[3]!;
  const offset = 4 + 4 * count;
  if (head.length < offset) throw new UserError(`${name} is a truncated IDX file: copy it again.`);
  const dims = Array.from({ length: count }, (_, i) => view.getUint32(4 + 4 * i, false));
  return { format: 'IDX', offset, dims, type: IDX_TYPES[head[2]!]! };
}

function npyHeader(head: Uint8Array, name: string): Header {
  if (head.length < 12) throw new UserError(`${name} is a truncated .npy file: copy it again.`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const wide = head[6]! >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > NPY_TEXT) throw new UserError(`${name} is damaged: its .npy header would have ${length.toLocaleString('en')} bytes.`);
  const text = new TextDecoder().decode(head.subarray(start, start + length));
  const descr = /'descr':\s*'([<>|=])([a-z])(\d+)'/.exec(text);
  const shape = /'shape':\s*\(([\d\s,L]*)\)/.exec(text);
  const kind = ({ b: 'bool', u: 'uint', i: 'int', f: 'float' } as const)[descr?.[2] ?? ''];
  const size = Number(descr?.[3]);
  // Python 2 wrote 28L.
  const dims = shape?.[1]!.split(',').flatMap((d) => (d.trim() === '' ? [] : [Number(d.trim().replace(/L$/, ''))])) ?? [NaN];
  if (dims.some(Number.isNaN) || !kind || ![1, 2, 4, 8].includes(size) || (kind === 'float' && size < 4) || (kind === 'bool' && size > 1))
    throw new UserError(
      /'[<>=|]?[fc]\d+'/.test(text)
        ? `${name} holds floating-point numbers of a kind that is not read (float16, complex): save it with numpy as float32.`
        : `${name} does not hold plain numbers: save it with numpy as uint8, float32 or int64.`,
    );
  if (/'fortran_order':\s*True/.test(text)) throw new UserError(`${name} is in Fortran order: save numpy.ascontiguousarray of it.`);
  return {
    format: '.npy',
    offset: start + length,
    dims,
    type: { kind, bytes: size as ElementType['bytes'], littleEndian: descr![1] !== '>' },
  };
}

/** Beyond 2^53 the number is not exact, but no file is as long. */
function sizeOf({ offset, dims, type }: Header): number {
  return offset + dims.reduce((a, b) => a * b, 1) * type.bytes;
}

function whole(file: ArrayFile): ArrayFile {
  const shape = file.dims.map(String).join(' x ').slice(0, 60);
  const expected = sizeOf(file);
  if (file.bytes.size !== expected)
    throw new UserError(
      `${file.name} is damaged: its ${file.format} header asks for ${expected.toLocaleString('en', { useGrouping: false })} bytes (${shape}), but it has ${file.bytes.size}.`,
    );
  // A header alone may claim billions of pictures of no pixels.
  if (file.dims.includes(0)) throw new UserError(`${file.name} holds nothing: its ${file.format} header says ${shape}.`);
  return file;
}

/**
 * `count` numbers from the `first`, row by row. int64 beyond 2^53 is rounded.
 * @throws UserError when the file has become shorter since it was opened.
 */
export async function readNumbers(file: ArrayFile, first: number, count: number): Promise<Float64Array | Uint8Array> {
  const { kind, bytes, littleEndian } = file.type;
  const raw = await file.bytes.read(file.offset + first * bytes, count * bytes);
  if (raw.length < count * bytes) throw new UserError(`${file.name} has become shorter while it was read: start again.`);
  if (bytes === 1 && kind !== 'int') return raw;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const get = READERS[`${kind}${bytes}`]!;
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = get(view, i * bytes, littleEndian);
  return out;
}

const READERS: Record<string, (view: DataView, at: number, little: boolean) => number> = {
  int1: (v, at) => v.getInt8(at),
  int2: (v, at, le) => v.getInt16(at, le),
  int4: (v, at, le) => v.getInt32(at, le),
  int8: (v, at, le) => Number(v.getBigInt64(at, le)),
  uint2: (v, at, le) => v.getUint16(at, le),
  uint4: (v, at, le) => v.getUint32(at, le),
  uint8: (v, at, le) => Number(v.getBigUint64(at, le)),
  float4: (v, at, le) => v.getFloat32(at, le),
  float8: (v, at, le) => v.getFloat64(at, le),
};
