import { deflateSync, crc32 } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { decodePlainPng, encodePng, inflatedWhole, MEGAPIXELS, unfiltered } from '../../src-main/images/index.ts';
import { noise } from './files.ts';

afterEach(() => {
  delete process.env[MEGAPIXELS];
});

interface Written {
  width: number;
  height: number;
  /** The five bytes behind the size: depth, colour, compression, filter, interlace. */
  form: number[];
  rows: Uint8Array;
  /** Chunks before the end, and bytes behind it. */
  more: [type: string, body: Uint8Array][];
  behind: Uint8Array;
  parts: number;
}

/** A PNG by the letter of the format, of 3 x 2 grey pixels unless told otherwise. */
function png(change: Partial<Written> = {}): Buffer {
  const how = {
    width: 3,
    height: 2,
    form: [8, 0, 0, 0, 0],
    rows: Uint8Array.of(0, 1, 2, 3, 0, 4, 5, 6),
    more: [],
    behind: new Uint8Array(),
    parts: 1,
    ...change,
  };
  const chunk = (type: string, body: Uint8Array): Buffer => {
    const out = Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), body, Buffer.alloc(4)]);
    out.writeUInt32BE(body.length, 0);
    out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
  };
  const header = Buffer.concat([Buffer.alloc(8), Buffer.from(how.form)]);
  header.writeUInt32BE(how.width, 0);
  header.writeUInt32BE(how.height, 4);
  const packed = deflateSync(how.rows);
  const cut = Math.ceil(packed.length / how.parts);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...Array.from({ length: how.parts }, (_, i) => chunk('IDAT', packed.subarray(i * cut, (i + 1) * cut))),
    ...how.more.map(([type, body]) => chunk(type, body)),
    chunk('IEND', new Uint8Array()),
    how.behind,
  ]);
}

describe('a PNG as an audit writes it', () => {
  it('is read as it was written, grey and in colour', async () => {
    for (const channels of [1, 3] as const) {
      const picture = { width: 9, height: 7, channels, data: Uint8Array.from(noise(63 * channels)) };
      expect(decodePlainPng(await encodePng(picture))).toEqual(picture);
    }
    const plain = { width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect(decodePlainPng(png())).toEqual(plain);
    expect(decodePlainPng(png({ parts: 3 }))).toEqual(plain);
    expect(decodePlainPng(png({ more: [['pHYs', Buffer.alloc(9)]] }))).toEqual(plain);
    // Of a view into other bytes, only the view.
    const file = png();
    const wide = new Uint8Array(file.length + 20).fill(7);
    wide.set(file, 10);
    expect(decodePlainPng(wide.subarray(10, 10 + file.length))).toEqual(plain);
  });

  it.each<[string, () => Buffer]>([
    ['another signature', () => Buffer.concat([Buffer.of(0), png().subarray(1)])],
    ['a wrong checksum', () => Buffer.from(png().fill(9, 29, 30))],
    ['no end', () => png().subarray(0, -12)],
    ['half an end', () => png().subarray(0, -1)],
    ['something behind the end', () => png({ behind: Buffer.of(0) })],
    ['a chunk that may show something else', () => png({ more: [['tRNS', Buffer.alloc(2)]] })],
    ['16 bits', () => png({ form: [16, 0, 0, 0, 0] })],
    ['a palette', () => png({ form: [8, 3, 0, 0, 0] })],
    ['another compression', () => png({ form: [8, 0, 1, 0, 0] })],
    ['another filter method', () => png({ form: [8, 0, 0, 1, 0] })],
    ['interlacing', () => png({ form: [8, 0, 0, 0, 1] })],
    ['a header that is too long', () => png({ form: [8, 0, 0, 0, 0, 0] })],
    ['no width', () => png({ width: 0, rows: Uint8Array.of(0, 0) })],
    ['no height', () => png({ height: 0, rows: new Uint8Array() })],
    ['a row too few', () => png({ height: 3 })],
    ['a row too many', () => png({ height: 1 })],
    ['rows of another length', () => png({ width: 4 })],
    ['a filter that there is not', () => png({ rows: Uint8Array.of(5, 1, 2, 3, 0, 4, 5, 6) })],
  ])('is none with %s', (_, write) => expect(decodePlainPng(write())).toBeNull());

  it('is none with more pixels than may be opened, and is not unpacked then', () => {
    process.env[MEGAPIXELS] = '0.000006';
    expect(decodePlainPng(png())?.data.length).toBe(6);
    process.env[MEGAPIXELS] = '0.000005';
    expect(decodePlainPng(png())).toBeNull();
    delete process.env[MEGAPIXELS];
    // A few bytes that claim any size, and a few that unpack to more than they claim.
    expect(decodePlainPng(png({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 }))).toBeNull();
    expect(decodePlainPng(png({ rows: new Uint8Array(1e6) }))).toBeNull();
  });

  it('has its filters taken off as the standard says', () => {
    // Two rows of two grey pixels under each filter: left, above, their mean, and the nearest to left + above - corner.
    const row = (kind: number): number[] => Array.from(unfiltered(Uint8Array.of(0, 10, 40, kind, 5, 6), 2, 1)!.subarray(2));
    expect([0, 1, 2, 3, 4].map(row)).toEqual([
      [5, 6],
      [5, 11],
      [15, 46],
      [10, 31],
      [15, 46],
    ]);
    // Paeth's choice between three: left 50, above 10, corner 40 gives 20, which is nearest to above.
    expect(Array.from(unfiltered(Uint8Array.of(0, 40, 10, 4, 10, 1), 2, 1)!)).toEqual([40, 10, 50, 11]);
    // And left 12, above 40, corner 40: 12 itself; of equals left goes before above, and above before the corner.
    expect(Array.from(unfiltered(Uint8Array.of(0, 40, 40, 4, 228, 1), 2, 1)!)).toEqual([40, 40, 12, 13]);
    expect(Array.from(unfiltered(Uint8Array.of(0, 10, 20, 4, 20, 1), 2, 1)!)).toEqual([10, 20, 30, 31]);
    // In colour the pixel to the left is three bytes away; values wrap around.
    expect(Array.from(unfiltered(Uint8Array.of(1, 250, 2, 3, 10, 0, 253), 6, 3)!)).toEqual([250, 2, 3, 4, 2, 0]);
    expect(unfiltered(Uint8Array.of(9, 1, 1), 2, 1)).toBeNull();
  });
});

describe('zlib’s data', () => {
  const packed = deflateSync(Uint8Array.of(1, 2, 3, 4));
  it('is unpacked whole, or not at all', () => {
    expect([...inflatedWhole(packed, 4)!]).toEqual([1, 2, 3, 4]);
    expect([...inflatedWhole(packed, 100)!]).toEqual([1, 2, 3, 4]);
    expect(inflatedWhole(packed, 3)).toBeNull();
    expect(inflatedWhole(packed.subarray(0, -1), 4)).toBeNull();
    expect(inflatedWhole(Buffer.concat([packed, Buffer.of(0)]), 4)).toBeNull();
    expect(inflatedWhole(Buffer.of(1, 2, 3), 4)).toBeNull();
  });
});
