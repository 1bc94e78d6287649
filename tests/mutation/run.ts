import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Copy } from './copy.ts';

/** How a run of tests ended. */
export type End = 'passed' | 'failed' | 'timeout';

/** Runs a command in a copy, and ends it with all of its children when its time is over. */
export function run(copy: Copy, args: readonly string[], seconds: number): Promise<{ end: End; output: string }> {
  return new Promise((resolve, reject) => {
    // A group of its own: a hanging loop hangs in a child.
    const child = spawn(process.execPath, args, { cwd: copy.root, env: copy.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const group = child.pid;
    const end = (): void => {
      try {
        if (group !== undefined) process.kill(-group, 'SIGKILL');
      } catch {
        // Over already.
      }
    };
    let [output, late] = ['', false];
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const timer = setTimeout(() => ((late = true), end()), seconds * 1000);
    process.once('exit', end);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      end();
      process.removeListener('exit', end);
      resolve({ end: late ? 'timeout' : code === 0 ? 'passed' : 'failed', output });
    });
  });
}

const VITEST = 'node_modules/vitest/vitest.mjs';

/** Runs files of tests until the first failure. One worker: what runs beside it is another copy. */
export function test(copy: Copy, files: readonly string[], seconds: number): Promise<{ end: End; output: string }> {
  return run(copy, [VITEST, 'run', ...files, ...PROJECTS, '--maxWorkers', '1', '--bail', '1', '--reporter', 'dot'], seconds);
}

/** Those that need neither the packed program nor published models. */
const PROJECTS = ['--project', 'unit', '--project', 'alone'];

/** Which files of tests pass, and in how many seconds. */
export async function timesOf(copy: Copy, files: readonly string[]): Promise<Map<string, { passed: boolean; seconds: number }>> {
  const out = join(copy.root, 'mutation-times.json');
  const { end, output } = await run(
    copy,
    [VITEST, 'run', ...files, ...PROJECTS, '--maxWorkers', '1', '--reporter', 'json', '--outputFile', out],
    3600,
  );
  let report: { testResults: { name: string; status: string; startTime: number; endTime: number }[] };
  try {
    report = JSON.parse(readFileSync(out, 'utf8')) as typeof report;
  } catch {
    throw new Error(`The tests of the folder cannot be run (${end}):\n${output.slice(-2000)}`);
  }
  return new Map(
    report.testResults.map(({ name, status, startTime, endTime }) => [
      name.slice(name.indexOf('/tests/') + 1),
      { passed: status === 'passed', seconds: (endTime - startTime) / 1000 },
    ]),
  );
}

/** Builds the program in a copy, for tests that start it. */
export async function build(copy: Copy): Promise<boolean> {
  const { end } = await run(copy, ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn'], 600);
  return end === 'passed';
}
