import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** What a copy of the tree does without, or shares with it. */
const LEFT_OUT = new Set(['node_modules', '.git', 'out', 'dist']);

/** A copy of the working tree that faults are planted in, so that no fault is ever in the tree itself; with a temporary folder of its own. */
export class Copy {
  readonly root: string;
  private readonly around: string;

  constructor(tree: string) {
    this.around = mkdtempSync(join(tmpdir(), 'hairline-mutation-'));
    this.root = join(this.around, 'tree');
    mkdirSync(join(this.around, 'tmp'));
    cpSync(tree, this.root, { recursive: true, filter: (path) => path === tree || !LEFT_OUT.has(basename(path)) });
    symlinkSync(realpathSync(join(tree, 'node_modules')), join(this.root, 'node_modules'));
  }

  /** What its tests are run with. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, TMPDIR: join(this.around, 'tmp'), HAIRLINE_DATA: join(this.around, 'data') };
  }

  /** Tests that were ended leave their files. */
  sweep(): void {
    rmSync(join(this.around, 'tmp'), { recursive: true, force: true, maxRetries: 5 });
    mkdirSync(join(this.around, 'tmp'));
  }

  remove(): void {
    rmSync(this.around, { recursive: true, force: true, maxRetries: 5 });
  }
}
