import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import type { Answer, Asked } from './data/child.ts';
import { dataFile, originals } from './data/files.ts';
import { Dice } from './dice.ts';
import { ROOT } from './root.ts';
import type { Limits, Outcome, Suite } from './suite.ts';

/** Pictures, data sets, labels and class names, made here from nothing and then spoiled. */
export const data: Suite = {
  name: 'data',
  whole: 9000,
  short: 60,
  async open(folder, limits) {
    const entry = await bundled();
    const made = await originals();
    const reader = new Reader(entry, limits);
    return {
      roots: () => (reader.pid === null ? [] : [reader.pid]),
      async attempt(seed) {
        const file = dataFile(made, new Dice(seed));
        const own = join(folder, String(seed));
        mkdirSync(own);
        const path = join(own, file.name);
        writeFileSync(path, file.bytes);
        for (const { name, bytes } of file.beside) writeFileSync(join(own, name), bytes);
        const outcome = await reader.read(file.what, { use: file.use, path, pictures: join(own, 'pictures.npy') });
        rmSync(own, { recursive: true, force: true });
        return [outcome];
      },
      close: async () => reader.close(),
    };
  },
};

/** The reader as it runs: bundled, in plain Node, so that its memory is its own. */
async function bundled(): Promise<string> {
  const outDir = join(ROOT, 'out/fuzz');
  const input = join(ROOT, 'tests/fuzz/data/child.ts');
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    build: { ssr: input, outDir, emptyOutDir: false, target: 'node20', rolldownOptions: { output: { entryFileNames: 'data.js' } } },
  });
  return join(outDir, 'data.js');
}

/** A process that opens one file after the other; one that crashed or hung gets a successor. */
class Reader {
  private child: ChildProcess | null = null;
  private readonly entry: string;
  private readonly limits: Limits;

  constructor(entry: string, limits: Limits) {
    this.entry = entry;
    this.limits = limits;
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  async read(what: string, asked: Asked): Promise<Outcome> {
    const began = performance.now();
    const child = (this.child ??= fork(this.entry, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
    const answer = await new Promise<Answer | string | null>((done) => {
      const timer = setTimeout(() => done(null), 1000 * this.limits.seconds);
      const over = (value: Answer | string) => (clearTimeout(timer), done(value));
      child.once('exit', (code, signal) => over(`exit ${signal ?? code}`));
      child.once('message', over);
      child.send(asked);
    });
    child.removeAllListeners();
    const ms = performance.now() - began;
    if (answer !== null && typeof answer === 'object') return { what, ...answer, ms };
    this.close();
    return answer === null
      ? { what, end: 'hung', sentence: `no end after ${this.limits.seconds} s`, ms }
      : { what, end: 'crashed', sentence: answer, ms };
  }

  close(): void {
    this.child?.kill('SIGKILL');
    this.child = null;
  }
}
