import { crc32, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import type { Dice } from '../dice.ts';
import { spoiled, TEXTS } from '../hostile.ts';
import type { Asked } from './child.ts';
import { claim } from './claims.ts';
import { bmp, idx, noise, npy } from './headers.ts';
import type { Made } from './made.ts';

export interface Tried extends Pick<Made, 'name' | 'bytes' | 'use'> {
  what: string;
  beside: readonly Pick<Made, 'name' | 'bytes'>[];
}

/** Six pictures go with every file of labels. */
const PICTURES = { name: 'pictures.npy', bytes: npy('|u1', '(6, 2, 2)', noise(24)) };

/** One file of every kind that Hairline reads. */
export async function originals(): Promise<Made[]> {
  const picture = sharp(noise(24 * 16 * 3), { raw: { width: 24, height: 16, channels: 3 } });
  const images: Made[] = [
    {
      name: 'a-images-idx3-ubyte',
      bytes: idx(8, 1, 6, 4, 4),
      use: 'images',
      fields: [
        [2, 1],
        [3, 1],
        [4, 4],
        [8, 4],
        [12, 4],
      ],
    },
    {
      name: 'floats-idx3',
      bytes: idx(13, 4, 2, 3, 3),
      use: 'images',
      fields: [
        [2, 1],
        [3, 1],
        [4, 4],
        [8, 4],
        [12, 4],
      ],
    },
    {
      name: 'a.npy',
      bytes: npy('|u1', '(4, 5, 5, 3)', noise(300)),
      use: 'images',
      fields: [
        [6, 1],
        [8, 2],
      ],
    },
    {
      name: 'wide.npy',
      bytes: npy('<f4', '(2, 3, 3)', Buffer.from(Float32Array.from({ length: 18 }, (_, i) => i / 18).buffer), 2),
      use: 'images',
      fields: [
        [6, 1],
        [8, 4],
      ],
    },
    {
      name: 'batch.bin',
      bytes: Buffer.concat([0, 3, 9].flatMap((label) => [Buffer.of(label), noise(3072)])),
      use: 'images',
      fields: [
        [0, 1],
        [3073, 1],
      ],
    },
    {
      name: 'a.png',
      bytes: await picture.clone().png().toBuffer(),
      use: 'images',
      fields: [
        [8, 4],
        [16, 4],
        [20, 4],
        [24, 1],
        [25, 1],
        [28, 1],
        [33, 4],
      ],
    },
    {
      name: 'palette.png',
      bytes: await picture.clone().png({ palette: true, colours: 16, progressive: true }).toBuffer(),
      use: 'images',
      fields: [
        [16, 4],
        [20, 4],
        [24, 1],
        [25, 1],
        [28, 1],
        [33, 4],
      ],
    },
    {
      name: 'a.jpg',
      bytes: await picture
        .clone()
        .withExif({ IFD0: { Copyright: 'x' } })
        .jpeg()
        .toBuffer(),
      use: 'images',
      fields: [
        [4, 2],
        [20, 2],
        [30, 2],
      ],
    },
    {
      name: 'progressive.jpg',
      bytes: await picture.clone().jpeg({ progressive: true }).toBuffer(),
      use: 'images',
      fields: [
        [4, 2],
        [20, 2],
      ],
    },
    {
      name: 'a.webp',
      bytes: await picture.clone().webp().toBuffer(),
      use: 'images',
      fields: [
        [4, 4],
        [16, 4],
        [26, 2],
        [28, 2],
      ],
      little: true,
    },
    {
      name: 'lossless.webp',
      bytes: await picture.clone().webp({ lossless: true }).toBuffer(),
      use: 'images',
      fields: [
        [4, 4],
        [16, 4],
        [21, 4],
      ],
      little: true,
    },
    {
      name: 'a.gif',
      bytes: await picture.clone().gif().toBuffer(),
      use: 'images',
      fields: [
        [6, 2],
        [8, 2],
        [10, 1],
      ],
      little: true,
    },
    { name: 'a.tiff', bytes: await picture.clone().tiff({ compression: 'lzw' }).toBuffer(), use: 'images', fields: [[4, 4]], little: true },
    {
      name: 'tiled.tiff',
      bytes: await picture.clone().tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
      use: 'images',
      fields: [[4, 4]],
      little: true,
    },
    {
      name: 'a.avif',
      bytes: await picture.clone().avif({ effort: 0 }).toBuffer(),
      use: 'images',
      fields: [
        [0, 4],
        [4, 4],
      ],
    },
    {
      name: 'a.bmp',
      bytes: bmp(24, 12, 9),
      use: 'images',
      fields: [
        [10, 4],
        [14, 4],
        [18, 4],
        [22, 4],
        [28, 2],
        [30, 4],
      ],
      little: true,
    },
    {
      name: 'palette.bmp',
      bytes: bmp(8, 12, 9),
      use: 'images',
      fields: [
        [10, 4],
        [14, 4],
        [18, 4],
        [22, 4],
        [28, 2],
        [46, 4],
      ],
      little: true,
    },
  ];
  const text = (name: string, use: Asked['use'], content: string): Made => ({ name, bytes: Buffer.from(content), use, fields: [] });
  const labels: Made[] = [
    {
      name: 'labels-idx1',
      bytes: Buffer.from([0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 2, 3, 4, 5]),
      use: 'labels',
      fields: [
        [2, 1],
        [3, 1],
        [4, 4],
      ],
    },
    {
      name: 'labels.npy',
      bytes: npy('<i8', '(6,)', Buffer.from(BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 5n).buffer)),
      use: 'labels',
      fields: [
        [6, 1],
        [8, 2],
      ],
    },
    text('labels.txt', 'labels', '0\n1\n2\n3\n4\n5\n'),
    text('labels.csv', 'labels', 'file,label\n0,a\n1,b\n2,c\n3,a\n4,b\n5,"c"\n'),
    text('spaced.txt', 'labels', '0 1\n1 2\n2 3\n3 4\n4 5\n5 6\n'),
    text('labels.json', 'labels', '[0, 1, 2, "a", "b", null]'),
    text('map.json', 'labels', '{"0": 1, "1": "a", "2": 3, "3": 4, "4": 5, "5": 6}'),
    text('hand.json', 'labels', '{"labels": [0, 1, 2, 3, 4, 5], "byHand": [1, 3]}'),
  ];
  const names: Made[] = [
    text('names.txt', 'names', 'cat\ngreat white shark\ntench, Tinca tinca\n'),
    text('names.csv', 'names', 'index;name\n0;cat\n1;dog\n2;"a;b"\n'),
    text('names.json', 'names', '["cat", "dog", "emu"]'),
    text('keras.json', 'names', '{"0": ["n1", "cat"], "1": ["n2", "dog"]}'),
  ];
  // Pictures are the larger part of what there is to decode.
  return [...images, ...labels, ...images, ...names];
}

/** Bytes after a change, and what it was. */
type Changed = [bytes: Buffer, what: string];

/** The extremes of a field. */
const EXTREMES = [0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];
const NUMBERS = [
  '0',
  '-1',
  '-0',
  '1',
  '1e9',
  '1e400',
  '0x10',
  '99999999999999999999',
  '2147483648',
  '4294967296',
  'NaN',
  'null',
  'true',
  '1.5',
  '()',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  ';',
  '\t',
  '"',
  "'",
  '\\',
  '\r',
  '\ufeff',
  '__proto__',
  'True',
];

/** One file with something wrong, or several things; now and then with nothing. */
export function dataFile(made: readonly Made[], dice: Dice): Tried {
  const claimed = dice.chance(0.25);
  const file: Made = claimed ? { ...claim(dice), fields: [] } : dice.pick(made);
  let bytes: Buffer = file.bytes;
  const changes: string[] = [];
  const change = ([fresh, what]: Changed): void => {
    bytes = fresh;
    changes.push(what);
  };
  // What is claimed is wrong enough.
  for (let n = claimed ? 0 : dice.pick([0, 1, 1, 1, 2, 2, 4]); n > 0; n--) {
    const kind = dice.int(10);
    if (kind < 3 && file.fields.length > 0) change(field(file, bytes, dice));
    else if (kind < 5 && (file.fields.length === 0 || file.name.endsWith('.npy'))) change(word(bytes, dice));
    else if (kind === 5) change(spliced(bytes, dice.pick(made), dice));
    else change([Buffer.from(spoiled(dice, bytes)), 'bytes spoiled']);
  }
  let { name } = file;
  if (dice.chance(0.12)) {
    name += '.gz';
    // Much out of little: 200 MB of nothing after the file.
    if (dice.chance(0.05)) change([gzipSync(Buffer.concat([bytes, Buffer.alloc(2e8)]), { level: 1 }), 'packed with a bomb']);
    else change([gzipSync(bytes), 'packed']);
    if (dice.chance(0.4)) change([Buffer.from(spoiled(dice, bytes)), 'the packed bytes spoiled']);
  }
  // A picture may be called anything; what it is, its bytes tell.
  if (dice.chance(0.05)) name = dice.pick(made).name;
  const labels = name.replace('images-idx3', 'labels-idx1');
  const beside = labels === name ? [PICTURES] : [PICTURES, { name: labels, bytes: Buffer.from(spoiled(dice, idx(8, 1, 6))) }];
  return {
    name,
    bytes,
    use: file.use,
    beside,
    what: `${name}${changes.length > 0 ? `: ${changes.join(', ')}` : claimed ? '' : ' as it was'}`,
  };
}

function field(file: Made, bytes: Buffer, dice: Dice): Changed {
  const [at, size] = dice.pick(file.fields);
  const copy = Buffer.from(bytes);
  const value = dice.chance(0.7) ? dice.pick(EXTREMES) : dice.int(2 ** 32);
  const fitting = value % 2 ** (8 * size);
  if (at + size > copy.length) return [copy, 'nothing'];
  if (file.little) copy.writeUIntLE(fitting, at, size);
  else copy.writeUIntBE(fitting, at, size);
  // Nobody looks into a PNG whose first checksum is wrong.
  if (file.name.endsWith('.png') && copy.length > 33) copy.writeUInt32BE(crc32(copy.subarray(12, 29)), 29);
  return [copy, `byte ${at} on is ${fitting}`];
}

/** A number or word of a text is another one, or very many. */
function word(bytes: Buffer, dice: Dice): Changed {
  const text = bytes.toString('latin1');
  const places = [...text.slice(0, 2000).matchAll(/[\w.]+|\W/g)];
  if (places.length === 0) return [bytes, 'nothing'];
  const place = dice.pick(places);
  const one = dice.pick([...NUMBERS, ...TEXTS]);
  const fresh = one.repeat(dice.chance(0.1) ? Math.floor(2_000_000 / (one.length + 1)) : 1);
  const [before, after] = [bytes.subarray(0, place.index), bytes.subarray(place.index + place[0].length)];
  return [Buffer.concat([before, Buffer.from(fresh), after]), `at ${place.index} ${JSON.stringify(fresh.slice(0, 20))}`];
}

/** The start of one file before the rest of another. */
function spliced(bytes: Buffer, other: Made, dice: Dice): Changed {
  const cut = dice.int(Math.min(64, other.bytes.length));
  return [Buffer.concat([other.bytes.subarray(0, cut), bytes.subarray(dice.chance(0.5) ? cut : 0)]), `starts like ${other.name}`];
}
