/**
 * Protobuf by hand: models for tests are written byte by byte, and saved ones read back the same way, so that neither
 * passes through the library under test. A message is a list of fields; the numbers are those of onnx.proto.
 */
export type Field = [number: number, value: number | bigint | string | Uint8Array | Field[] | { float: number }];

export const MODEL = { irVersion: 1, producerName: 2, producerVersion: 3, graph: 7, opsetImport: 8 };
export const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12, valueInfo: 13 };
export const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 };
export const TENSOR = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  int64Data: 7,
  name: 8,
  rawData: 9,
  externalData: 13,
  dataLocation: 14,
};
export const ATTRIBUTE = { name: 1, f: 2, i: 3, s: 4, t: 5, g: 6, floats: 7, ints: 8, type: 20 };

function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  do {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? byte | 0x80 : byte);
  } while (rest > 0n);
  return out;
}

export function encode(fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    if (typeof value === 'number' || typeof value === 'bigint') parts.push(Uint8Array.from([...varint(number << 3), ...varint(value)]));
    else if (typeof value === 'object' && 'float' in value)
      parts.push(Uint8Array.from([...varint((number << 3) | 5), ...new Uint8Array(Float32Array.of(value.float).buffer)]));
    else {
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : encode(value);
      parts.push(Uint8Array.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes);
    }
  }
  return Buffer.concat(parts);
}

/** The values of every field with this number: bytes of length-delimited fields, else numbers. */
export function read(bytes: Uint8Array, wanted: number): (Uint8Array | bigint)[] {
  const found: (Uint8Array | bigint)[] = [];
  let at = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(number());
    const wire = key & 7;
    let value: Uint8Array | bigint;
    if (wire === 0) value = number();
    else {
      const length = wire === 2 ? Number(number()) : wire === 5 ? 4 : 8;
      value = bytes.subarray(at, at + length);
      at += length;
    }
    if (key >> 3 === wanted) found.push(value);
  }
  return found;
}

/** The messages in a field. */
export const messages = (bytes: Uint8Array, wanted: number): Uint8Array[] => read(bytes, wanted) as Uint8Array[];
export const texts = (bytes: Uint8Array, wanted: number): string[] => messages(bytes, wanted).map((b) => new TextDecoder().decode(b));

export const floats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

/** A float value of fixed dimensions; a string is a symbolic one. */
export function value(name: string, dims: readonly (number | string)[], type = 1): Field[] {
  const shape: Field[] = dims.map((d) => [1, [typeof d === 'number' ? [1, d] : [2, d]]]);
  return [
    [1, name],
    [
      2,
      [
        [
          1,
          [
            [1, type],
            [2, shape],
          ],
        ],
      ],
    ],
  ];
}

export function node(op: string, inputs: readonly string[], outputs: readonly string[], more: readonly Field[] = []): Field {
  const names: Field[] = [...inputs.map((i): Field => [NODE.input, i]), ...outputs.map((o): Field => [NODE.output, o])];
  return [GRAPH.node, [...names, [NODE.opType, op], ...more]];
}

export function initializer(name: string, dims: readonly number[], content: readonly Field[], type = 1): Field {
  return [GRAPH.initializer, tensor(name, dims, content, type)];
}

export function tensor(name: string, dims: readonly number[], content: readonly Field[], type = 1): Field[] {
  return [...dims.map((d): Field => [TENSOR.dims, d]), [TENSOR.dataType, type], [TENSOR.name, name], ...content];
}

export function model(graph: readonly Field[], more: readonly Field[] = [], version = 18): Uint8Array {
  return encode([
    [MODEL.irVersion, 8],
    [MODEL.producerName, 'by hand'],
    [MODEL.graph, [[GRAPH.name, 'g'], ...graph]],
    [MODEL.opsetImport, [[2, version]]],
    ...more,
  ]);
}
