import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { codeOf, makeFolder } from './folder.ts';
import { JournalRecord } from './records.ts';

/**
 * The append-only record of an audit: one JSON line for everything that is finished, on the disk before
 * anything else is told about it. A process killed at any moment loses at most the line it was writing.
 */
export class Journal {
  /** What earlier sittings left. */
  records: readonly JournalRecord[];
  private readonly fd: number;
  private readonly file: string;
  /** Bytes of whole lines. */
  private length: number;

  private constructor(file: string, fd: number, { records, length }: { records: readonly JournalRecord[]; length: number }) {
    this.file = file;
    this.fd = fd;
    this.records = records;
    this.length = length;
  }

  /**
   * Opens or starts a journal. A last line without an end, torn by a crash, is cut off.
   * @throws UserError when the file cannot be written, or holds something else.
   */
  static open(file: string): Journal {
    const known = Journal.read(file);
    try {
      makeFolder(dirname(file));
      if (existsSync(file)) truncateSync(file, known.length);
      return new Journal(file, openSync(file, 'a'), known);
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

  /**
   * Adds a line and waits until the disk has it.
   * @throws UserError when it cannot be written; the journal then is as it was before.
   */
  append(record: JournalRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    try {
      // On a file descriptor it goes on until every byte is written, or throws.
      writeFileSync(this.fd, line);
      fsyncSync(this.fd);
      this.length += line.length;
    } catch (error) {
      this.undo();
      throw new UserError(`${this.file} cannot be written (${codeOf(error)}): make room or mend the folder, then go on with --resume.`);
    }
  }

  /** Half a line in the middle would spoil the whole journal. */
  private undo(): void {
    try {
      ftruncateSync(this.fd, this.length);
    } catch {
      // What is wrong with the file is told by the error that led here.
    }
  }

  /** Forgets everything. */
  clear(): void {
    ftruncateSync(this.fd, 0);
    this.records = [];
    this.length = 0;
  }

  close(): void {
    closeSync(this.fd);
  }
}
