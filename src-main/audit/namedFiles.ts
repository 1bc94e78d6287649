import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import type { NamedFile } from '../../shared/results.ts';
import { openRegularFile } from '../files/regular.ts';
import { filesOf } from './files.ts';

/** The files that a plan names beside models and images, in one order. */
export function namedPaths(plan: AuditPlan): { role: NamedFile['role']; path: string }[] {
  const { labels, classNames, pictures } = filesOf(plan);
  return [
    ...(labels === null ? [] : [{ role: 'labels' as const, path: labels }]),
    ...(classNames === null ? [] : [{ role: 'classNames' as const, path: classNames }]),
    ...pictures.map((path) => ({ role: 'picture' as const, path })),
  ];
}

/** What these files are now. @throws UserError for one that cannot be read */
export function hashNamed(plan: AuditPlan): Promise<NamedFile[]> {
  return Promise.all(namedPaths(plan).map(async ({ role, path }) => ({ role, file: basename(path), ...(await digestOf(path)) })));
}

/** Length and hash of a file as it is. @throws UserError when it cannot be read */
export async function digestOf(file: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of (await openRegularFile(file)).createReadStream() as AsyncIterable<Buffer>) {
      hash.update(piece);
      bytes += piece.length;
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} cannot be read: check that the file is there and may be opened.`);
  }
  return { sha256: hash.digest('hex'), bytes };
}
