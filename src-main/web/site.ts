import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, resolve } from 'node:path';
import { PictureAddress, type CallOut } from '../../shared/contract.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Service } from '../engine/api.ts';
import { answer, HEADERS, type Guard } from './guard.ts';
import type { Imports } from './imports.ts';
import { Limit } from './limit.ts';
import type { Counter } from './socket.ts';
import { locate, sendFile } from './static.ts';
import { Full, receive } from './upload.ts';

/** Pictures that are made at once: each may be large. */
const PICTURES = 6;
/** Files taken in at once, of all windows. */
const UPLOADS = 16;
/** An upload of which nothing comes for so long is given up, in ms. */
const SILENCE = 5 * 60_000;

interface SiteOptions {
  service: Service;
  rendererDir: string;
  imports: Imports;
  maxUpload: number;
}

/** What lies at which path. */
export class Site {
  /** Exported documents, by an unguessable name: the client never names a path. And the name of each. */
  readonly #exports = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #pictures = new Limit(PICTURES);
  readonly #uploads = new Limit(UPLOADS);
  readonly #options: SiteOptions;
  readonly #guard: Guard;
  readonly #root: string;

  constructor(options: SiteOptions, guard: Guard) {
    this.#options = options;
    this.#guard = guard;
    this.#root = resolve(options.rendererDir);
  }

  /** Gives an exported file an address the browser can fetch. */
  readonly answered: Counter['answered'] = (name, out) => {
    if (name !== 'export' && name !== 'mapSave') return out;
    const { file } = out as CallOut<'export'>;
    const key = this.#keys.get(file) ?? randomBytes(12).toString('hex');
    this.#keys.set(file, key);
    this.#exports.set(key, file);
    return { file, url: `/export/${key}/${encodeURIComponent(basename(file))}` } as typeof out;
  };

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const guard = this.#guard;
    const url = addressOf(request.url ?? '/');
    if (!url) return answer(response, 400, 'This is not an address.');
    const writes = request.method !== 'GET' && request.method !== 'HEAD';
    if (!guard.knowsHost(request)) return answer(response, 403, 'This address does not belong to Hairline.');
    if (!guard.knowsOrigin(request, writes)) return answer(response, 403, 'Another site may not use Hairline.');

    const token = url.searchParams.get('token');
    if (url.pathname === '/' && token !== null && !guard.hasCookie(request)) return this.#enter(response, token);
    if (!guard.hasCookie(request)) {
      return answer(response, 403, 'Open the address that Hairline printed when it started; each works once, in one browser.');
    }
    // Known already: drop a token that is still in the address bar.
    if (token !== null) return answer(response, 303, 'Go on.', { Location: '/' });

    if (url.pathname === '/upload') return this.#upload(request, response, url);
    if (writes) return answer(response, 405, 'This address is only read.', { Allow: 'GET, HEAD' });
    if (url.pathname === '/picture') return this.#picture(request, response, url);
    if (url.pathname.startsWith('/export/')) {
      const file = this.#exports.get(url.pathname.split('/')[2] ?? '');
      return file
        ? sendFile(response, file, request.method === 'HEAD', true)
        : answer(response, 404, 'This document is not there any more.');
    }
    // The raw path, because URL() resolves `..` before anyone could refuse it.
    const file = locate(this.#root, (request.url ?? '/').split('?')[0]!);
    if (!file) return answer(response, 403, 'This path leaves the window’s folder.');
    return sendFile(response, file, request.method === 'HEAD');
  }

  /** Trades the token for a cookie. A page that goes on by itself, not a redirect: a Strict cookie is not sent along a redirect that began on another site. */
  #enter(response: ServerResponse, token: string): void {
    const cookie = this.#guard.exchange(token);
    if (!cookie) return answer(response, 403, 'This address was used already or is wrong; start Hairline again for a new one.');
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': cookie, 'Cache-Control': 'no-store' });
    response.end(
      '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Hairline</title><link rel="icon" href="data:,"><a href="/">Open Hairline</a>',
    );
  }

  async #picture(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const address = PictureAddress.safeParse(json(url.searchParams.get('a')));
    if (!address.success) return answer(response, 400, 'This is not the address of a picture.');
    const png = await this.#pictures.run(() => this.#options.service.picture(address.data)).catch((error: unknown) => messageOf(error));
    if (typeof png === 'string') return answer(response, 404, png);
    // Always asked for again, and sent only when changed: a stale picture would be false evidence.
    const tag = `"${createHash('sha256').update(png).digest('base64url').slice(0, 22)}"`;
    const headers = { ...HEADERS, 'Cache-Control': 'private, no-cache', ETag: tag };
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, { ...headers, 'Content-Type': 'image/png', 'Content-Length': png.byteLength });
    response.end(request.method === 'HEAD' ? undefined : png);
  }

  async #upload(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== 'POST') return answer(response, 405, 'Files are posted here.', { Allow: 'POST' });
    const { maxUpload, imports } = this.#options;
    request.setTimeout(SILENCE, () => request.destroy());
    try {
      const batch = url.searchParams.get('batch') ?? '';
      const path = url.searchParams.get('path') ?? '';
      const stored = await imports.receive(batch, (folder) => this.#uploads.run(() => receive(request, folder, path, maxUpload)));
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
      response.end(JSON.stringify(stored));
    } catch (error) {
      answer(response, error instanceof Full ? 507 : error instanceof UserError ? 400 : 500, messageOf(error));
      // The rest of the body is read and dropped, else the browser never reads the answer.
      request.resume();
    }
  }
}

function json(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** null for what is no address. (`URL.parse` is not in every Node.) */
function addressOf(text: string): URL | null {
  return URL.canParse(text, 'http://local') ? new URL(text, 'http://local') : null;
}
