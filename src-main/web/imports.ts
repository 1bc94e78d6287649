import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { Uploads } from '../../shared/uploads.ts';
import { FILES } from '../audit/jobs.ts';
import { readRegularFile } from '../files/regular.ts';
import { Servers } from './servers.ts';
import { isBatch, sizeOf } from './batch.ts';

/** How long the uploads of a window that is gone are kept: it may only have lost its connection. In ms. */
export const GRACE = 10 * 60_000;
/** Larger than any plan; a file of this size is none. */
const PLAN_MOST = 256 * 2 ** 20;

/**
 * The uploads: a folder for each drop, called a batch. A batch is kept as long as a window says that it needs it, or the plan of
 * an audit names it. Whether a text names a batch is looked up in the text as it is: a plan of any format that has
 * the name in it keeps the batch.
 */
export class Imports {
  /** Where batches lie. */
  readonly folder: string;
  readonly #audits: string;
  readonly #servers: Servers;
  /** What each window says it needs. */
  readonly #windows = new Map<object, { texts: readonly string[]; gone: boolean }>();
  /** What audits name whose plan is not on the disk yet. */
  readonly #held = new Set<string>();
  /** Uploads on their way, by batch. */
  readonly #coming = new Map<string, number>();
  /** Batches that came to this server. */
  readonly #own = new Set<string>();
  readonly #bytes = new Map<string, number>();
  /** Set once the server closes: no window counts any more, whatever call of it is still on its way. */
  #closed = false;
  /** Called when the last upload on its way has ended. */
  #quiet: (() => void) | null = null;

  constructor(folder: string, audits: string) {
    this.folder = folder;
    this.#audits = audits;
    this.#servers = new Servers(join(folder, '.servers'));
  }

  /** Removes what an earlier server has left. */
  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await this.#servers.enter();
    await this.sweep();
  }

  /** No window is open any more; what was on its way ends first, since its connection is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#windows.clear();
    if (this.#coming.size > 0) await new Promise<void>((done) => (this.#quiet = done));
    await this.sweep();
    await this.#servers.leave();
  }

  /** A window needs the batches that these texts name, and no others. */
  keep(window: object, texts: readonly string[]): void {
    if (!this.#closed) this.#windows.set(window, { texts, gone: false });
  }

  /** A window is gone; what it needed is kept for a while. */
  leave(window: object): void {
    const kept = this.#windows.get(window);
    if (!kept) return;
    kept.gone = true;
    setTimeout(() => {
      if (this.#windows.delete(window)) this.sweep().catch(() => undefined);
    }, GRACE).unref();
  }

  /** Forgets the windows that are gone at once. */
  forget(): void {
    for (const [window, { gone }] of this.#windows) if (gone) this.#windows.delete(window);
  }

  /** Keeps what a text names, until what comes back is called. */
  hold(text: string): () => void {
    this.#held.add(text);
    return () => this.#held.delete(text);
  }

  /**
   * Stores a file of a batch, which is not removed meanwhile.
   * @param store given the batch's folder, which need not be there yet
   * @throws UserError for what is no name of a batch
   */
  async receive<T>(batch: string, store: (folder: string) => Promise<T>): Promise<T> {
    if (!isBatch(batch)) throw new UserError('The upload has no proper batch name; reload the page and try again.');
    this.#own.add(batch);
    this.#coming.set(batch, (this.#coming.get(batch) ?? 0) + 1);
    try {
      return await store(join(this.folder, batch));
    } finally {
      const left = this.#coming.get(batch)! - 1;
      if (left > 0) this.#coming.set(batch, left);
      else this.#coming.delete(batch);
      this.#bytes.delete(batch);
      if (this.#coming.size === 0) this.#quiet?.();
    }
  }

  /** Removes every batch that nobody needs. What cannot be removed now (a file that is still open, on Windows) goes another time. */
  async sweep(): Promise<void> {
    const batches = await this.#batches();
    const [named, alone] = [await this.#named(batches), await this.#servers.alone()];
    for (const batch of batches) {
      if (named.has(batch) || !(alone || this.#own.has(batch)) || this.#needed(batch)) continue;
      // Removes a link, never what it leads to.
      await rm(join(this.folder, batch), { recursive: true, force: true, maxRetries: 1 }).catch(() => undefined);
      this.#bytes.delete(batch);
    }
  }

  /** @param window whose set-up is meant */
  async sizes(window: object): Promise<Uploads> {
    const batches = await this.#batches();
    const named = await this.#named(batches);
    const texts = this.#windows.get(window)?.texts ?? [];
    const sum: Uploads = { all: 0, setup: 0, audits: 0, loose: 0 };
    for (const batch of batches) {
      const bytes = await this.#size(batch);
      sum.all += bytes;
      if (mentions(texts, batch)) sum.setup += bytes;
      if (named.has(batch)) sum.audits += bytes;
      else if (!this.#needed(batch, false)) sum.loose += bytes;
    }
    return sum;
  }

  /** @param late whether windows that are gone count */
  #needed(batch: string, late = true): boolean {
    if (this.#coming.has(batch)) return true;
    if (mentions([...this.#held], batch)) return true;
    return [...this.#windows.values()].some(({ texts, gone }) => (late || !gone) && mentions(texts, batch));
  }

  async #batches(): Promise<string[]> {
    const entries = await readdir(this.folder, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory() && isBatch(entry.name)).map(({ name }) => name);
  }

  /** Which of them the plans of audits name: all, while one that is there cannot be read. */
  async #named(batches: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    const audits = await readdir(this.#audits).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : null));
    if (audits === null) return new Set(batches);
    for (const audit of audits) {
      const text = await readRegularFile(join(this.#audits, audit, FILES.plan), { most: PLAN_MOST }).catch(
        (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' || error.code === 'ENOTDIR' ? '' : null),
      );
      if (text === null) return new Set(batches);
      for (const batch of batches) if (text.includes(batch)) found.add(batch);
    }
    return found;
  }

  async #size(batch: string): Promise<number> {
    const known = this.#bytes.get(batch);
    if (known !== undefined) return known;
    const bytes = await sizeOf(join(this.folder, batch));
    if (!this.#coming.has(batch)) this.#bytes.set(batch, bytes);
    return bytes;
  }
}

function mentions(texts: readonly string[], batch: string): boolean {
  return texts.some((text) => text.includes(batch));
}
