import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PNG, served } from './served.ts';

const here = served();

describe('uploads', () => {
  it('keeps the folders of a drop, byte for byte', async () => {
    const cookie = await here.enter();
    const first = JSON.parse((await here.post(cookie, 'set/cats/1.png', PNG)).body) as { path: string; root: string };
    const second = JSON.parse((await here.post(cookie, 'set/dogs/1.png', 'x')).body) as { path: string; root: string };
    expect(first.root).toBe(join(here.folder, 'data/imports/batch-0001/set'));
    expect(second.root).toBe(first.root);
    expect(await readFile(first.path)).toEqual(PNG);
    expect(await readFile(join(first.root, 'dogs/1.png'), 'utf8')).toBe('x');
  });

  it('takes an empty file, and names other systems cannot hold', async () => {
    const cookie = await here.enter();
    const stored = JSON.parse((await here.post(cookie, 'a:b?.png', '')).body) as { path: string };
    expect(stored.path.endsWith('a_b_.png')).toBe(true);
    expect((await readFile(stored.path)).length).toBe(0);
    expect((JSON.parse((await here.post(cookie, 'con.png', 'x')).body) as { path: string }).path).toMatch(/_con\.png$/);
  });

  it('refuses paths that leave the folder, bad batches and files that are too large', async () => {
    const cookie = await here.enter();
    for (const path of [
      '../a',
      'a/../../b',
      '/etc/passwd',
      'C:\\..\\x',
      '',
      'a//b',
      'x'.repeat(300),
      'ä'.repeat(130),
      'a\0b',
      'd/'.repeat(20) + 'x',
      `${'x'.repeat(250)}/`.repeat(16) + 'x',
    ]) {
      expect((await here.post(cookie, path, 'x')).status, path).toBe(400);
    }
    expect((await here.post(cookie, 'a.png', 'x', '../../up')).status).toBe(400);
    const large = await here.post(cookie, 'big.onnx', Buffer.alloc(5000));
    expect([large.status, large.body]).toEqual([400, expect.stringContaining('is larger than')]);
    // The same without a length given beforehand.
    const chunked = await here.ask(
      '/upload?batch=batch-0001&path=big.onnx',
      { cookie, origin: here.base.origin, 'transfer-encoding': 'chunked' },
      'POST',
      Buffer.alloc(200_000),
    );
    expect([chunked.status, chunked.body]).toEqual([400, expect.stringContaining('is larger than')]);
    await expect(readFile(join(here.folder, 'data/imports/batch-0001/big.onnx'))).rejects.toThrow();
  });
});

describe('uploads of odd names', () => {
  it('takes names as long as the file system does', async () => {
    const cookie = await here.enter();
    for (const name of [`${'x'.repeat(251)}.png`, `${'ä'.repeat(125)}.png`]) {
      const stored = await here.post(cookie, `set/${name}`, 'whole');
      expect([stored.status, name.length]).toEqual([200, name.length]);
      expect(await readFile(join(here.folder, 'data/imports/batch-0001/set', name), 'utf8')).toBe('whole');
    }
  });

  it('never lets one file take the place of another, nor of a folder', async () => {
    const cookie = await here.enter();
    const two = await Promise.all([here.post(cookie, 'same.png', 'a'.repeat(900)), here.post(cookie, 'same.png', 'b'.repeat(900))]);
    expect(two.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect(two.find(({ status }) => status === 400)!.body).toBe(
      'There are two files or folders "same.png" in what you dropped; rename one and drop all again.\n',
    );
    const kept = await readFile(join(here.folder, 'data/imports/batch-0001/same.png'), 'utf8');
    expect(kept).toBe((two[0]!.status === 200 ? 'a' : 'b').repeat(900));
    expect((await here.post(cookie, 'set/a.png', 'x')).status).toBe(200);
    for (const path of ['set', 'same.png/deeper.png', 'set/a.png/deeper.png'])
      expect([path, (await here.post(cookie, path, 'x')).status]).toEqual([path, 400]);
    // Two names that become one.
    expect((await here.post(cookie, 'a:b.png', 'first')).status).toBe(200);
    expect((await here.post(cookie, 'a?b.png', 'second')).status).toBe(400);
    expect(await readFile(join(here.folder, 'data/imports/batch-0001/a_b.png'), 'utf8')).toBe('first');
  });

  it('renames what Windows takes for a device', async () => {
    const cookie = await here.enter();
    for (const name of ['NUL', 'com1.png', 'COM¹.txt', 'lpt9', 'CONIN$', 'aux .png', 'prn.tar.gz'])
      expect(JSON.parse((await here.post(cookie, name, 'x')).body)).toMatchObject({
        path: join(here.folder, 'data/imports/batch-0001', `_${name}`),
      });
    for (const name of ['console.png', 'com.png', 'nullable'])
      expect(JSON.parse((await here.post(cookie, name, 'x')).body)).toMatchObject({
        path: join(here.folder, 'data/imports/batch-0001', name),
      });
  });

  it('leaves nothing of an upload that broke off', async () => {
    const cookie = await here.enter();
    const socket = connect(Number(here.base.port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST /upload?batch=batch-0001&path=half.png HTTP/1.1\r\nHost: ${here.base.host}\r\nOrigin: ${here.base.origin}\r\nCookie: ${cookie}\r\nContent-Length: 900\r\n\r\n${'x'.repeat(300)}`,
    );
    const half = join(here.folder, 'data/imports/batch-0001/half.png');
    await expect.poll(() => existsSync(half)).toBe(true);
    socket.destroy();
    await expect.poll(() => existsSync(half)).toBe(false);
    expect((await here.post(cookie, 'half.png', 'again')).status).toBe(200);
  });
});
