/** Bytes of every kind, the same each time. */
export const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 73 + (i >> 3) * 31) & 255));

/** Bodies are made up to this many bytes, whatever the header says. */
const MOST = 1 << 16;

/** @param size bytes of a number in the body; 0: none */
export function idx(type: number, size: number, ...dims: number[]): Buffer {
  const head = Buffer.alloc(4 + 4 * dims.length);
  head.set([0, 0, type, dims.length]);
  dims.forEach((dim, i) => head.writeUInt32BE(dim, 4 + 4 * i));
  return Buffer.concat([head, noise(Math.min(MOST, size * dims.reduce((a, b) => a * b, 1)))]);
}

export function npy(descr: string, shape: string, bytes: Buffer, version = 1): Buffer {
  const text = Buffer.from(`{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`);
  const head = Buffer.alloc(version === 1 ? 10 : 12);
  head.set([0x93, ...Buffer.from('NUMPY'), version, 0]);
  if (version === 1) head.writeUInt16LE(text.length, 8);
  else head.writeUInt32LE(text.length, 8);
  return Buffer.concat([head, text, bytes]);
}

export function bmp(bits: number, width: number, height: number): Buffer {
  const palette = bits <= 8 ? 1024 : 0;
  const head = Buffer.alloc(54);
  head.write('BM');
  head.writeUInt32LE(54 + palette, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(bits, 28);
  return Buffer.concat([head, noise(palette), noise(Math.min(MOST, Math.abs(height) * Math.ceil((Math.abs(width) * bits) / 32) * 4))]);
}
