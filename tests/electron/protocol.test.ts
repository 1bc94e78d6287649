import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PictureAddress } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { app, record } from './stand-in.ts';
import { FakeService } from './service.ts';

vi.mock('electron', () => import('./stand-in.ts'));

let base: string;
let service: FakeService;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'hairline-scheme-'));
  mkdirSync(join(base, 'renderer/assets'), { recursive: true });
  mkdirSync(join(base, 'renderer-other'));
  writeFileSync(join(base, 'secret.txt'), 'secret');
  writeFileSync(join(base, 'renderer-other/secret.txt'), 'secret');
  writeFileSync(join(base, 'renderer/index.html'), '<!doctype html>');
  writeFileSync(join(base, 'renderer/assets/a b.js'), 'export {};');
  await app.becomeReady();
});
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeEach(async () => {
  service = new FakeService();
  const { serveScheme } = await import('../../src-main/electron/protocol.ts');
  serveScheme(join(base, 'renderer'), service);
});

const get = (url: string, method = 'GET'): Promise<Response> => record.protocols.get('app')!({ url, method });
const pictureUrl = (address: unknown): string => `app://bundle/picture?${encodeURIComponent(JSON.stringify(address))}`;

describe('the window through its scheme', () => {
  it('serves files with their type, also under names that need escaping', async () => {
    const page = await get('app://bundle/');
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      '<!doctype html>',
    ]);
    const script = await get('app://bundle/assets/a%20b.js?v=1#x');
    expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    expect((await get('app://bundle/index.html', 'HEAD')).status).toBe(200);
  });

  it('sends the strict content policy with everything, refusals included', async () => {
    for (const url of [
      'app://bundle/index.html',
      'app://bundle/absent',
      'app://bundle/..%2fsecret.txt',
      'app://evil/',
      pictureUrl({ kind: 'image', image: 'i' }),
    ]) {
      const { headers } = await get(url);
      const rules = new Map(
        headers
          .get('content-security-policy')!
          .split('; ')
          .map((rule) => rule.split(/ (.*)/s) as [string, string]),
      );
      expect(Object.fromEntries(rules), url).toEqual({
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': "'self'",
        'img-src': "'self' data: blob:",
        'font-src': "'self'",
        'connect-src': "'self'",
        'base-uri': "'none'",
        'form-action': "'none'",
        'frame-ancestors': "'none'",
      });
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it.each([
    ['app://bundle/..%2fsecret.txt', 403],
    ['app://bundle/%2e%2e%2fsecret.txt', 403],
    ['app://bundle/assets/..%2f..%2fsecret.txt', 403],
    ['app://bundle/..%2frenderer-other%2fsecret.txt', 403],
    ['app://bundle/..%5csecret.txt', 403],
    ['app://bundle/%00', 403],
    ['app://bundle/%ff', 403],
    ['app://bundle/.', 200],
    // Here the URL parser itself has already taken the dots out.
    ['app://bundle/../secret.txt', 404],
    ['app://bundle/%2e%2e/secret.txt', 404],
    ['app://bundle//etc/passwd', 404],
    ['app://bundle/assets', 404],
    ['app://bundle/absent.js', 404],
    ['app://evil/index.html', 403],
    ['app://bundle:80/index.html', 403],
    ['app://user@bundle/index.html', 403],
    ['file:///etc/passwd', 403],
  ])('answers %s with %i and never with what lies outside', async (url, status) => {
    const response = await get(url);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toMatch(/secret|root:/);
  });

  it('is for reading only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await get('app://bundle/index.html', method)).status).toBe(405);
  });
});

describe('pictures', () => {
  it('are PNG bytes of the address asked for', async () => {
    const address: PictureAddress = { kind: 'adversarial', audit: 'a/ä?&#', image: 'i', threat: 0, attack: 'ddn' };
    const response = await get(pictureUrl(address));
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.from([137, 80, 78, 71]));
    expect(service.addresses).toEqual([address]);
  });

  it('are refused for addresses that are none, without asking the engine', async () => {
    const bad = [
      pictureUrl({ kind: 'file', path: '/etc/passwd' }),
      pictureUrl({ kind: 'clean', audit: 'a' }),
      'app://bundle/picture',
      'app://bundle/picture?%',
      'app://bundle/picture?{',
    ];
    for (const url of bad) expect((await get(url)).status, url).toBe(400);
    expect(service.addresses).toEqual([]);
  });

  it('say why there is none', async () => {
    service.paint = () => {
      throw new UserError('There is no image x.');
    };
    const missing = await get(pictureUrl({ kind: 'image', image: 'x' }));
    expect([missing.status, await missing.text()]).toEqual([404, 'There is no image x.']);
    service.paint = () => {
      throw new Error('The engine was closed.');
    };
    expect((await get(pictureUrl({ kind: 'image', image: 'x' }))).status).toBe(500);
  });
});
