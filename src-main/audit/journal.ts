import { closeSync, fsyncSync, ftruncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { codeOf, Folder } from '../files/folder.ts';
import { migrateRecord } from './format1.ts';
import { FILES, SIZES } from './jobs.ts';
import { JournalRecord } from './records.ts';

interface Read {
  records: JournalRecord[];
  /** Bytes of whole lines. */
  length: number;
  /** Whether more comes after them. */
  torn: boolean;
}

/**
 * The append-only record of an audit: one JSON line for everything that is finished, on the disk before
 * anything else is told about it. A process killed at any moment loses at most the line it was writing.
 */
export class Journal {
  /** What earlier sessions left. */
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
   * Opens or starts the journal of a folder. A last line without an end, torn by a crash, is cut off.
   * @throws UserError when the file cannot be written, or holds something else.
   */
  static open(folder: string): Journal {
    const known = Journal.read(folder);
    try {
      const fd = new Folder(folder).append(FILES.journal);
      ftruncateSync(fd, known.length);
      return new Journal(join(folder, FILES.journal), fd, known);
    } catch (error) {
      throw error instanceof UserError ? error : new UserError(`${folder} cannot be written: choose another output folder.`);
    }
  }

  /**
   * The whole records of a folder's journal, and how many bytes they take; none where there is no journal.
   * @param onDamage told of each line that is no record, which is then passed over
   * @param onRecord told of each that is one, as it is written
   * @throws UserError for a line that is damaged where nobody is told, and for a journal that cannot be read.
   */
  static read(
    folder: string,
    onDamage?: (line: number) => void,
    onRecord?: (line: number, text: string, record: JournalRecord) => void,
  ): Read {
    const inside = new Folder(folder);
    if (!inside.has(FILES.journal)) return { records: [], length: 0, torn: false };
    const file = join(folder, FILES.journal);
    let bytes: Buffer;
    try {
      bytes = inside.read(FILES.journal, SIZES.journal);
    } catch (error) {
      throw error instanceof UserError ? error : new UserError(`${file} cannot be read (${codeOf(error)}): check that it may be opened.`);
    }
    const length = bytes.lastIndexOf(10) + 1;
    const records: JournalRecord[] = [];
    // Line by line: all of it may be longer than a text can be.
    for (let at = 0, line = 1; at < length; line++) {
      const end = bytes.indexOf(10, at);
      const text = bytes.toString('utf8', at, end);
      const record = end > at ? recordIn(text) : undefined;
      at = end + 1;
      if (record) {
        records.push(record);
        onRecord?.(line, text, record);
      } else if (record === undefined) continue;
      else if (onDamage) onDamage(line);
      else throw new UserError(`Line ${line} of ${file} is damaged: start the audit again in another folder.`);
    }
    return { records, length, torn: length < bytes.length };
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

  /** The first line of an audit, which whoever reads the records finds there. */
  begin(record: JournalRecord): void {
    this.append(record);
    this.records = [record];
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

/** Null for what is no record. */
function recordIn(text: string): JournalRecord | null {
  try {
    return JournalRecord.parse(migrateRecord(JSON.parse(text)));
  } catch {
    return null;
  }
}
