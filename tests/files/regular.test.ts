import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRegular, openRegularFile, readRegular, readRegularFile } from '../../src-main/files/regular.ts';
import { UserError } from '../../shared/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairline-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'file.bin');
writeFileSync(file, Buffer.from([3, 1, 4, 1, 5]));
const link = join(folder, 'link.bin');
symlinkSync(file, link);
const unix = process.platform !== 'win32';

describe('only regular files are opened, and nothing waits', () => {
  it('a file is read as it is', async () => {
    expect([...readRegular(file)]).toEqual([3, 1, 4, 1, 5]);
    expect([...(await readRegularFile(file))]).toEqual([3, 1, 4, 1, 5]);
    closeSync(openRegular(file));
    await (await openRegularFile(file)).close();
  });

  it.runIf(unix)('a pipe without a writer, a device and a folder are refused by what they are', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const [path, what] of [
      [pipe, 'a pipe'],
      ['/dev/zero', 'a device'],
      [folder, 'a folder'],
    ] as const) {
      const sentence = `${path} is ${what}, not a file`;
      expect(() => readRegular(path)).toThrow(sentence);
      await expect(readRegularFile(path)).rejects.toThrow(sentence);
      await expect(openRegularFile(path)).rejects.toThrow(UserError);
    }
  });

  it('a file that is larger than makes sense is refused unread', async () => {
    expect(() => readRegular(file, { most: 4 })).toThrow('has 5 bytes, and at most 4');
    await expect(readRegularFile(file, { most: 4 })).rejects.toThrow('has 5 bytes, and at most 4');
    expect(readRegular(file, { most: 5 })).toHaveLength(5);
  });

  it.runIf(unix)('a link is followed unless that is ruled out', async () => {
    expect(readRegular(link)).toHaveLength(5);
    expect(() => readRegular(link, { nofollow: true })).toThrow('ELOOP');
    await expect(readRegularFile(link, { nofollow: true })).rejects.toThrow('ELOOP');
  });

  it('a missing file has the file system’s own error', () => {
    expect(() => readRegular(join(folder, 'none'))).toThrow('ENOENT');
  });
});
