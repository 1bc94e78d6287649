import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFile, decodeImage, encodePng, imageVersions, loadSharp, pictureHash } from '../../src-main/images/index.ts';
import type { Picture } from '../../src-main/images/index.ts';
import { noise, png, readPng } from './files.ts';

const pixels = (picture: Picture): number[] => Array.from(picture.data);

describe('decodeImage on PNG files written by hand', () => {
  it('keeps grey as one channel', async () => {
    expect(
      await decodeImage(
        png(3, 2, 8, 0, [
          [1, 2, 3],
          [250, 128, 0],
        ]),
        'a.png',
      ),
    ).toEqual({
      width: 3,
      height: 2,
      channels: 1,
      data: Uint8Array.of(1, 2, 3, 250, 128, 0),
    });
  });

  it('spreads fewer bits over 0 to 255', async () => {
    expect(pixels(await decodeImage(png(4, 1, 2, 0, [[0b00011011]]), 'a.png'))).toEqual([0, 85, 170, 255]);
  });

  it('rounds 16 bits to 8', async () => {
    expect(pixels(await decodeImage(png(2, 1, 16, 0, [[0x12, 0xff, 0xfe, 0x01]]), 'a.png'))).toEqual([19, 253]);
    const colour = await decodeImage(png(1, 1, 16, 2, [[0x12, 0xff, 0xfe, 0x01, 0x80, 0x80]]), 'a.png');
    expect([colour.channels, ...pixels(colour)]).toEqual([3, 19, 253, 128]);
  });

  it('looks up palettes', async () => {
    const picture = await decodeImage(png(2, 1, 8, 3, [[1, 0]], [10, 20, 30, 200, 100, 50]), 'a.png');
    expect([picture.channels, ...pixels(picture)]).toEqual([3, 200, 100, 50, 10, 20, 30]);
  });

  it('drops alpha without blending', async () => {
    const colour = await decodeImage(png(2, 1, 8, 6, [[10, 20, 30, 0, 40, 50, 60, 128]]), 'a.png');
    expect([colour.channels, ...pixels(colour)]).toEqual([3, 10, 20, 30, 40, 50, 60]);
    const grey = await decodeImage(png(2, 1, 8, 4, [[10, 0, 200, 99]]), 'a.png');
    expect([grey.channels, ...pixels(grey)]).toEqual([1, 10, 200]);
  });
});

describe('decodeImage on other files', () => {
  const picture = { width: 20, height: 12, channels: 3 as const, data: noise(720) };

  it('turns a picture as its EXIF orientation says', async () => {
    const sharp = await loadSharp();
    const tall = await sharp(picture.data, { raw: picture }).png().withMetadata({ orientation: 6 }).toBuffer();
    const turned = await decodeImage(tall, 'phone.png');
    expect([turned.width, turned.height]).toEqual([12, 20]);
    // Orientation 6: turned by a quarter clockwise; the lower left corner comes to the upper left.
    expect(pixels(turned).slice(0, 3)).toEqual(Array.from(picture.data.subarray(11 * 20 * 3, 11 * 20 * 3 + 3)));
  });

  it('reads lossless WebP and TIFF exactly, and CMYK JPEG as RGB', async () => {
    const sharp = await loadSharp();
    const raw = sharp(picture.data, { raw: picture });
    expect(await decodeImage(await raw.clone().webp({ lossless: true }).toBuffer(), 'a.webp')).toEqual(picture);
    expect(await decodeImage(await raw.clone().tiff({ compression: 'deflate' }).toBuffer(), 'a.tif')).toEqual(picture);
    const flat = sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 200, g: 60, b: 40 } } });
    const cmyk = await decodeImage(await flat.toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer(), 'a.jpg');
    expect(cmyk.channels).toBe(3);
    [200, 60, 40].forEach((level, c) => expect(Math.abs(cmyk.data[c]! - level)).toBeLessThan(40));
  });

  it('does not apply colour profiles', async () => {
    const sharp = await loadSharp();
    const wide = await sharp(picture.data, { raw: picture }).png().withIccProfile('p3', { attach: true }).toBuffer();
    const plain = readPng(wide);
    expect(plain.chunks).toContain('iCCP');
    expect(pixels(await decodeImage(wide, 'p3.png'))).toEqual(Array.from(plain.data));
  });

  it('reads uncompressed BMP: 24 bits from below, 32 bits from above, 4-bit grey palette', async () => {
    const bmp = (width: number, height: number, bits: number, palette: number[], rows: number[][]): Uint8Array => {
      const head = Buffer.alloc(54);
      head.write('BM');
      head.writeUInt32LE(54 + palette.length, 10);
      head.writeUInt32LE(40, 14);
      head.writeInt32LE(width, 18);
      head.writeInt32LE(height, 22);
      head.writeUInt16LE(1, 26);
      head.writeUInt16LE(bits, 28);
      head.writeUInt32LE(palette.length / 4, 46);
      return Buffer.concat([head, Buffer.from(palette), Buffer.from(rows.flat())]);
    };
    const below = bmp(
      2,
      2,
      24,
      [],
      [
        [3, 2, 1, 6, 5, 4, 0, 0],
        [9, 8, 7, 12, 11, 10, 0, 0],
      ],
    );
    expect(pixels(await decodeImage(below, 'a.bmp'))).toEqual([7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]);
    expect(
      pixels(
        await decodeImage(
          bmp(
            1,
            -2,
            32,
            [],
            [
              [3, 2, 1, 0],
              [6, 5, 4, 0],
            ],
          ),
          'a.bmp',
        ),
      ),
    ).toEqual([1, 2, 3, 4, 5, 6]);
    const grey = await decodeImage(bmp(3, 1, 4, [0, 0, 0, 0, 77, 77, 77, 0], [[0x10, 0x10, 0, 0]]), 'a.bmp');
    expect([grey.channels, ...pixels(grey)]).toEqual([1, 77, 0, 77]);
    await expect(decodeImage(below.subarray(0, 60), 'cut.bmp')).rejects.toThrow('cut.bmp is a truncated BMP');
    await expect(decodeImage(bmp(1, 1, 16, [], [[0, 0, 0, 0]]), 'odd.bmp')).rejects.toThrow('save it as PNG');
  });

  it('refuses what is empty, cut short, or no picture, in one sentence', async () => {
    const sharp = await loadSharp();
    const raw = sharp(picture.data, { raw: picture });
    const user = (message: string): unknown =>
      expect.objectContaining({ name: 'UserError', message: expect.stringContaining(message) as unknown });
    await expect(decodeImage(new Uint8Array(), 'a.png')).rejects.toEqual(user('a.png is empty (0 bytes)'));
    await expect(decodeImage(Buffer.from('not a picture'), 'b.png')).rejects.toEqual(user('b.png is not a picture'));
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const whole = await raw.clone().toFormat(format).toBuffer();
      await expect(decodeImage(whole.subarray(0, Math.floor(whole.length * 0.8)), `c.${format}`)).rejects.toEqual(
        user('damaged or cut short'),
      );
    }
  });
});

describe('encodePng', () => {
  it.each([1, 3] as const)('writes a plain PNG that other code reads back exactly, %i channels', async (channels) => {
    const picture: Picture = { width: 31, height: 17, channels, data: noise(31 * 17 * channels) };
    const bytes = await encodePng(picture);
    const { chunks, ...read } = readPng(bytes);
    expect(read).toEqual(picture);
    // No time, no software, no profile: nothing that could differ between two runs.
    expect(chunks.filter((chunk) => !['IHDR', 'pHYs', 'IDAT', 'IEND'].includes(chunk))).toEqual([]);
    expect(await decodeImage(bytes, 'a.png')).toEqual(picture);
    expect(await encodePng(picture)).toEqual(bytes);
  });

  it('keeps colour where all channels are equal', async () => {
    const picture: Picture = { width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(9) };
    expect(await decodeImage(await encodePng(picture), 'a.png')).toEqual(picture);
  });
});

describe('the decoders', () => {
  it('are recorded with their versions', async () => {
    expect(await imageVersions()).toMatchObject({
      sharp: expect.stringMatching(/^\d+\.\d+\.\d+$/) as unknown,
      vips: expect.stringMatching(/^8\./) as unknown,
    });
  });

  const folder = '../shared/data/imagenet-sample';
  it.skipIf(!existsSync(folder))(
    'give what Pillow gives, bit by bit, on 143 photographs (skipped without the ImageNet sample)',
    async () => {
      const hashes: string[] = [];
      for (const name of readdirSync(folder)
        .filter((file) => file.endsWith('.JPEG'))
        .sort())
        hashes.push(pictureHash(await decodeFile(join(folder, name), name)));
      expect(hashes).toHaveLength(143);
      // sha256 of the hashes that Pillow 12.3 (libjpeg-turbo 3.1.4.1) leads to, one a line.
      expect(createHash('sha256').update(hashes.join('\n')).digest('hex')).toBe(
        '91eec261239c2061840bdef27fd84c0bffb882c0fc22eaf9bd966dc9f6812b06',
      );
    },
  );
});
