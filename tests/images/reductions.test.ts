import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSharp, openImages } from '../../src-main/images/index.ts';
import type { ImageSet } from '../../src-main/images/index.ts';
import { npy, png, scratch } from './files.ts';

const { folder, file } = scratch();
const open = (paths: string[]) => openImages({ paths, labels: null, offset: 0, limit: null, look: 'all' });
/** Values of the only picture of a file, and what is said of it. */
async function only(path: string): Promise<[number, number[], string[]]> {
  const { items, warnings } = await open([path]);
  const { channels, data } = await items[0]!.read();
  return [channels, Array.from(data), warnings];
}
const words = (...values: number[]): number[] => values.flatMap((value) => [value >> 8, value & 255]);

describe('netpbm pictures', () => {
  const ascii = (text: string) => Buffer.from(text, 'latin1');
  it.each<[string, Uint8Array, number, number[]]>([
    ['P5', Buffer.concat([ascii('P5\n# a comment 9 9\n3 1\n255\n'), Buffer.of(0, 128, 255)]), 1, [0, 128, 255]],
    ['P6', Buffer.concat([ascii('P6 1 2 255\n'), Buffer.of(1, 2, 3, 4, 5, 6)]), 3, [1, 2, 3, 4, 5, 6]],
    ['P2 with another maximum', ascii('P2\n2 2\n15\n0 5\n10 # ten\n15\n'), 1, [0, 85, 170, 255]],
    ['P3', ascii('P3\r\n1 1\r\n255\r\n10 20 30'), 3, [10, 20, 30]],
    ['P1, bits without space', ascii('P1\n3 1\n101\n'), 1, [0, 255, 0]],
    ['P4', Buffer.concat([ascii('P4\n10 1\n'), Buffer.of(0b10100000, 0b01000000)]), 1, [0, 255, 0, 255, 255, 255, 255, 255, 255, 0]],
  ])('%s', async (name, bytes, channels, values) => {
    expect(await only(file(`${name.slice(0, 2)}.pnm`, bytes))).toEqual([channels, values, []]);
  });

  it('of more than 8 bits are reduced from their own maximum, said', async () => {
    const deep = (white: number, ...values: number[]) =>
      Buffer.concat([ascii(`P5\n${values.length} 1\n${white}\n`), Buffer.from(words(...values))]);
    expect(await only(file('ten.pgm', deep(1023, 0, 512, 1023)))).toEqual([
      1,
      [0, 128, 255],
      [expect.stringMatching(/^1 of 1 images have more than 8 bits/)],
    ]);
    expect(await only(file('sixteen.pgm', deep(65535, 257, 4096, 65535)))).toEqual([
      1,
      [1, 16, 255],
      [expect.stringMatching(/value \/ 257/)],
    ]);
    expect(await only(file('twelve.pgm', deep(65535, 0, 2048, 4095)))).toEqual([
      1,
      [0, 128, 255],
      [expect.stringMatching(/none above 4095, so they were taken for 12 bits in 16/)],
    ]);
  });

  it('that are damaged are left out with the reason', async () => {
    const bad = {
      'short.ppm': 'P6\n2 1\n255\nabc',
      'size.pgm': 'P5\n3 y\n255\n',
      'none.pgm': 'P5\n0 1\n255\n',
      'above.pgm': 'P2\n1 1\n15\n16\n',
      'digits.ppm': 'P3\n1 1\n255\n1 2 x',
      'white.pgm': 'P5\n1 1\n70000\nab',
    };
    for (const [name, content] of Object.entries(bad)) file(`bad/${name}`, ascii(content));
    file('bad/good.pgm', ascii('P2\n1 1\n15\n15\n'));
    const set = await open([join(folder, 'bad')]);
    expect(set.items.map(({ source }) => source)).toEqual(['bad/good.pgm']);
    expect(
      set.leftOut
        .map(({ source, reason }) => [
          source.slice(4),
          /^is a (damaged (or truncated )?PPM file|PPM file whose values go up to 70000, and the format ends at 65535)[^\n]*\.$/.test(
            reason,
          ),
        ])
        .sort(),
    ).toEqual(
      Object.keys(bad)
        .sort()
        .map((name) => [name, true]),
    );
  });

  it('are no limited number, and a note that begins with P3 is none', async () => {
    for (let i = 0; i < 40; i++) file(`many/${i}.ppm`, Buffer.concat([ascii('P6 1 1 255\n'), Buffer.of(i, i, i)]));
    file('many/notes.txt', 'P3 is the third part.');
    const set = await open([join(folder, 'many')]);
    expect([set.items.length, set.leftOut.map(({ reason }) => reason)]).toEqual([40, [expect.stringContaining('is text')]]);
  });
});

describe('16 bits a value', () => {
  const levels = ({ items }: ImageSet) => Promise.all(items.map(async (item) => Array.from((await item.read()).data)));
  /** A folder of grey pictures. */
  const deep = (name: string, pictures: number[][]): string => {
    pictures.forEach((values, i) => file(`${name}/${i}.png`, png(values.length, 1, 16, 0, [words(...values)])));
    return join(folder, name);
  };

  it('are divided by 257, and where none of any picture is above 4095 by 4095 / 255, said', async () => {
    const sixteen = await open([deep('sixteen', [[0x12ff, 0xfe01, 0xffff]])]);
    expect([await levels(sixteen), sixteen.bitsFound, sixteen.warnings]).toEqual([
      [[19, 253, 255]],
      16,
      [expect.stringMatching(/^1 of 1 images have more than 8 bits a value .*value \/ 257/)],
    ]);
    const twelve = await open([
      deep('twelve', [
        [4095, 2048],
        [1, 0, 300],
      ]),
    ]);
    expect([await levels(twelve), twelve.bitsFound, twelve.warnings]).toEqual([
      [
        [255, 128],
        [0, 0, 19],
      ],
      12,
      [expect.stringMatching(/^2 of 2 images have 16 bits a value but none above 4095, .*12 bits in 16.*a guess: --bits/)],
    ]);
    const eight = await open([
      deep('eight', [
        [255, 7],
        [0, 9],
      ]),
    ]);
    expect([await levels(eight), eight.warnings]).toEqual([
      [
        [255, 7],
        [0, 9],
      ],
      [expect.stringMatching(/taken for 8 bits in 16/)],
    ]);
  });

  it('are judged together: a dark one among others is dark, and named', async () => {
    const mixed = deep('mixed', [
      [65535, 3000],
      [3000, 3000],
      [40000, 1],
    ]);
    file('mixed/grey.png', png(1, 1, 8, 0, [[7]]));
    const set = await open([mixed]);
    expect(await levels(set)).toEqual([[255, 12], [12, 12], [156, 0], [7]]);
    expect(set.warnings).toEqual([
      expect.stringMatching(/^3 of 4 images have more than 8 bits a value/),
      expect.stringMatching(/^mixed\/1\.png has no value above 4095, .* others go up to 65535, so all were read by the full 16 bits/),
    ]);
    // Of its own, and as an audit goes on that had found it.
    const request = { paths: [join(mixed, '1.png')], labels: null, offset: 0, limit: null };
    expect([await levels(await openImages(request)), await levels(await openImages({ ...request, bitsFound: 16 }))]).toEqual([
      [[187, 187]],
      [[12, 12]],
    ]);
    // One that goes beyond 12 bits tells, wherever it lies among many.
    const many = await open([
      deep(
        'many',
        Array.from({ length: 100 }, (_, i) => [i === 98 ? 5000 : 4000]),
      ),
    ]);
    expect([(await levels(many))[0], many.bitsFound]).toEqual([[16], 16]);
  });

  it('are read as somebody says, who is told where they may be fewer', async () => {
    const dark = deep('fourteen', [
      [16383, 8192],
      [0, 4000],
    ]);
    expect((await open([dark])).warnings.at(-1)).toMatch(/No value that was looked at is above 16383: .* --bits 14 says so/);
    const open14 = (path: string) => openImages({ paths: [path], labels: null, offset: 0, limit: null, look: 'all', bits: 14 });
    const set = await open14(dark);
    expect([await levels(set), set.warnings, set.bitsFound]).toEqual([
      [
        [255, 128],
        [0, 62],
      ],
      [expect.stringMatching(/^2 of 2 images have 16 bits a value, of which 14 were taken to be in use, as was said/)],
      undefined,
    ]);
    file('fourteen/9.png', png(1, 1, 16, 0, [words(16384)]));
    expect((await open14(dark)).leftOut).toEqual([
      { source: 'fourteen/9.png', reason: expect.stringMatching(/^holds the value 16384, and 14 bits end at 16383: /) as unknown },
    ]);
    const array = await open14(file('f.npy', npy('<u2', [1, 1, 2], new Uint8Array(Uint16Array.of(16383, 100).buffer))));
    expect([await levels(array), array.warnings]).toEqual([[[255, 2]], [expect.stringMatching(/^f\.npy: .* of which 14/)]]);
  });

  it('of an array are judged over the whole file', async () => {
    const array = (name: string, ...values: number[]) => file(name, npy('<u2', [2, 1, 2], new Uint8Array(Uint16Array.from(values).buffer)));
    const sixteen = await open([array('s.npy', 0, 4095, 65535, 257)]);
    expect([Array.from((await sixteen.items[0]!.read()).data), sixteen.warnings]).toEqual([
      [0, 16],
      [expect.stringMatching(/^s\.npy: 2 of 2 images have more than 8 bits/)],
    ]);
    const twelve = await open([array('t.npy', 0, 2048, 4095, 1)]);
    expect([Array.from((await twelve.items[0]!.read()).data), twelve.warnings]).toEqual([
      [0, 128],
      [expect.stringMatching(/12 bits in 16/)],
    ]);
    const eight = await open([array('l.npy', 0, 255, 1, 2)]);
    expect([Array.from((await eight.items[0]!.read()).data), eight.warnings]).toEqual([
      [0, 255],
      [expect.stringMatching(/8 bits in 16.*a guess/)],
    ]);
    const ten = await open([array('ten.npy', 0, 1023, 1, 2)]);
    expect(ten.warnings.join()).toMatch(/none above 4095.*if these are 10 bits in 16, they are too dark, and --bits 10 says so/);
  });

  it('of floats that end far below 255 are called a guess, and others of half precision are refused by name', async () => {
    const floats = (name: string, ...values: number[]) =>
      file(name, npy('<f4', [1, 1, 2], new Uint8Array(Float32Array.from(values).buffer)));
    expect((await open([floats('hundred.npy', 0, 100)])).warnings.join()).toMatch(
      /numbers up to 100, which were taken for levels of 0 to 255, a guess/,
    );
    expect((await open([floats('levels.npy', 0, 200)])).warnings).toEqual([]);
    await expect(open([file('half.npy', npy('<f2', [1, 1, 2], new Uint8Array(4)))])).rejects.toThrow(
      /float16.*save it with numpy as float32/,
    );
  });
});

describe('several frames or pages', () => {
  const said = (n: number, of: number) => `${n} of ${of} images have several frames or pages, of which the first was taken.`;
  it('of GIF and WebP: the first, said', async () => {
    const sharp = await loadSharp();
    const two = Buffer.concat([Buffer.alloc(48, 250), Buffer.alloc(48, 10)]);
    const film = () => sharp(two, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } as never });
    file('film/a.gif', await film().gif().toBuffer());
    file('film/b.webp', await film().webp({ lossless: true }).toBuffer());
    file(
      'film/c.webp',
      await sharp(two, { raw: { width: 4, height: 8, channels: 3 } })
        .webp({ lossless: true })
        .toBuffer(),
    );
    const set = await open([join(folder, 'film')]);
    expect(set.items.map(({ height }) => height)).toEqual([4, 4, 8]);
    expect(set.warnings.filter((warning) => !warning.includes('alpha'))).toEqual([said(2, 3)]);
    for (const item of set.items) expect((await item.read()).data[0]).toBeGreaterThan(240);
  });

  it('of PNG, which libvips says nothing of', async () => {
    const whole = Buffer.from(png(1, 1, 8, 0, [[9]]));
    // The control chunk stands before the first pixels; its checksum is that of its bytes.
    const control = Buffer.concat([
      Buffer.from([0, 0, 0, 8]),
      Buffer.from('acTL'),
      Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]),
      Buffer.from([0xf3, 0x8d, 0x93, 0x70]),
    ]);
    const at = whole.indexOf('IDAT') - 4;
    expect(await only(file('film.png', Buffer.concat([whole.subarray(0, at), control, whole.subarray(at)])))).toEqual([
      1,
      [9],
      [said(1, 1)],
    ]);
  });

  it('of TIFF', async () => {
    // Two pages of one grey pixel, 8 bits, little-endian: level 42, then 99.
    const entry = (tag: number, value: number): Buffer => {
      const b = Buffer.alloc(12);
      b.writeUInt16LE(tag, 0);
      b.writeUInt16LE(4, 2);
      b.writeUInt32LE(1, 4);
      b.writeUInt32LE(value, 8);
      return b;
    };
    const page = (pixel: number, next: number): Buffer => {
      const entries = [
        entry(256, 1),
        entry(257, 1),
        entry(258, 8),
        entry(259, 1),
        entry(262, 1),
        entry(273, pixel),
        entry(277, 1),
        entry(278, 1),
        entry(279, 1),
      ];
      const count = Buffer.alloc(2);
      count.writeUInt16LE(entries.length);
      const after = Buffer.alloc(4);
      after.writeUInt32LE(next);
      return Buffer.concat([count, ...entries, after]);
    };
    const size = 2 + 9 * 12 + 4;
    const head = Buffer.from([0x49, 0x49, 42, 0, 10, 0, 0, 0, 42, 99]);
    expect(await only(file('pages.tif', Buffer.concat([head, page(8, 10 + size), page(9, 0)])))).toEqual([1, [42], [said(1, 1)]]);
    // The same with 32-bit floating point values is refused by name.
    const float = Buffer.concat([
      Buffer.from([0x49, 0x49, 42, 0, 12, 0, 0, 0, 0, 0, 0, 63]),
      Buffer.from([10, 0]),
      entry(256, 1),
      entry(257, 1),
      entry(258, 32),
      entry(259, 1),
      entry(262, 1),
      entry(273, 8),
      entry(277, 1),
      entry(278, 1),
      entry(279, 4),
      entry(339, 3),
      Buffer.alloc(4),
    ]);
    await expect(open([file('float.tif', float)])).rejects.toThrow(/holds pixels of the kind float, which are not read/);
    // The same page in the colours of LAB, as Pillow writes them, three bytes a value.
    const tags = [
      [256, 1],
      [257, 1],
      [258, 8],
      [259, 1],
      [262, 8],
      [273, 8],
      [277, 3],
      [278, 1],
      [279, 3],
    ] as const;
    const lab = Buffer.concat([
      Buffer.from([0x49, 0x49, 42, 0, 12, 0, 0, 0, 90, 1, 2, 0]),
      Buffer.from([9, 0]),
      ...tags.map(([tag, value]) => entry(tag, value)),
      Buffer.alloc(4),
    ]);
    await expect(open([file('lab.tif', lab)])).rejects.toThrow(
      /lab\.tif is of a kind that is not read, such as colours of LAB or a rare compression: save it as PNG in RGB or grey\.$/,
    );
  });
});

it('a picture that is cut says so without the words of a library', async () => {
  const whole = png(
    64,
    64,
    8,
    0,
    Array.from({ length: 64 }, (_, y) => Array.from({ length: 64 }, (_, x) => (x * 37 + y * y * 11) % 251)),
  );
  const cut = file('cut.png', whole.subarray(0, whole.length / 2));
  await expect(open([cut])).rejects.toThrow(/cut\.png is damaged or cut short and cannot be decoded: copy it again or leave it out\.$/);
});

it('the colours of print are said to be taken to RGB', async () => {
  const sharp = await loadSharp();
  const cmyk = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .toColourspace('cmyk')
    .jpeg()
    .toBuffer();
  expect((await open([file('print.jpg', cmyk)])).warnings).toEqual([
    '1 of 1 images have the colours of print (CMYK), which were taken to RGB.',
  ]);
});
