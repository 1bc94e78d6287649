/**
 * Bytes of a NumPy file, version 1.0, C order.
 * @param shape product of its entries is the length of `values`
 * @throws RangeError when they do not fit
 */
export function encodeNpy(values: Uint8Array, shape: readonly number[]): Uint8Array {
  if (shape.reduce((a, b) => a * b, 1) !== values.length) throw new RangeError('values and shape do not fit');
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  // Magic, version and length take 10 bytes; the data starts at a multiple of 64, after a line end.
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(padded.length, 8);
  return Buffer.concat([head, Buffer.from(padded, 'latin1'), values]);
}
