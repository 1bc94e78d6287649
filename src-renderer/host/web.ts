import type { CallError, CallIn, CallName, CallOut, Host, PictureAddress, RunEvent } from '../../shared/contract.ts';
import { OwnError, S } from '../strings.ts';
import { placeOf } from './files.ts';

/** A call that the host answered with an error, or could not answer. */
export class HostError extends Error {
  override name = 'HostError';
  /** Whether the sentence says what to mend. */
  readonly user: boolean;

  constructor(error: CallError) {
    super(error.message);
    this.user = error.user;
  }
}

type Message = { id: number; out: unknown } | { id: number; error: CallError } | { event: RunEvent };

interface Waiting {
  done(out: unknown): void;
  fail(error: Error): void;
}

/** Files sent at once; the server writes to one disk, and a browser opens six connections at most. */
const UPLOADS = 4;

/** The window's host in a browser: calls and events over one WebSocket of the page's own server, files over HTTP. */
export class WebHost implements Host {
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #watchers = new Set<(open: boolean) => void>();
  #socket: Promise<WebSocket> | null = null;
  #next = 1;

  async call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
    const socket = await this.#open();
    const id = this.#next++;
    return new Promise<CallOut<N>>((done, fail) => {
      this.#waiting.set(id, { done: done as (out: unknown) => void, fail });
      socket.send(JSON.stringify({ id, call: name, input }));
    });
  }

  listen(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells whether the server is there, whenever that changes. */
  watch(watcher: (open: boolean) => void): void {
    this.#watchers.add(watcher);
  }

  async importFiles(files: File[]): Promise<string[]> {
    const batch = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const roots = new Set<string>();
    const queue = [...files];
    const send = async (): Promise<void> => {
      for (let file = queue.shift(); file; file = queue.shift()) {
        const path = `/upload?batch=${batch}&path=${encodeURIComponent(placeOf(file))}`;
        const answer = await fetch(path, { method: 'POST', body: file }).catch(() => null);
        if (!answer) throw new OwnError(S.errors.unreadable(file.name));
        if (!answer.ok) throw new HostError({ message: (await answer.text()).trim(), user: true });
        roots.add(((await answer.json()) as { root: string }).root);
      }
    };
    await Promise.all(Array.from({ length: UPLOADS }, send));
    return [...roots];
  }

  pictureUrl(address: PictureAddress): string {
    return `/picture?a=${encodeURIComponent(JSON.stringify(address))}`;
  }

  async save(_file: string, url: string | null): Promise<void> {
    if (url === null) throw new OwnError(S.errors.noDownload);
    const link = document.createElement('a');
    link.href = url;
    link.download = '';
    link.click();
  }

  #open(): Promise<WebSocket> {
    this.#socket ??= new Promise<WebSocket>((done, fail) => {
      const socket = new WebSocket(`ws://${location.host}/socket`);
      socket.addEventListener('open', () => {
        this.#tell(true);
        done(socket);
      });
      socket.addEventListener('message', (message) => this.#hear(JSON.parse(String(message.data)) as Message));
      socket.addEventListener('close', () => {
        const lost = new OwnError(S.errors.lost);
        fail(lost);
        for (const waiting of this.#waiting.values()) waiting.fail(lost);
        this.#waiting.clear();
        this.#socket = null;
        this.#tell(false);
        // Events only come while connected, so come back without being asked.
        setTimeout(() => void this.#open().catch(() => undefined), 1000);
      });
    });
    return this.#socket;
  }

  #hear(message: Message): void {
    if ('event' in message) {
      for (const listener of this.#listeners) listener(message.event);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) waiting?.fail(new HostError(message.error));
    else waiting?.done(message.out);
  }

  #tell(open: boolean): void {
    for (const watcher of this.#watchers) watcher(open);
  }
}
