import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Service } from '../../src-main/engine/api.ts';
import { serveWindow } from '../../src-main/web/server.ts';
import { served } from './served.ts';

const here = served();

describe('who gets in', () => {
  it('listens on the loopback address only', () => expect(here.base.hostname).toBe('127.0.0.1'));

  it('refuses without the token, with a wrong one, and with a spent one', async () => {
    expect((await here.ask('/')).status).toBe(403);
    expect((await here.ask('/?token=wrong')).status).toBe(403);
    await here.enter();
    expect((await here.ask(here.base.pathname + here.base.search)).status).toBe(403);
  });

  it('drops the token from the address bar and serves the window with the cookie', async () => {
    const cookie = await here.enter();
    const page = await here.ask('/', { cookie });
    expect(page.status).toBe(200);
    expect(page.body).toContain('window');
    const again = await here.ask('/?token=whatever', { cookie });
    expect([again.status, again.headers.location]).toEqual([303, '/']);
    expect((await here.ask('/', { cookie: `${cookie.split('=')[0]}=forged` })).status).toBe(403);
  });

  it('refuses a foreign Host, even with the cookie (DNS rebinding)', async () => {
    const cookie = await here.enter();
    for (const host of ['evil.example', `evil.example:${here.base.port}`, '127.0.0.1', `127.0.0.1:${Number(here.base.port) + 1}`]) {
      expect((await here.ask('/', { cookie, host })).status).toBe(403);
    }
    expect((await here.ask('/', { cookie, host: `localhost:${here.base.port}` })).status).toBe(200);
  });

  it('refuses a foreign Origin, and writing without one', async () => {
    const cookie = await here.enter();
    expect((await here.ask('/', { cookie, origin: 'http://evil.example' })).status).toBe(403);
    expect((await here.ask('/', { cookie, origin: 'null' })).status).toBe(403);
    expect((await here.ask('/upload?batch=abcdefgh&path=a.png', { cookie }, 'POST', 'x')).status).toBe(403);
    expect((await here.ask('/', { cookie, origin: here.base.origin })).status).toBe(200);
  });

  it('sends the strict content policy with everything, refusals too', async () => {
    const cookie = await here.enter();
    for (const answer of [await here.ask('/', { cookie }), await here.ask('/nothing', { cookie }), await here.ask('/')]) {
      expect(answer.headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });
});

describe('files of the window', () => {
  it('refuses every way out of the folder', async () => {
    const cookie = await here.enter();
    for (const path of [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/..%5csecret.txt',
      '/a%00b',
      '/%zz',
      '//',
      '/.',
    ]) {
      const answer = await here.ask(path, { cookie });
      expect([400, 403, 404], path).toContain(answer.status);
      expect(answer.body).not.toContain('secret\n');
    }
  });

  it('knows types, HEAD and only reads', async () => {
    const cookie = await here.enter();
    const script = await here.ask('/assets/app.js', { cookie });
    expect(script.headers['content-type']).toContain('text/javascript');
    const head = await here.ask('/assets/app.js', { cookie }, 'HEAD');
    expect([head.status, head.body]).toEqual([200, '']);
    expect((await here.ask('/', { cookie, origin: here.base.origin }, 'DELETE')).status).toBe(405);
  });

  it('survives a request line that is no address', async () => {
    const text = await new Promise<string>((done) => {
      const socket = connect(Number(here.base.port), '127.0.0.1', () => {
        socket.write(`GET // HTTP/1.1\r\nHost: 127.0.0.1:${here.base.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`);
      });
      let got = '';
      socket.on('data', (chunk) => (got += chunk));
      socket.on('close', () => done(got));
    });
    expect(text).toContain('403');
    expect((await here.ask('/')).status).toBe(403);
  });
});

describe('pictures', () => {
  it('gives PNG bytes, not twice, and a sentence for what is missing', async () => {
    const cookie = await here.enter();
    const of = (address: unknown) => `/picture?a=${encodeURIComponent(JSON.stringify(address))}`;
    const picture = await here.ask(of({ kind: 'image', image: 'a' }), { cookie });
    expect([picture.status, picture.headers['content-type']]).toEqual([200, 'image/png']);
    const again = await here.ask(of({ kind: 'image', image: 'a' }), { cookie, 'if-none-match': picture.headers.etag! });
    expect(again.status).toBe(304);
    expect(await here.ask(of({ kind: 'image', image: 'gone' }), { cookie })).toMatchObject({
      status: 404,
      body: 'This picture is not loaded.\n',
    });
    expect((await here.ask(of({ kind: 'file', path: '/etc/passwd' }), { cookie })).status).toBe(400);
    expect((await here.ask('/picture?a={', { cookie })).status).toBe(400);
  });
});

it('says that a port is taken', async () => {
  const taken = {
    service: { listen: () => () => {} } as unknown as Service,
    rendererDir: here.folder,
    dataDir: here.folder,
    port: Number(here.base.port),
  };
  await expect(serveWindow(taken)).rejects.toThrow(`Port ${here.base.port} is taken`);
});
