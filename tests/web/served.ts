import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import WebSocket from 'ws';
import type { RunEvent } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import type { Service } from '../../src-main/engine/api.ts';
import { serveWindow, type WindowServer } from '../../src-main/web/server.ts';

/** Real requests over real sockets; only the engine behind is small. */
export const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A server for each test; its fields are there once the tests run. */
export interface Here {
  folder: string;
  server: WindowServer;
  base: URL;
  /** What reached the engine. */
  calls: [string, unknown][];
  /** How the engine answers the calls that are not answered here. */
  answers: (name: string, input: unknown) => unknown;
  emit(event: RunEvent): void;
  ask(path: string, headers?: Record<string, string>, method?: string, body?: Buffer | string): Promise<Answer>;
  /** Trades the token for the cookie. */
  enter(): Promise<string>;
  /** Posts a file. */
  post(cookie: string, path: string, body: Buffer | string, batch?: string): Promise<Answer>;
  open(headers: Record<string, string>): Promise<WebSocket>;
  /** The next message. */
  next(socket: WebSocket): Promise<unknown>;
}

export function served(): Here {
  const listeners = new Set<(event: RunEvent) => void>();
  const here: Here = {
    folder: '',
    server: null as never,
    base: null as never,
    calls: [],
    answers: () => ({}),
    emit: (event) => listeners.forEach((listener) => listener(event)),
    /** node:http rather than fetch: it sends any Host, Origin and path it is told to. */
    ask: (path, headers = {}, method = 'GET', body) =>
      new Promise((done, fail) => {
        const asked = httpRequest({ host: '127.0.0.1', port: here.base.port, path, method, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }),
          );
        });
        asked.on('error', fail);
        asked.end(body);
      }),
    async enter() {
      const entered = await here.ask(here.base.pathname + here.base.search);
      expect(entered.status).toBe(200);
      const [cookie] = entered.headers['set-cookie']!;
      expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
      return cookie!.split(';')[0]!;
    },
    post: (cookie, path, body, batch = 'batch-0001') =>
      here.ask(`/upload?batch=${batch}&path=${encodeURIComponent(path)}`, { cookie, origin: here.base.origin }, 'POST', body),
    open: (headers) =>
      new Promise((done, fail) => {
        const socket = new WebSocket(`ws://127.0.0.1:${here.base.port}/socket`, { headers });
        socket.on('open', () => done(socket));
        socket.on('error', fail);
      }),
    next: (socket) => new Promise((done) => socket.once('message', (data) => done(JSON.parse(String(data))))),
  };

  beforeEach(async () => {
    here.folder = await mkdtemp(join(tmpdir(), 'hairline-web-'));
    await mkdir(join(here.folder, 'renderer/assets'), { recursive: true });
    await writeFile(join(here.folder, 'renderer/index.html'), '<!doctype html><p>window</p>');
    await writeFile(join(here.folder, 'renderer/assets/app.js'), 'export {};');
    await writeFile(join(here.folder, 'secret.txt'), 'secret');
    await writeFile(join(here.folder, 'report.pdf'), '%PDF-');
    here.calls.length = 0;
    here.answers = () => ({});
    listeners.clear();
    here.server = await serveWindow({
      service: engine(here, listeners),
      rendererDir: join(here.folder, 'renderer'),
      dataDir: join(here.folder, 'data'),
      maxUpload: 1000,
    });
    here.base = new URL(here.server.url);
  });
  afterEach(async () => {
    await here.server.close();
    await rm(here.folder, { recursive: true, force: true });
  });
  return here;
}

function engine(here: Here, listeners: Set<(event: RunEvent) => void>): Service {
  return {
    call: async (name: string, input: unknown) => {
      here.calls.push([name, input]);
      if (name === 'about') return { hairline: '0.1.0', host: 'test', providers: ['cpu'] } as never;
      if (name === 'inspect') throw new UserError('This file is no ONNX model.');
      if (name === 'audits') return 'not a list' as never;
      if (name === 'mapMore') await new Promise((done) => setTimeout(done, 50));
      if (name === 'export') return { file: join(here.folder, 'report.pdf'), url: null } as never;
      if (name === 'start') return { audit: 'begun' } as never;
      return here.answers(name, input) as never;
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
}
