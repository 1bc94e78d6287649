import { execFileSync } from 'node:child_process';
import { closeSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { isFileName } from '../../shared/names.ts';
import { Folder } from '../../src-main/files/folder.ts';

const root = mkdtempSync(join(tmpdir(), 'hairline-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const unix = process.platform !== 'win32';
let n = 0;
let outside: string;
let folder: Folder;
beforeEach(() => {
  outside = join(root, `outside ${++n}`);
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret.txt'), 'theirs');
  folder = new Folder(join(root, `audit ${n}`));
  folder.write('results.json', 'ours');
});
const untouched = () =>
  expect([readdirSync(outside), readFileSync(join(outside, 'secret.txt'), 'utf8')]).toEqual([['secret.txt'], 'theirs']);

describe('names', () => {
  const BAD = [
    '',
    '.',
    '..',
    '../x',
    'a/../../x',
    '/etc/passwd',
    'C:\\x',
    'C:x',
    '\\\\host\\x',
    'a\\..\\b',
    'a\0b',
    'a\nb',
    'a\u001b[2Jb',
    'a\u202eb',
    'CON',
    'con.png',
    'clean/NUL.png',
    'COM1',
    'x.',
    'x ',
    'a//b',
    'a/',
    'clean/../../x.png',
    'x'.repeat(300),
    'f:stream',
  ];
  it.each(BAD)('%j leads nowhere, for reading and for writing', (name) => {
    for (const use of [
      () => folder.read(name, 9),
      () => folder.write(name, 'x'),
      () => folder.has(name),
      () => folder.append(name),
      () => folder.remove(name),
    ])
      expect(use).toThrow(UserError);
    expect(readdirSync(folder.path)).toEqual(['results.json']);
  });

  it.each(['00012-t10k', '00000-Sch_fer-2', 'a.b', 'report.pdf'])('%s is one', (name) => expect(isFileName(name)).toBe(true));
});

describe.runIf(unix)('links', () => {
  it('are not followed as the last part of a name, nor on the way, nor where they dangle', () => {
    symlinkSync(join(outside, 'secret.txt'), join(folder.path, 'last'));
    symlinkSync(join(outside, 'none'), join(folder.path, 'dangling'));
    symlinkSync(outside, join(folder.path, 'clean'));
    for (const name of ['last', 'dangling', 'clean/secret.txt', 'clean/new/file'])
      for (const use of [
        () => folder.read(name, 99),
        () => folder.write(name, 'x'),
        () => folder.has(name),
        () => folder.append(name),
        () => folder.remove(name),
      ])
        expect(use, name).toThrow(/is a link, and no link inside/);
    untouched();
  });

  it('that wait where a file is written first are taken away, not written through', () => {
    symlinkSync(join(outside, 'secret.txt'), join(folder.path, 'results.json.part'));
    folder.write('results.json', 'new');
    expect(folder.read('results.json', 9).toString()).toBe('new');
    expect(readdirSync(folder.path)).toEqual(['results.json']);
    untouched();
  });

  it('to the folder itself are for who named it to make', () => {
    symlinkSync(folder.path, join(root, `way in ${n}`));
    expect(new Folder(join(root, `way in ${n}`)).read('results.json', 9).toString()).toBe('ours');
  });

  it('a second name of the same file is never written at the end of', () => {
    linkSync(join(outside, 'secret.txt'), join(folder.path, 'journal.jsonl'));
    expect(() => folder.append('journal.jsonl')).toThrow(/has a second name/);
    folder.write('journal.jsonl', 'ours');
    untouched();
  });
});

it.runIf(unix)('pipes and folders in the place of a file are refused at once, and written files replace no folder', () => {
  execFileSync('mkfifo', [join(folder.path, 'pipe')]);
  mkdirSync(join(folder.path, 'dir'));
  for (const name of ['pipe', 'dir'])
    for (const use of [() => folder.read(name, 9), () => folder.has(name), () => folder.append(name)])
      expect(use, name).toThrow(/is a (pipe|folder), not a file/);
  expect(() => folder.write('dir', 'x')).toThrow();
  expect(readdirSync(folder.path).sort()).toEqual(['dir', 'pipe', 'results.json']);
});

it('a file is written at the end of, and makes the folders it lies in', () => {
  closeSync(folder.append('deep/down/journal.jsonl'));
  expect(folder.has('deep/down/journal.jsonl')).toBe(true);
  expect(folder.has('deep/down/other')).toBe(false);
});
