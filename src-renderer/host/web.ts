import type { CallError, CallIn, CallName, CallOut, Host, Imported, PictureAddress, RunEvent } from '../../shared/contract.ts';
import { UPLOADS, type Uploads, type UploadsRequest } from '../../shared/uploads.ts';
import { OwnError, S } from '../strings.ts';
import { placeOf } from './files.ts';
import { notTaken } from './left.ts';

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

/** How the server answers to a file that it does not take: a name, a size. A full disk is told otherwise, and ends the drop. */
const REFUSED = 400;

/** Whether the browser itself cannot read a file: it may be gone, or not for this user. */
async function isUnreadable(file: File): Promise<boolean> {
  return file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => false,
      () => true,
    );
}

/** Files sent at once; the server writes to one disk, and a browser opens six connections at most. */
const AT_ONCE = 4;

/** The window's host in a browser: calls and events over one WebSocket of the page's own server, files over HTTP. */
export class WebHost implements Host {
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #watchers = new Set<(open: boolean) => void>();
  /** Paths that the window needs, and batches on their way: the server removes all other uploads. */
  #kept: readonly string[] = [];
  readonly #coming = new Set<string>();
  #socket: Promise<WebSocket> | null = null;
  #next = 1;

  async call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
    return this.#ask(await this.#open(), name, input) as Promise<CallOut<N>>;
  }

  /** Says which uploads are needed from now on, once none is on its way; gives how large they are. */
  async uploads(kept: readonly string[], discard = false): Promise<Uploads> {
    this.#kept = kept;
    this.#coming.clear();
    return this.#keep(await this.#open(), discard);
  }

  #keep(socket: WebSocket, discard = false): Promise<Uploads> {
    const request: UploadsRequest = { keep: [...this.#kept, ...this.#coming], discard };
    return this.#ask(socket, UPLOADS, request) as Promise<Uploads>;
  }

  #ask(socket: WebSocket, call: string, input: unknown): Promise<unknown> {
    const id = this.#next++;
    return new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail });
      socket.send(JSON.stringify({ id, call, input }));
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

  async importFiles(files: File[]): Promise<Imported> {
    const batch = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    this.#coming.add(batch);
    await this.#keep(await this.#open());
    const roots = new Set<string>();
    const leftOut: Imported['leftOut'] = [];
    const queue = [...files];
    const send = async (): Promise<void> => {
      for (let file = queue.shift(); file; file = queue.shift()) {
        const path = `/upload?batch=${batch}&path=${encodeURIComponent(placeOf(file))}`;
        const answer = await fetch(path, { method: 'POST', body: file }).catch(() => null);
        // Of one file alone: the others are taken.
        if (!answer && (await isUnreadable(file))) leftOut.push({ source: placeOf(file), reason: S.errors.notRead });
        else if (!answer) throw new OwnError(S.errors.lost);
        else if (answer.status === REFUSED) leftOut.push(notTaken(placeOf(file), (await answer.text()).trim()));
        else if (!answer.ok) throw new HostError({ message: (await answer.text()).trim(), user: true });
        else roots.add(((await answer.json()) as { root: string }).root);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, send));
    return { paths: [...roots], leftOut };
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
        // What a lost connection kept is kept by this one.
        if (this.#kept.length + this.#coming.size > 0) this.#keep(socket).catch(() => undefined);
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
