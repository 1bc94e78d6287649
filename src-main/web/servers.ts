import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Which servers share a folder, so that none removes what another one's window has just been given. Each keeps a file named
 * by its process; one whose process is gone counts for nothing.
 */
export class Servers {
  readonly #folder: string;
  readonly #own = `${process.pid}-${randomBytes(4).toString('hex')}`;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async enter(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, this.#own), '');
  }

  /** Whether no other server is at work here. */
  async alone(): Promise<boolean> {
    let others = 0;
    for (const name of await readdir(this.#folder).catch(() => [])) {
      if (name === this.#own) continue;
      if (alive(Number.parseInt(name, 10))) others++;
      else await rm(join(this.#folder, name), { force: true });
    }
    return others === 0;
  }

  async leave(): Promise<void> {
    await rm(join(this.#folder, this.#own), { force: true });
  }
}

function alive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
