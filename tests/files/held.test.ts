import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Folder } from '../../src-main/files/folder.ts';
import { held } from '../../src-main/files/held.ts';

let root: string;
let outside: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'hairline-held-'));
  [root, outside] = [join(folder, 'audit'), join(folder, 'outside')];
  mkdirSync(join(root, 'clean'), { recursive: true });
  mkdirSync(outside);
});
afterEach(() => rmSync(join(root, '..'), { recursive: true, force: true }));

/** What somebody does who was waiting for the moment. */
function exchange(): void {
  renameSync(join(root, 'clean'), join(root, 'moved'));
  symlinkSync(outside, join(root, 'clean'));
}

it.runIf(process.platform === 'linux')(
  'stays in the folder that it looked at, when a link takes its place before the file is written',
  () => {
    held(root, 'clean/a.png', false, (file) => {
      exchange();
      writeFileSync(file, 'ours');
    });
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(root, 'moved/a.png'), 'utf8')).toBe('ours');
    // From now on it is seen.
    expect(() => new Folder(root).write('clean/b.png', 'x')).toThrow('clean is a link');
  },
);

it('makes what is missing on the way only when asked to', () => {
  held(root, 'new/deep/a.png', true, (file) => writeFileSync(file, 'x'));
  expect(readFileSync(join(root, 'new/deep/a.png'), 'utf8')).toBe('x');
  expect(() => held(root, 'other/a.png', false, (file) => writeFileSync(file, 'x'))).toThrow('ENOENT');
  expect(existsSync(join(root, 'other'))).toBe(false);
});

it('follows no link on the way', () => {
  exchange();
  if (process.platform === 'linux')
    expect(() => held(root, 'clean/a.png', true, (file) => writeFileSync(file, 'x'))).toThrow(/ENOTDIR|ELOOP/);
  expect(readdirSync(outside)).toEqual([]);
});

it('names a file by the path that a person knows, and gives the folder back', () => {
  const open = () => readdirSync('/proc/self/fd').length;
  const before = process.platform === 'linux' ? open() : 0;
  expect(() => held(root, 'clean/none.png', false, (file) => readFileSync(file))).toThrow(`open '${join(root, 'clean/none.png')}'`);
  if (process.platform === 'linux') expect(open()).toBe(before);
});
