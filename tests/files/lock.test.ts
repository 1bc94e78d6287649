import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { ourselves } from '../../src-main/files/holder.ts';
import type { Holder } from '../../src-main/files/holder.ts';
import { locked, lockFolder } from '../../src-main/files/lock.ts';

const root = mkdtempSync(join(tmpdir(), 'hairline-lock-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder: string;
let n = 0;
beforeEach(() => mkdirSync((folder = join(root, String(++n)))));

/** Leaves the lock of some process behind. */
function left(of: Partial<Holder>, state = 'holds', at = folder): string {
  const { host, boot, space, pid, start } = { ...ourselves(), ...of };
  const name = ['hairline-lock', state, statSync(at, { bigint: true }).ino.toString(36), host, boot, space, pid, start, 'abcdef'].join('.');
  writeFileSync(join(at, name), '');
  return name;
}
const linux = process.platform === 'linux';

it('of many who want a folder at once, exactly one has it at a time, and nothing is left', async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await sleep(100);
    inside--;
  };
  const ends = await Promise.allSettled(Array.from({ length: 8 }, () => locked(folder, work)));
  expect(ends.some(({ status }) => status === 'fulfilled')).toBe(true);
  expect(most).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

it('a living holder is told of in one sentence, and its lock stays', async () => {
  const lock = await lockFolder(folder);
  const before = readdirSync(folder);
  await expect(lockFolder(folder)).rejects.toThrow(
    /^Another Hairline is writing .*: wait until it is through, or choose another folder\.$/,
  );
  expect(readdirSync(folder)).toEqual(before);
  lock.release();
  (await lockFolder(folder)).release();
});

it.runIf(linux)(
  "a holder that was killed is in nobody's way, nor is a process that got its number, nor a machine that was started anew",
  async () => {
    const child = spawn('sleep', ['60']);
    await new Promise((done) => child.once('spawn', done));
    const line = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const start = line.slice(line.lastIndexOf(')') + 2).split(' ')[19]!;
    const name = left({ pid: String(child.pid), start });
    await expect(lockFolder(folder)).rejects.toThrow('Another Hairline');
    expect(readdirSync(folder)).toEqual([name]);
    child.kill('SIGKILL');
    await new Promise((done) => child.once('exit', done));
    left({ pid: String(process.pid), start: '17' });
    left({ boot: '0123456789ab' });
    left({ pid: 'self' }, 'wants');
    const lock = await lockFolder(folder);
    expect(readdirSync(folder)).toHaveLength(1);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  },
);

it('a copy of a folder that is being written is free', async () => {
  const lock = await lockFolder(folder);
  const copy = join(root, 'copy');
  cpSync(folder, copy, { recursive: true });
  (await lockFolder(copy)).release();
  expect(readdirSync(copy)).toEqual([]);
  lock.release();
});

it('a holder of whom the system knows nothing holds as long as it shows that it lives', { timeout: 60_000 }, async () => {
  const name = left({ host: 'another' });
  const alive = setInterval(() => writeFileSync(join(folder, name), '.'), 500);
  await expect(lockFolder(folder)).rejects.toThrow('Another Hairline');
  clearInterval(alive);
  (await lockFolder(folder)).release();
  expect(readdirSync(folder)).toEqual([]);
});

it('folders and strange files with the name of a lock are none', async () => {
  mkdirSync(join(folder, 'hairline-lock.holds.x'));
  mkdirSync(join(folder, left({ pid: '0' }).replace('abcdef', 'fedcba')));
  const lock = await lockFolder(folder);
  lock.release();
});
