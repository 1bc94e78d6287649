import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { WebSocketServer } from 'ws';
import { PictureAddress, type CallOut } from '../../shared/contract.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Service } from '../engine/api.ts';
import { answer, Guard, HEADERS } from './guard.ts';
import { speak, type Answered } from './socket.ts';
import { locate, sendFile } from './static.ts';
import { MAX_FILE, receive } from './upload.ts';

export interface WindowServer {
  /** Address with the one-time token: open it once, in one browser. */
  url: string;
  /** Ends every connection. The service stays as it is. */
  close(): Promise<void>;
}

export interface WindowServerOptions {
  service: Service;
  /** Folder of the built window (`out/renderer`). */
  rendererDir: string;
  /** 0 or absent: any free port. */
  port?: number;
  /** Dropped files go into `imports` below it. */
  dataDir: string;
  /** Largest file taken, in bytes. */
  maxUpload?: number;
}

/**
 * Serves the window to a browser on this machine: 127.0.0.1 only, guarded by a one-time token, the
 * Host and Origin headers and a strict content policy (reference: OWASP on DNS rebinding and CSRF).
 *
 * @throws UserError when the port is taken.
 */
export async function serveWindow(options: WindowServerOptions): Promise<WindowServer> {
  const guard = new Guard();
  const site = new Site(options, guard);
  const server = createServer((request, response) => {
    site.handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answer(response, error instanceof UserError ? 400 : 500, messageOf(error));
    });
  });
  // Weights of several gigabytes may take longer than node's default of five minutes.
  server.requestTimeout = 0;

  const sockets = new WebSocketServer({ noServer: true, maxPayload: 8 * 2 ** 20 });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const welcome = request.url === '/socket' && guard.knowsHost(request) && guard.knowsOrigin(request, true) && guard.hasCookie(request);
    if (!welcome) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => speak(client, options.service, site.answered));
  });

  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      fail(error.code === 'EADDRINUSE' ? new UserError(`Port ${options.port} is taken; choose another with --port, or leave it out.`) : error);
    });
    server.listen(options.port ?? 0, '127.0.0.1', done);
  });
  const { port } = server.address() as AddressInfo;
  guard.bind(port);

  return {
    url: `http://127.0.0.1:${port}/?token=${guard.token}`,
    close: () =>
      new Promise<void>((done) => {
        for (const client of sockets.clients) client.terminate();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** What lies at which path. */
class Site {
  /** Exported documents, by an unguessable name: the client never names a path. */
  readonly #exports = new Map<string, string>();
  readonly #options: WindowServerOptions;
  readonly #guard: Guard;
  readonly #root: string;

  constructor(options: WindowServerOptions, guard: Guard) {
    this.#options = options;
    this.#guard = guard;
    this.#root = resolve(options.rendererDir);
  }

  /** Gives an exported file an address the browser can fetch. */
  readonly answered: Answered = (name, out) => {
    if (name !== 'export' && name !== 'mapSave') return out;
    const { file } = out as CallOut<'export'>;
    const key = randomBytes(12).toString('hex');
    this.#exports.set(key, file);
    return { file, url: `/export/${key}/${encodeURIComponent(basename(file))}` } as typeof out;
  };

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const guard = this.#guard;
    const url = URL.parse(request.url ?? '/', 'http://local');
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
      return file ? sendFile(response, file, request.method === 'HEAD', true) : answer(response, 404, 'This document is not there any more.');
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
    response.end('<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Hairline</title><link rel="icon" href="data:,"><a href="/">Open Hairline</a>');
  }

  async #picture(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const address = PictureAddress.safeParse(json(url.searchParams.get('a')));
    if (!address.success) return answer(response, 400, 'This is not the address of a picture.');
    const png = await this.#options.service.picture(address.data).catch((error: unknown) => messageOf(error));
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
    const { maxUpload = MAX_FILE, dataDir } = this.#options;
    try {
      const batch = url.searchParams.get('batch') ?? '';
      const stored = await receive(request, join(dataDir, 'imports'), batch, url.searchParams.get('path') ?? '', maxUpload);
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
      response.end(JSON.stringify(stored));
    } catch (error) {
      const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
      const why = full ? 'The disk is full; make room and drop the file again.' : messageOf(error);
      answer(response, error instanceof UserError ? 400 : full ? 507 : 500, why);
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
