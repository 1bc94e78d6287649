import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { JournalRecord } from './records.ts';

/**
 * The append-only record of an audit: one JSON line for everything that is finished, on the disk before
 * anything else is told about it. A process killed at any moment loses at most the line it was writing.
 */
export class Journal {
  private readonly fd: number;
  /** What earlier sittings left. */
  readonly records: readonly JournalRecord[];

  private constructor(fd: number, records: readonly JournalRecord[]) {
    this.fd = fd;
    this.records = records;
  }

  /**
   * Opens or starts a journal. A last line without an end, torn by a crash, is cut off.
   * @throws UserError when the file cannot be written, or holds something else.
   */
  static open(file: string): Journal {
    const { records, length } = Journal.read(file);
    try {
      mkdirSync(dirname(file), { recursive: true });
      if (existsSync(file)) truncateSync(file, length);
      return new Journal(openSync(file, 'a'), records);
    } catch {
      throw new UserError(`${dirname(file)} cannot be written: choose another output folder.`);
    }
  }

  /** The whole records of a journal file, and how many bytes they take; none for a missing file. */
  static read(file: string): { records: JournalRecord[]; length: number } {
    if (!existsSync(file)) return { records: [], length: 0 };
    const bytes = readFileSync(file);
    const length = bytes.lastIndexOf(10) + 1;
    const lines = bytes.subarray(0, length).toString('utf8').split('\n').filter(Boolean);
    const records = lines.map((line, i) => {
      try {
        return JournalRecord.parse(JSON.parse(line));
      } catch {
        throw new UserError(`Line ${i + 1} of ${file} is damaged: start the audit again in another folder.`);
      }
    });
    return { records, length };
  }

  append(record: JournalRecord): void {
    writeSync(this.fd, `${JSON.stringify(record)}\n`);
    fsyncSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }
}
