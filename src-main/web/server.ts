import { createServer } from 'node:http';
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { WebSocketServer } from 'ws';
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Service } from '../engine/api.ts';
import { bounded } from './bounded.ts';
import { Bounds } from './bounds.ts';
import { dropping } from './dropping.ts';
import { answer, Guard } from './guard.ts';
import { holding } from './holding.ts';
import { Imports } from './imports.ts';
import { Site } from './site.ts';
import { speak, type Counter } from './socket.ts';
import { telling } from './telling.ts';
import { MAX_FILE } from './upload.ts';

/** Connections at once, and windows among them: a browser opens six connections for a page. */
const MOST_CONNECTIONS = 256;
const MOST_WINDOWS = 32;

/** Who has not even said in five seconds what he wants keeps others from a place; browsers on this machine say it at once. */
const PROMPT = { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 };

export interface WindowServer {
  /** Address with the one-time token: open it once, in one browser. */
  url: string;
  /** Ends every connection, and removes uploads that no audit needs. The service stays as it is. */
  close(): Promise<void>;
}

export interface WindowServerOptions {
  service: Service;
  /** Folder of the built window (`out/renderer`). */
  rendererDir: string;
  /** 0 or absent: any free port. */
  port?: number;
  /** Audits lie in `audits` below it, and dropped files go into `imports`. */
  dataDir: string;
  /** Further files and folders that a window may open: the samples, and what was named for it. */
  reads?: readonly string[];
  /** Largest file taken, in bytes. */
  maxUpload?: number;
}

/**
 * Serves the window to a browser on this machine: 127.0.0.1 only, guarded by a one-time token, the
 * Host and Origin headers and a strict content policy (reference: OWASP on DNS rebinding and CSRF). What a window names is bound
 * to the data folder and to `reads`.
 *
 * @throws UserError when the port is taken, or something of `reads` does not exist.
 */
export async function serveWindow(options: WindowServerOptions): Promise<WindowServer> {
  const audits = join(resolve(options.dataDir), 'audits');
  const imports = new Imports(join(resolve(options.dataDir), 'imports'), audits);
  for (const folder of [audits, imports.folder]) await mkdir(folder, { recursive: true });
  const bounds = await Bounds.of({ audits, reads: [imports.folder, ...(options.reads ?? [])] });
  const service = telling(bounded(holding(dropping(options.service, imports.folder), imports), bounds), imports.folder);
  const guard = new Guard();
  const site = new Site({ service, rendererDir: options.rendererDir, imports, maxUpload: options.maxUpload ?? MAX_FILE }, guard);
  const server = createServer(PROMPT, (request, response) => {
    site.handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answer(response, error instanceof UserError ? 400 : 500, messageOf(error));
    });
  });
  // Weights of several gigabytes may take longer than node's default of five minutes.
  server.requestTimeout = 0;
  server.maxConnections = MOST_CONNECTIONS;

  const counter: Counter = {
    service,
    answered: site.answered,
    async uploads(window, { keep, discard }) {
      imports.keep(window, keep);
      if (discard) imports.forget();
      await imports.sweep();
      return imports.sizes(window);
    },
    gone: (window) => imports.leave(window),
  };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 8 * 2 ** 20 });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const welcome = request.url === '/socket' && guard.knowsHost(request) && guard.knowsOrigin(request, true) && guard.hasCookie(request);
    const refusal = !welcome ? '403 Forbidden' : sockets.clients.size >= MOST_WINDOWS ? '503 Service Unavailable' : null;
    if (refusal) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => speak(client, counter));
  });

  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      fail(
        error.code === 'EADDRINUSE' ? new UserError(`Port ${options.port} is taken; choose another with --port, or leave it out.`) : error,
      );
    });
    server.listen(options.port ?? 0, '127.0.0.1', done);
  });
  const { port } = server.address() as AddressInfo;
  guard.bind(port);
  // Nobody has the address yet.
  await imports.open();

  return {
    url: `http://127.0.0.1:${port}/?token=${guard.token}`,
    async close() {
      await new Promise<void>((done) => {
        for (const client of sockets.clients) client.terminate();
        server.close(() => done());
        server.closeAllConnections();
      });
      await imports.close();
    },
  };
}
