import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { alive } from './processes.ts';

/** `parent.ts` and what it imports need nothing but Node, so that plain Node runs them without a build. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-parent-'));
  for (const name of ['parent', 'pipes', 'frames']) {
    const source = readFileSync(resolve(import.meta.dirname, `../../src-main/engine/${name}.ts`), 'utf8');
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    writeFileSync(
      join(folder, `${name}.mjs`),
      ts.transpileModule(source, { compilerOptions: options }).outputText.replace(/(from '\.\/\w+)\.ts'/g, "$1.mjs'"),
    );
  }
  writeFileSync(
    join(folder, 'engine.mjs'),
    `import { parentEnd } from './parent.mjs';
     const end = parentEnd();
     if (process.argv[2] === 'busy') end.onMessage(() => { end.post({ pid: process.pid }); setTimeout(() => { for (;;); }, 200); });
     else
     // Listening late: nothing that was said before may be lost.
     setTimeout(() => end.onMessage((message) => end.post({ heard: message, pid: process.pid })), 100);
     setInterval(() => {}, 1000);`,
  );
  writeFileSync(
    join(folder, 'host.mjs'),
    `import { spawn } from 'node:child_process';
     import { read, write } from './pipes.mjs';
     const child = spawn(process.execPath, [${JSON.stringify(join(folder, 'engine.mjs'))}, ...process.argv.slice(2)], { stdio: ['ignore', 'ignore', 'inherit', 'overlapped', 'overlapped'] });
     read(child.stdio[4], (message) => console.log(JSON.stringify(message)), (error) => console.error(error));
     if (process.argv[2] === 'nonsense') child.stdio[3].write('this is no frame at all');
     else write(child.stdio[3], { say: 'early' });
     child.on('exit', (code, signal) => console.log(signal));`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('hears what was said early, ignores Ctrl+C, and ends when its host is killed', async () => {
  const host = spawn(process.execPath, [join(folder, 'host.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(host.stdout, 'data')) as [Buffer];
  const { heard, pid } = JSON.parse(line.toString()) as { heard: object; pid: number };
  expect(heard).toEqual({ say: 'early' });

  if (process.platform !== 'win32') {
    process.kill(pid, 'SIGINT');
    await sleep(100);
    expect(alive(pid)).toBe(true);
  }
  host.kill('SIGKILL');
  for (let i = 0; i < 200 && alive(pid); i++) await sleep(50);
  expect(alive(pid)).toBe(false);
});

// Windows does not say who a process's parent is once that is gone; there the closed pipes are all there is.
it.skipIf(process.platform === 'win32')('ends with its host even while it is at work and hears nothing', async () => {
  const host = spawn(process.execPath, [join(folder, 'host.mjs'), 'busy'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(host.stdout, 'data')) as [Buffer];
  const { pid } = JSON.parse(line.toString()) as { pid: number };
  await sleep(400);
  process.kill(pid, 'SIGTERM');
  expect(alive(pid)).toBe(true);
  host.kill('SIGKILL');
  for (let i = 0; i < 200 && alive(pid); i++) await sleep(50);
  expect(alive(pid)).toBe(false);
});

it.skipIf(process.platform === 'win32')('ends when what it hears is no message', async () => {
  const host = spawn(process.execPath, [join(folder, 'host.mjs'), 'nonsense'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(host.stdout, 'data')) as [Buffer];
  expect(line.toString()).toBe('SIGKILL\n');
});

it('says so when no host started it', async () => {
  const child = spawn(process.execPath, [join(folder, 'engine.mjs')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(text).toContain('The engine was not started by a host.');
});
