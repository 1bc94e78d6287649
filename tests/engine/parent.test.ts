import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** `parent.ts` imports types only, so that one file can be run by plain Node without a build. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-parent-'));
  const source = readFileSync(resolve(import.meta.dirname, '../../src-main/engine/parent.ts'), 'utf8');
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  writeFileSync(join(folder, 'parent.mjs'), ts.transpileModule(source, { compilerOptions: options }).outputText);
  writeFileSync(
    join(folder, 'engine.mjs'),
    `import { parentEnd } from './parent.mjs';
     const end = parentEnd();
     // Listening late: nothing that was said before may be lost.
     setTimeout(() => end.onMessage((message) => end.post({ heard: message, pid: process.pid })), 100);
     setInterval(() => {}, 1000);`,
  );
  writeFileSync(
    join(folder, 'host.mjs'),
    `import { fork } from 'node:child_process';
     const child = fork(${JSON.stringify(join(folder, 'engine.mjs'))}, [], { serialization: 'advanced' });
     child.on('message', (message) => console.log(JSON.stringify(message)));
     child.send('early');`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('hears what was said early, ignores Ctrl+C, and ends when its host is killed', async () => {
  const host = spawn(process.execPath, [join(folder, 'host.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(host.stdout, 'data')) as [Buffer];
  const { heard, pid } = JSON.parse(line.toString()) as { heard: string; pid: number };
  expect(heard).toBe('early');

  if (process.platform !== 'win32') {
    process.kill(pid, 'SIGINT');
    await sleep(100);
    expect(alive(pid)).toBe(true);
  }
  host.kill('SIGKILL');
  for (let i = 0; i < 200 && alive(pid); i++) await sleep(50);
  expect(alive(pid)).toBe(false);
});

it('says so when no host started it', async () => {
  const child = spawn(process.execPath, [join(folder, 'engine.mjs')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(text).toContain('The engine was not started by a host.');
});
