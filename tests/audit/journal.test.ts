import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { Journal } from '../../src-main/audit/journal.ts';
import type { JournalRecord } from '../../src-main/audit/records.ts';
import { finding, image, setup } from './records.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-journal-'));
  file = join(folder, 'deep', 'down', 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RECORDS: JournalRecord[] = [
  { type: 'plan', hash: 'abc', started: '2026-01-01T00:00:00.000Z' },
  { type: 'setup', setup: setup(['a', 'b']) },
  { type: 'image', image: { ...image('a'), source: 'Füße\n"quoted" ☃.png' } },
  { type: 'finding', finding: finding('a', 'ddn', 'broken', 0.1 + 0.2) },
  { type: 'session', seconds: 1.5, done: 1 },
];

function write(): void {
  const journal = Journal.open(dirname(file));
  for (const record of RECORDS) journal.append(record);
  journal.close();
}

it('gives back what was written, one line each, numbers to the last bit', () => {
  write();
  const journal = Journal.open(dirname(file));
  expect(journal.records).toEqual(RECORDS);
  journal.close();
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(RECORDS.length + 1);
});

it('has a record on the disk as soon as it is added', () => {
  const journal = Journal.open(dirname(file));
  RECORDS.forEach((record, i) => {
    journal.append(record);
    expect(Journal.read(dirname(file)).records).toHaveLength(i + 1);
  });
  journal.close();
});

it('cuts off a last line torn at any byte, and goes on after the line before', () => {
  write();
  const bytes = readFileSync(file);
  const last = bytes.lastIndexOf(10, bytes.length - 2) + 1;
  for (let length = last; length < bytes.length; length += 3) {
    writeFileSync(file, bytes.subarray(0, length));
    const journal = Journal.open(dirname(file));
    expect(journal.records).toEqual(RECORDS.slice(0, -1));
    journal.append(RECORDS.at(-1)!);
    journal.close();
    expect(readFileSync(file).equals(bytes)).toBe(true);
  }
});

it('cuts a line off that was torn within a letter', () => {
  write();
  appendFileSync(file, Buffer.from('{"type":"image","image":{"id":"F\u00fc').subarray(0, -1));
  const journal = Journal.open(dirname(file));
  expect(journal.records).toEqual(RECORDS);
  journal.close();
});

it.each(['{"type":"finding"', '{"type":"finding","finding":{}}', 'nonsense', '{"type":"unknown"}'])(
  'refuses a damaged line in the middle, by its number: %s',
  (line) => {
    write();
    const lines = readFileSync(file, 'utf8').split('\n');
    lines[2] = line;
    writeFileSync(file, lines.join('\n'));
    const before = readFileSync(file, 'utf8');
    expect(() => Journal.open(dirname(file))).toThrow(UserError);
    expect(() => Journal.open(dirname(file))).toThrow(/^Line 3 of .* is damaged: start the audit again in another folder\.$/);
    expect(readFileSync(file, 'utf8')).toBe(before);
  },
);

it('says so when a record cannot be written, and when the folder cannot', () => {
  const journal = Journal.open(dirname(file));
  journal.close();
  expect(() => journal.append(RECORDS[0]!)).toThrow(UserError);
  expect(() => journal.append(RECORDS[0]!)).toThrow(/cannot be written \(EBADF\)/);
  expect(() => Journal.open(join(file, 'below a file'))).toThrow(/cannot be written: choose another output folder/);
});

it('forgets everything when cleared', () => {
  write();
  const journal = Journal.open(dirname(file));
  journal.clear();
  expect(journal.records).toEqual([]);
  journal.append(RECORDS[0]!);
  journal.close();
  expect(Journal.read(dirname(file)).records).toEqual([RECORDS[0]]);
});
