import { lstat, readdir, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../../shared/errors.ts';

/** What a browser's window may reach. */
export interface Reach {
  /** Folder of the audits, the only one that is written to. */
  audits: string;
  /** Further folders and files that are read. */
  reads: readonly string[];
}

/**
 * Where paths that come from a browser may lead. Whoever holds the cookie can name any path, so each is looked at twice: as
 * it is written, before the disk is asked (a Windows network name would already open a connection), and as it really is,
 * with every link resolved.
 */
export class Bounds {
  readonly #audits: Root;
  readonly #reads: readonly Root[];

  private constructor(audits: Root, reads: readonly Root[]) {
    this.#audits = audits;
    this.#reads = reads;
  }

  /** @throws UserError for a place that does not exist. */
  static async of({ audits, reads }: Reach): Promise<Bounds> {
    const roots = await Promise.all([audits, ...reads].map(rootOf));
    return new Bounds(roots[0]!, roots);
  }

  /**
   * A file or folder that is read, and all that links in it lead to.
   * @throws UserError for what lies outside, or is not there: a pattern is no file, so none is ever expanded.
   */
  async demandReadable(path: string): Promise<void> {
    await this.#read(path, new Set());
  }

  async #read(path: string, seen: Set<string>): Promise<void> {
    if (!this.#reads.some((root) => holds(root.named, path))) throw outside(path);
    const real = await realpath(path).catch(() => null);
    if (real === null) throw new UserError(`${printable(path)} is not there any more: drop it into the window again.`);
    if (!this.#reads.some((root) => inside(root.real, real))) throw outside(path);
    if (seen.has(real) || !(await lstat(real)).isDirectory()) return;
    seen.add(real);
    for (const entry of await readdir(real, { recursive: true, withFileTypes: true })) {
      if (entry.isSymbolicLink()) await this.#link(join(entry.parentPath, entry.name), seen);
    }
  }

  /** A link inside a folder that is read. One that leads nowhere is read by nobody. */
  async #link(path: string, seen: Set<string>): Promise<void> {
    const real = await realpath(path).catch(() => null);
    if (real === null) return;
    if (!this.#reads.some((root) => inside(root.real, real))) throw outside(path);
    await this.#read(real, seen);
  }

  /**
   * Folder of an audit, by its id. It need not be there yet.
   * @throws UserError for one that is not, as it really is, a folder inside the folder of the audits.
   */
  async demandAudit(audit: string): Promise<string> {
    const root = this.#audits;
    const path = resolve(root.named[0]!, audit);
    const own =
      !audit.includes('\0') &&
      holds(root.named, path) &&
      (await whereabouts(path).then((real) => real !== null && real !== root.real && inside(root.real, real)));
    if (!own)
      throw new UserError(
        `${printable(audit)} is no audit of this window: move its folder into ${root.named[0]!}, and it is among the earlier audits.`,
      );
    return path;
  }

  /** Folder that an audit is to be written to. @throws UserError for any that does not lie directly in the folder of the audits. */
  async demandWritable(folder: string): Promise<void> {
    const root = this.#audits;
    const own = isAbsolute(folder) && root.named.includes(dirname(resolve(folder))) && (await whereabouts(folder)) !== null;
    if (!own || (await this.demandAudit(folder).catch(() => null)) === null)
      throw new UserError(
        `An audit of this window is written to a folder in ${root.named[0]!}, not to ${printable(folder)}: leave the folder out, or use the command line.`,
      );
  }
}

/** A place, as it may be written (the last is the real one), and as it is. */
interface Root {
  named: readonly string[];
  real: string;
}

async function rootOf(path: string): Promise<Root> {
  const named = resolve(path);
  const real = await realpath(named).catch(() => null);
  if (real === null) throw new UserError(`${path} does not exist: name a file or folder that the window may open.`);
  return { named: [...new Set([named, real])], real };
}

/** Whether an absolute path, as it is written, leads into one of the roots. */
function holds(roots: readonly string[], path: string): boolean {
  return isAbsolute(path) && !path.includes('\0') && roots.some((root) => inside(root, resolve(path)));
}

function inside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way.split(sep)[0] !== '..' && !isAbsolute(way);
}

/** Where a path leads that need not exist yet; null when a link in it leads nowhere, since writing would go there. */
async function whereabouts(path: string): Promise<string | null> {
  const real = await realpath(path).catch(() => null);
  if (real !== null) return real;
  if (await lstat(path).catch(() => null)) return null;
  const above = dirname(path) === path ? null : await whereabouts(dirname(path));
  return above && join(above, relative(dirname(path), path));
}

function outside(path: string): UserError {
  return new UserError(`${printable(path)} lies outside what this window may open: drop it into the window, or start with --allow FOLDER.`);
}

/** A path that came from elsewhere, as part of a sentence. */
function printable(path: string): string {
  return `"${path.replace(/[\p{Cc}\p{Cf}]/gu, '�').slice(0, 200)}"`;
}
