import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import WebSocket from 'ws';
import type { CallIn, CallName, CallOut, RunEvent } from '../../shared/contract.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What a call came back as. */
export type Reply = { out: unknown; error?: undefined } | { out?: undefined; error: { message: string; user: boolean } };

/** What a browser does at a served window, without one: trades the token for a cookie, loads the page, speaks over the socket. */
export class Visitor {
  private readonly base: URL;
  private cookie = '';
  private socket: WebSocket | null = null;
  private nextId = 1;
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private readonly listeners = new Set<(event: RunEvent) => void>();

  constructor(url: string) {
    this.base = new URL(url);
  }

  /** node:http rather than fetch: it sends any path it is told to; a connection each, since one that is kept may be closed meanwhile. */
  ask(
    path: string,
    { method = 'GET', body, headers = {} }: { method?: string; body?: Uint8Array; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    return new Promise((done, fail) => {
      const asked = request(
        {
          agent: false,
          host: this.base.hostname,
          port: this.base.port,
          path,
          method,
          headers: { cookie: this.cookie, origin: this.base.origin, ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', fail);
          response.on('end', () => done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }));
        },
      );
      asked.on('error', fail);
      asked.end(body);
    });
  }

  /** Enters with the one-time token. */
  async enter(): Promise<void> {
    const { headers } = await this.ask(this.base.pathname + this.base.search);
    this.cookie = headers['set-cookie']![0]!.split(';')[0]!;
  }

  /** A fresh connection; what was there before is closed. */
  async connect(): Promise<WebSocket> {
    this.socket?.terminate();
    const socket = new WebSocket(`ws://${this.base.host}/socket`, { headers: { cookie: this.cookie }, origin: this.base.origin });
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data) =>
      this.hear(JSON.parse(String(data)) as { id: number; out?: unknown; error?: { message: string; user: boolean }; event?: RunEvent }),
    );
    socket.on('close', () => {
      for (const answer of this.waiting.values()) answer({ error: { message: 'the connection was closed', user: false } });
      this.waiting.clear();
    });
    await Promise.race([once(socket, 'open'), once(socket, 'close').then(() => Promise.reject(new Error('the socket was refused')))]);
    return socket;
  }

  private hear({
    id,
    out,
    error,
    event,
  }: {
    id: number;
    out?: unknown;
    error?: { message: string; user: boolean };
    event?: RunEvent;
  }): void {
    if (event) for (const listener of [...this.listeners]) listener(event);
    const answer = this.waiting.get(id);
    this.waiting.delete(id);
    answer?.(error ? { error } : { out });
  }

  get connected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Any call with any input. */
  send(call: unknown, input: unknown): Promise<Reply> {
    const id = this.nextId++;
    if (!this.connected) return Promise.resolve({ error: { message: 'the connection is closed', user: false } });
    return new Promise((done) => {
      this.waiting.set(id, done);
      this.socket!.send(JSON.stringify({ id, call, input }));
    });
  }

  /** A call that should do. @throws Error with its sentence when it is refused */
  async call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
    const { out, error } = await this.send(name, input);
    if (error) throw new Error(`${name}: ${error.message}`);
    return out as CallOut<N>;
  }

  listen(listener: (event: RunEvent) => void): void {
    this.listeners.add(listener);
  }

  leave(): void {
    this.socket?.terminate();
  }
}
