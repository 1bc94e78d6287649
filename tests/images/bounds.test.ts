import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import { MEGAPIXELS, openImages } from '../../src-main/images/index.ts';
import { decodeImage, readHeader } from '../../src-main/images/decode.ts';
import { parseClassNames, readClassNames } from '../../src-main/model/labels.ts';
import { bmp, idx as anyIdx, npy as anyNpy } from '../fuzz/data/headers.ts';
import { idx, noise, png, scratch } from './files.ts';

const { folder, file } = scratch();
const open = (path: string, labels: string | null = null) => openImages({ paths: [path], labels, offset: 0, limit: null });
/** A UserError of one sentence, said before much memory is taken: this is no measure but a bound that raw sizes would break. */
async function fails(promise: Promise<unknown>, message: string | RegExp): Promise<void> {
  const before = process.memoryUsage().rss;
  await expect(promise).rejects.toEqual(expect.objectContaining({ name: 'UserError', message: expect.stringMatching(message) as unknown }));
  expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
}
afterEach(() => {
  delete process.env[MEGAPIXELS];
});

/** A PNG whose header says so, with hardly any rows. */
const claimed = (width: number, height: number): Uint8Array => png(width, height, 1, 0, [[0], [0]]);

describe('what is no regular file', () => {
  const unix = process.platform !== 'win32';
  it.runIf(unix)('is refused by its name, wherever it is given, and left out of a folder and of a pattern', async () => {
    mkdirSync(join(folder, 'odd'));
    const pipe = join(folder, 'odd/pipe.png');
    execFileSync('mkfifo', [pipe]);
    const socket = join(folder, 'odd/socket.png');
    const server = createServer().listen(socket);
    const picture = file('odd/a.png', png(1, 1, 8, 0, [[5]]));
    try {
      await fails(open(pipe), 'is a pipe, not a file');
      await fails(open('/dev/zero'), 'is a device, not a file');
      await fails(open(socket), /socket\.png (is a socket|cannot be read)/);
      await fails(open(picture, pipe), 'is a pipe, not a file');
      await fails(open(picture, '/dev/zero'), 'is a device, not a file');
      await fails(readClassNames(pipe, null), 'is a pipe, not a file');
      expect((await open(join(folder, 'odd'))).total).toBe(1);
      expect((await open(join(folder, 'odd/*.png'))).total).toBe(1);
    } finally {
      server.close();
    }
  });

  it.runIf(unix)('beside a data set is not waited for', async () => {
    const set = file('set/t-images-idx3-ubyte', idx([2, 2, 2], noise(8)));
    execFileSync('mkfifo', [join(folder, 'set/t-labels-idx1-ubyte')]);
    expect((await open(set)).items.map(({ label }) => label)).toEqual([null, null]);
    const batch = file('cifar/b.bin', Buffer.concat([Buffer.of(1), noise(3072)]));
    execFileSync('mkfifo', [join(folder, 'cifar/batches.meta.txt')]);
    expect((await open(batch)).classNames).toBeNull();
  });
});

describe('pictures of more pixels than are allowed', () => {
  it('are refused from their header, with size, limit and option', async () => {
    const path = file('huge.png', claimed(16_000, 16_000));
    const says = /has 16000 x 16000 pixels \(256 megapixels\), more than the 100 megapixels allowed: .*--max-megapixels/;
    await fails(readHeader(path, path), says);
    await fails(open(path), says);
    await fails(open(file('huge.bmp', bmp(1, 20_000, 20_000))), '400 megapixels');
    await fails(open(file('huge.npy', anyNpy('|u1', '(1, 20000, 20000)', Buffer.alloc(0)))), 'header asks for');
    // Nothing of it lies on the disk.
    const head = anyNpy('|u1', '(1, 20000, 20000)', Buffer.alloc(0));
    const flat = file('flat.npy', head);
    truncateSync(flat, head.length + 20_000 ** 2);
    await fails(open(flat), '400 megapixels');
  });

  it('are allowed by the environment, as are fewer', async () => {
    const picture = sharp(Buffer.alloc(300 * 400), { raw: { width: 300, height: 400, channels: 1 } });
    for (const kind of ['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const) {
      const bytes = await picture.clone().toFormat(kind).toBuffer();
      process.env[MEGAPIXELS] = '0.12';
      expect(await decodeImage(bytes, kind)).toMatchObject({ width: 300, height: 400 });
      process.env[MEGAPIXELS] = '0.1';
      await fails(decodeImage(bytes, kind), `${kind} has 300 x 400 pixels`);
    }
    process.env[MEGAPIXELS] = 'many';
    await fails(open(file('one.png', png(1, 1, 8, 0, [[5]]))), 'takes a number above 0');
  });
});

describe('data that claims more than it is', () => {
  it('holds nothing, by billions', async () => {
    await fails(open(file('void-idx3', anyIdx(8, 0, 2 ** 31, 0, 0))), 'holds nothing: its IDX header says 2147483648 x 0 x 0');
    await fails(open(file('void.npy', anyNpy('|u1', '(9000000000, 0, 0)', Buffer.alloc(0)))), 'holds nothing');
    await fails(open(file('more.npy', anyNpy('<f8', '(9223372036854775807, 1024, 1024)', Buffer.alloc(8)))), 'header asks for');
    await fails(open(file('minus.npy', anyNpy('|u1', '(-1, -1, 8)', Buffer.alloc(8)))), 'does not hold plain numbers');
    const dots = file('dots.npy', anyNpy('|u1', '(3000000, 1, 1)', Buffer.alloc(3_000_000)));
    await fails(open(dots), 'There are 3,000,000 images');
  });

  it('is unpacked no further than its own header says, nor than there is room', async () => {
    // Members of gzip one after the other unpack to what they hold one after the other: 1.2 GB.
    const member = gzipSync(Buffer.alloc(10e6));
    const much = Array.from({ length: 120 }, () => member);
    await fails(
      open(file('bomb-idx3.gz', Buffer.concat([gzipSync(anyIdx(8, 0, 1, 100, 100)), ...much]))),
      'holds more than the 10,016 bytes',
    );
    await fails(open(file('claim-idx3.gz', Buffer.concat([gzipSync(anyIdx(8, 0, 2 ** 31, 28, 28)), member]))), 'gzip cannot hold');
    await expect(open(file('labels.gz', Buffer.concat(much)))).rejects.toThrow('unpacks to more than the 1,073,741,824 bytes');
  });

  it('has lines, columns, depth or length that no list of labels has', async () => {
    const picture = file('p.png', png(1, 1, 8, 0, [[5]]));
    await fails(open(picture, file('deep.json', '['.repeat(1e6))), 'not valid JSON');
    await fails(open(picture, file('nested.json', `{"labels":[],"byHand":[${'['.repeat(5000)}${']'.repeat(5000)}]}`)), 'not valid JSON');
    await fails(open(picture, file('wide.csv', ','.repeat(5000))), 'more than 1,000 columns');
    await fails(open(picture, file('long.txt', '1\n'.repeat(2_100_000))), 'more than 2,000,000 lines');
    const large = file('large.txt', '1\n');
    truncateSync(large, 2 ** 33);
    await fails(open(picture, large), 'are plenty');
    await fails(readClassNames(large, 10), 'at most 16,777,216 make sense here');
    expect(() => parseClassNames('['.repeat(1e6), 'names')).toThrow('not valid JSON');
    // In squares of its length this would take minutes.
    expect(await open(picture, file('spaces.txt', `a${' '.repeat(1e6)}b 7\n`)).catch(String)).toContain('none for any of the 1 images');
  });
});

describe('folders that are large or odd', () => {
  it('may be deep, and hold names outside UTF-8, which are said to be left out', { timeout: 60_000 }, async () => {
    let deep = join(folder, 'deep');
    for (let i = 0; i < 400; i++) deep = join(deep, 'd');
    mkdirSync(deep, { recursive: true });
    file(`deep/${'d/'.repeat(400)}a.png`, png(1, 1, 8, 0, [[5]]));
    expect((await open(join(folder, 'deep'))).total).toBe(1);
    if (process.platform !== 'linux') return;
    file('latin/a.png', png(1, 1, 8, 0, [[5]]));
    execFileSync('bash', ['-c', `cp a.png $'\\xe9.png'`], { cwd: join(folder, 'latin') });
    const set = await open(join(folder, 'latin'));
    expect([set.total, set.leftOut.map(({ source }) => source)]).toEqual([1, ['latin/\\xe9.png']]);
  });

  it('match simple patterns alone', async () => {
    await fails(open(`${folder}/${'*a'.repeat(30)}b`), 'more than 5 wildcards');
    await fails(open(`${folder}/${'{a,aa}'.repeat(30)}*b`), 'more than 5 wildcards');
  });
});
