import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { RunEvent } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import type { Service } from '../../src-main/engine/api.ts';
import { serveWindow, type WindowServer } from '../../src-main/web/server.ts';

/** Real requests over real sockets; only the engine behind is small. */
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
let folder: string;
let server: WindowServer;
let base: URL;
let emit: (event: RunEvent) => void;
const calls: unknown[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairline-web-'));
  await mkdir(join(folder, 'renderer/assets'), { recursive: true });
  await writeFile(join(folder, 'renderer/index.html'), '<!doctype html><p>window</p>');
  await writeFile(join(folder, 'renderer/assets/app.js'), 'export {};');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'report.pdf'), '%PDF-');
  calls.length = 0;
  const listeners = new Set<(event: RunEvent) => void>();
  emit = (event) => listeners.forEach((listener) => listener(event));
  const service: Service = {
    call: async (name: string, input: unknown) => {
      calls.push([name, input]);
      if (name === 'about') return { hairline: '0.1.0', host: 'test', providers: ['cpu'] } as never;
      if (name === 'inspect') throw new UserError('This file is no ONNX model.');
      if (name === 'audits') return 'not a list' as never;
      if (name === 'export') return { file: join(folder, 'report.pdf'), url: null } as never;
      return {} as never;
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    picture: async (address) => {
      if (address.kind === 'image' && address.image === 'gone') throw new UserError('This picture is not loaded.');
      return PNG;
    },
    close: async () => {},
  };
  server = await serveWindow({ service, rendererDir: join(folder, 'renderer'), dataDir: join(folder, 'data'), maxUpload: 1000 });
  base = new URL(server.url);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** node:http rather than fetch: it sends any Host, Origin and path it is told to. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET', body?: Buffer | string): Promise<Answer> {
  return new Promise((done, fail) => {
    const asked = httpRequest({ host: '127.0.0.1', port: base.port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

async function enter(): Promise<string> {
  const entered = await ask(base.pathname + base.search);
  expect(entered.status).toBe(200);
  const [cookie] = entered.headers['set-cookie']!;
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
  return cookie!.split(';')[0]!;
}

describe('who gets in', () => {
  it('listens on the loopback address only', () => expect(base.hostname).toBe('127.0.0.1'));

  it('refuses without the token, with a wrong one, and with a spent one', async () => {
    expect((await ask('/')).status).toBe(403);
    expect((await ask('/?token=wrong')).status).toBe(403);
    await enter();
    expect((await ask(base.pathname + base.search)).status).toBe(403);
  });

  it('drops the token from the address bar and serves the window with the cookie', async () => {
    const cookie = await enter();
    const page = await ask('/', { cookie });
    expect(page.status).toBe(200);
    expect(page.body).toContain('window');
    const again = await ask('/?token=whatever', { cookie });
    expect([again.status, again.headers.location]).toEqual([303, '/']);
    expect((await ask('/', { cookie: `${cookie.split('=')[0]}=forged` })).status).toBe(403);
  });

  it('refuses a foreign Host, even with the cookie (DNS rebinding)', async () => {
    const cookie = await enter();
    for (const host of ['evil.example', `evil.example:${base.port}`, '127.0.0.1', `127.0.0.1:${Number(base.port) + 1}`]) {
      expect((await ask('/', { cookie, host })).status).toBe(403);
    }
    expect((await ask('/', { cookie, host: `localhost:${base.port}` })).status).toBe(200);
  });

  it('refuses a foreign Origin, and writing without one', async () => {
    const cookie = await enter();
    expect((await ask('/', { cookie, origin: 'http://evil.example' })).status).toBe(403);
    expect((await ask('/', { cookie, origin: 'null' })).status).toBe(403);
    expect((await ask('/upload?batch=abcdefgh&path=a.png', { cookie }, 'POST', 'x')).status).toBe(403);
    expect((await ask('/', { cookie, origin: base.origin })).status).toBe(200);
  });

  it('sends the strict content policy with everything, refusals too', async () => {
    const cookie = await enter();
    for (const answer of [await ask('/', { cookie }), await ask('/nothing', { cookie }), await ask('/')]) {
      expect(answer.headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });
});

describe('files of the window', () => {
  it('refuses every way out of the folder', async () => {
    const cookie = await enter();
    for (const path of ['/../secret.txt', '/assets/../../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/..%5csecret.txt', '/a%00b', '/%zz', '//', '/.']) {
      const answer = await ask(path, { cookie });
      expect([400, 403, 404], path).toContain(answer.status);
      expect(answer.body).not.toContain('secret\n');
    }
  });

  it('knows types, HEAD and only reads', async () => {
    const cookie = await enter();
    const script = await ask('/assets/app.js', { cookie });
    expect(script.headers['content-type']).toContain('text/javascript');
    const head = await ask('/assets/app.js', { cookie }, 'HEAD');
    expect([head.status, head.body]).toEqual([200, '']);
    expect((await ask('/', { cookie, origin: base.origin }, 'DELETE')).status).toBe(405);
  });

  it('survives a request line that is no address', async () => {
    const text = await new Promise<string>((done) => {
      const socket = connect(Number(base.port), '127.0.0.1', () => {
        socket.write(`GET // HTTP/1.1\r\nHost: 127.0.0.1:${base.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`);
      });
      let got = '';
      socket.on('data', (chunk) => (got += chunk));
      socket.on('close', () => done(got));
    });
    expect(text).toContain('403');
    expect((await ask('/')).status).toBe(403);
  });
});

describe('pictures', () => {
  it('gives PNG bytes, not twice, and a sentence for what is missing', async () => {
    const cookie = await enter();
    const of = (address: unknown) => `/picture?a=${encodeURIComponent(JSON.stringify(address))}`;
    const picture = await ask(of({ kind: 'image', image: 'a' }), { cookie });
    expect([picture.status, picture.headers['content-type']]).toEqual([200, 'image/png']);
    const again = await ask(of({ kind: 'image', image: 'a' }), { cookie, 'if-none-match': picture.headers.etag! });
    expect(again.status).toBe(304);
    expect(await ask(of({ kind: 'image', image: 'gone' }), { cookie })).toMatchObject({ status: 404, body: 'This picture is not loaded.\n' });
    expect((await ask(of({ kind: 'file', path: '/etc/passwd' }), { cookie })).status).toBe(400);
    expect((await ask('/picture?a={', { cookie })).status).toBe(400);
  });
});

describe('uploads', () => {
  const post = (cookie: string, path: string, body: Buffer | string, batch = 'batch-0001') =>
    ask(`/upload?batch=${batch}&path=${encodeURIComponent(path)}`, { cookie, origin: base.origin }, 'POST', body);

  it('keeps the folders of a drop, byte for byte', async () => {
    const cookie = await enter();
    const first = JSON.parse((await post(cookie, 'set/cats/1.png', PNG)).body) as { path: string; root: string };
    const second = JSON.parse((await post(cookie, 'set/dogs/1.png', 'x')).body) as { path: string; root: string };
    expect(first.root).toBe(join(folder, 'data/imports/batch-0001/set'));
    expect(second.root).toBe(first.root);
    expect(await readFile(first.path)).toEqual(PNG);
    expect(await readFile(join(first.root, 'dogs/1.png'), 'utf8')).toBe('x');
  });

  it('takes an empty file, and names other systems cannot hold', async () => {
    const cookie = await enter();
    const stored = JSON.parse((await post(cookie, 'a:b?.png', '')).body) as { path: string };
    expect(stored.path.endsWith('a_b_.png')).toBe(true);
    expect((await readFile(stored.path)).length).toBe(0);
    expect((JSON.parse((await post(cookie, 'con.png', 'x')).body) as { path: string }).path).toMatch(/_con\.png$/);
  });

  it('refuses paths that leave the folder, bad batches and files that are too large', async () => {
    const cookie = await enter();
    for (const path of ['../a', 'a/../../b', '/etc/passwd', 'C:\\..\\x', '', 'a//b', 'x'.repeat(300), 'a\0b']) {
      expect((await post(cookie, path, 'x')).status, path).toBe(400);
    }
    expect((await post(cookie, 'a.png', 'x', '../../up')).status).toBe(400);
    const large = await post(cookie, 'big.onnx', Buffer.alloc(5000));
    expect([large.status, large.body]).toEqual([400, expect.stringContaining('is larger than')]);
    // The same without a length given beforehand.
    const chunked = await ask(
      '/upload?batch=batch-0001&path=big.onnx',
      { cookie, origin: base.origin, 'transfer-encoding': 'chunked' },
      'POST',
      Buffer.alloc(200_000),
    );
    expect([chunked.status, chunked.body]).toEqual([400, expect.stringContaining('is larger than')]);
    await expect(readFile(join(folder, 'data/imports/batch-0001/big.onnx'))).rejects.toThrow();
  });
});

describe('the socket', () => {
  function open(headers: Record<string, string>): Promise<WebSocket> {
    return new Promise((done, fail) => {
      const socket = new WebSocket(`ws://127.0.0.1:${base.port}/socket`, { headers });
      socket.on('open', () => done(socket));
      socket.on('error', fail);
    });
  }
  const next = (socket: WebSocket) => new Promise<unknown>((done) => socket.once('message', (data) => done(JSON.parse(String(data)))));

  it('is refused without cookie, with a foreign Origin, or with none', async () => {
    const cookie = await enter();
    await expect(open({ origin: base.origin })).rejects.toThrow('403');
    await expect(open({ cookie })).rejects.toThrow('403');
    await expect(open({ cookie, origin: 'http://evil.example' })).rejects.toThrow('403');
    await expect(open({ cookie, origin: base.origin, host: 'evil.example' })).rejects.toThrow('403');
  });

  it('carries calls, errors and events, all checked', async () => {
    const socket = await open({ cookie: await enter(), origin: base.origin });
    const call = async (name: string, input: unknown) => {
      socket.send(JSON.stringify({ id: 7, call: name, input }));
      return next(socket);
    };
    expect(await call('about', {})).toEqual({ id: 7, out: { hairline: '0.1.0', host: 'test', providers: ['cpu'] } });
    expect(await call('inspect', { model: 'x' })).toEqual({ id: 7, error: { message: 'This file is no ONNX model.', user: true } });
    expect(await call('inspect', { model: 3 })).toMatchObject({ error: { message: expect.stringContaining('wrong model'), user: false } });
    expect(await call('toString', {})).toMatchObject({ error: { message: 'There is no call "toString".' } });
    expect(await call('audits', {})).toMatchObject({ error: { message: expect.stringContaining('does not fit') } });
    expect(calls).toEqual([
      ['about', {}],
      ['inspect', { model: 'x', input: null, fixed: {}, output: null }],
      ['audits', {}],
    ]);
    const event: RunEvent = { type: 'warning', audit: 'a', message: 'Chance accuracy.' };
    const heard = next(socket);
    emit(event);
    expect(await heard).toEqual({ event });
    socket.close();
  });

  it('ends on a message that is no request', async () => {
    const socket = await open({ cookie: await enter(), origin: base.origin });
    socket.send('{"id":');
    expect(await new Promise((done) => socket.on('close', done))).toBe(1008);
  });

  it('gives exported documents an address that only serves that file', async () => {
    const cookie = await enter();
    const socket = await open({ cookie, origin: base.origin });
    socket.send(JSON.stringify({ id: 1, call: 'export', input: { audit: 'a', format: 'pdf' } }));
    const { out } = (await next(socket)) as { out: { url: string } };
    const got = await ask(out.url, { cookie });
    expect([got.body, got.headers['content-disposition']]).toEqual(['%PDF-', "attachment; filename*=UTF-8''report.pdf"]);
    expect((await ask(`/export/${'0'.repeat(24)}/report.pdf`, { cookie })).status).toBe(404);
    socket.close();
  });
});

it('says that a port is taken', async () => {
  const taken = { service: {} as Service, rendererDir: folder, dataDir: folder, port: Number(base.port) };
  await expect(serveWindow(taken)).rejects.toThrow(`Port ${base.port} is taken`);
});
