import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll } from 'vitest';
import type { AuditPlanInput, NamedFiles } from '../../../shared/plan.ts';
import { Installation } from '../../../src-main/audit/installation.ts';
import { checkPlan } from '../../../src-main/audit/plan.ts';
import { runAudit } from '../../../src-main/audit/run.ts';
import { TaskRunner } from '../../../src-main/workers/taskRunner.ts';
import { readAnyResults, writeDocuments, writeTables } from '../../../src-main/engine/documents.ts';
import { sharedGate, Switch } from '../../../src-main/workers/gate.ts';
import { verifyFolder } from '../../../src-main/engine/verification.ts';
import type { Verified } from '../../../src-main/engine/verification.ts';
import { encodePng } from '../../../src-main/images/index.ts';
import { checkDocuments } from '../../../src-main/report/check/index.ts';
import { objectsOf } from '../../../src-main/report/check/pdfFile.ts';
import { Here } from '../here.ts';

/* Audits to do harm to, and the hands for it. */

export const root = mkdtempSync(join(tmpdir(), 'hairline-forged-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const installation = new Installation(join(root, 'data'));

/** A picture of the size that the models of these tests read, another one for every seed. */
export async function picture(file: string, seed: number): Promise<void> {
  const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * (seed + 3) * 31 + seed * 97) % 251);
  writeFileSync(file, await encodePng({ width: 32, height: 32, channels: 3, data }));
}

/**
 * Runs an audit with all of its documents.
 * @param how.stops numbers of tasks after which a session is cancelled; the audit then goes on, unless it shall `stay` so
 * @param how.goesOn with what lies in the folder
 */
export async function audit(
  input: AuditPlanInput,
  folder: string,
  { stops = [], stay = false, goesOn = false }: { stops?: number[]; stay?: boolean; goesOn?: boolean } = {},
): Promise<string> {
  const plan = checkPlan(input, root);
  const session = async (stop: number | null, resume: boolean) => {
    const pool = new Here();
    if (stop !== null) pool.before = (_, count) => count === stop && pool.control.cancel();
    await runAudit({
      plan,
      folder,
      resume,
      pool,
      control: pool.control,
      installation,
      onImage: () => {},
      onFinding: () => {},
      onProgress: () => {},
      onResults: (results) => (stop === null ? writeDocuments : writeTables)(folder, results),
    });
  };
  for (const [i, stop] of stops.entries()) await session(stop, goesOn || i > 0);
  if (!stay) await session(null, goesOn || stops.length > 0);
  return folder;
}

/** `hairline verify` in this thread; `elsewhere`: on a machine that knows nothing of who began the audit. */
export function verify(
  folder: string,
  { named = {}, elsewhere = false, repeat = 0 }: { named?: Partial<NamedFiles>; elsewhere?: boolean; repeat?: number } = {},
): Promise<Verified> {
  const pool = new TaskRunner(sharedGate(new Switch().shared));
  const here = {
    run: (name: string, input: never, report?: never) =>
      name === 'documents' ? checkDocuments(input) : pool.run(name as never, input, report),
  } as Parameters<typeof verifyFolder>[1];
  return verifyFolder(
    { folder, results: readAnyResults(folder), named, data: join(root, elsewhere ? 'other data' : 'data'), repeat },
    here,
    here,
    () => {},
  );
}

let n = 0;
/** A copy to do harm to. */
export function copy(folder: string): string {
  const at = join(root, `forged ${++n}`);
  cpSync(folder, at, { recursive: true });
  return at;
}

/* eslint-disable @typescript-eslint/no-explicit-any -- what is forged has no type */
export function edit(folder: string, name: string, change: (json: any) => void): void {
  const file = join(folder, name);
  const json: any = JSON.parse(readFileSync(file, 'utf8'));
  change(json);
  writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`);
}

export function journal(folder: string, change: (records: any[]) => unknown): void {
  const file = join(folder, 'journal.jsonl');
  const records: any[] = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  change(records);
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}
/* eslint-enable */

export function text(folder: string, name: string, change: (text: string) => string): void {
  const file = join(folder, name);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

/** Writes a PDF anew, whole and sound, with one of its streams changed. */
export function forgePdf(folder: string, change: (stream: string, dict: string) => string): void {
  const file = join(folder, 'report.pdf');
  const objects = objectsOf(readFileSync(file))!;
  const old = readFileSync(file, 'latin1');
  let out = /^%PDF-1\.\d\n%....\n/s.exec(old)![0];
  const places = new Map<number, number>();
  for (const [number, { dict, stream }] of objects) {
    // What is around the objects is no object.
    if (number === 0) continue;
    places.set(number, out.length);
    const plain = stream?.toString('latin1');
    const changed = plain === undefined ? undefined : Buffer.from(change(plain, dict), 'latin1');
    const packed = changed && (dict.includes('/FlateDecode') ? deflateSync(changed) : changed).toString('latin1');
    out += `${number} 0 obj\n${packed === undefined ? dict : dict.replace('/Length', `/Length ${packed.length}`)}\n${packed === undefined ? '' : `stream\n${packed}\nendstream\n`}endobj\n`;
  }
  const count = Math.max(...places.keys()) + 1;
  const table = Array.from({ length: count - 1 }, (_, i) => `${String(places.get(i + 1)).padStart(10, '0')} 00000 n \n`).join('');
  const trailer = old.slice(old.lastIndexOf('trailer'), old.lastIndexOf('startxref'));
  writeFileSync(file, `${out}xref\n0 ${count}\n0000000000 65535 f \n${table}${trailer}startxref\n${out.length}\n%%EOF\n`, 'latin1');
}

export function folderOf(name: string): string {
  const at = join(root, name);
  mkdirSync(at, { recursive: true });
  return at;
}
