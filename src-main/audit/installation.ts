import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '../../shared/canonical.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { VERSION } from '../../shared/version.ts';
import { Folder, makeFolder } from '../files/folder.ts';
import { readRegular } from '../files/regular.ts';
import { filesOf } from './files.ts';
import { setupOfFormat1 } from './format1.ts';
import { FILES, SIZES } from './jobs.ts';
import type { Setup } from './records.ts';

const NAME = 'installation.key';
const BYTES = 32;

/** Where this system keeps a program's data. */
export function dataFolder(): string {
  const { HAIRLINE_DATA, APPDATA, XDG_DATA_HOME } = process.env;
  if (HAIRLINE_DATA) return HAIRLINE_DATA;
  if (process.platform === 'win32') return join(APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Hairline');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Hairline');
  return join(XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'hairline');
}

const Mark = z.object({ seal: z.string() });

/**
 * What tells the audits that this installation began from those of others: a key that never leaves its data folder, and in
 * each audit's folder a seal (HMAC-SHA256) over the paths of its plan. The folder may be copied and go on; paths that
 * somebody else put there are not opened.
 */
export class Installation {
  private readonly folder: string;
  private known: Buffer | null = null;

  constructor(folder = dataFolder()) {
    this.folder = folder;
  }

  /** Whether this installation began the audit in a folder, with these paths in its plan. */
  began(folder: string, plan: AuditPlan): boolean {
    try {
      const { seal } = Mark.parse(JSON.parse(new Folder(folder).read(FILES.mark, SIZES.mark).toString('utf8')));
      return this.isSeal(seal, this.seal(filesOf(plan)));
    } catch {
      return false;
    }
  }

  /**
   * What the desktop knows an audit by; with the seal where a person named the plan's paths.
   * @throws error of the file system
   */
  mark(folder: string, plan: AuditPlan, sealed: boolean): void {
    const seal = sealed ? this.seal(filesOf(plan)) : null;
    new Folder(folder).write(
      FILES.mark,
      `${JSON.stringify({ hairline: VERSION, name: plan.name || basename(plan.model), ...(seal && { seal }) })}\n`,
    );
  }

  /** Of what was settled before the first attack, which is believed when an audit goes on. */
  sealSetup(setup: Setup): string | null {
    return this.seal(setup);
  }

  /** Also where an older Hairline sealed it, in the words of its format. */
  settled(setup: Setup, seal: string | null): boolean {
    return seal !== null && [setup, setupOfFormat1(setup)].some((written) => this.isSeal(seal, this.seal(written)));
  }

  /** Null where no key can be kept: then every audit was begun elsewhere. */
  private seal(value: unknown): string | null {
    const key = this.key();
    return key && createHmac('sha256', key).update(canonicalJson(value)).digest('hex');
  }

  private isSeal(given: string, right: string | null): boolean {
    const [a, b] = [Buffer.from(given), Buffer.from(right ?? '')];
    return b.length > 0 && a.length === b.length && timingSafeEqual(a, b);
  }

  private key(): Buffer | null {
    this.known ??= this.readKey() ?? this.makeKey();
    return this.known;
  }

  private readKey(): Buffer | null {
    try {
      const key = readRegular(join(this.folder, NAME), { most: BYTES });
      return key.length === BYTES ? key : null;
    } catch {
      return null;
    }
  }

  /** Whole from the first moment, and of two that are made at once only one counts. */
  private makeKey(): Buffer | null {
    const file = join(this.folder, NAME);
    const fresh = `${file}.${randomBytes(6).toString('hex')}`;
    try {
      makeFolder(this.folder);
      const fd = openSync(fresh, 'wx', 0o600);
      try {
        writeFileSync(fd, randomBytes(BYTES));
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      try {
        linkSync(fresh, file);
      } catch {
        // A key is there, of another process or damaged, or the file system knows no second names.
        if (this.readKey() === null) renameSync(fresh, file);
      }
      return this.readKey();
    } catch {
      return null;
    } finally {
      rmSync(fresh, { force: true });
    }
  }
}
