import type { NamedFiles } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import type { Verification } from '../audit/verify/verification.ts';
import type { LimitedProcess } from '../workers/limited.ts';

/** Where work is done that nobody vouches for. */
type Runs = Pick<LimitedProcess, 'run'>;

export interface VerifyRequest {
  folder: string;
  results: Results;
  named: Partial<NamedFiles>;
  /** Folder of what tells this installation's audits from those of others. */
  data: string;
  /** Images under one threat model that are attacked again. */
  repeat: number;
}

export type Verified = Omit<Verification, 'lacks' | 'complete'> & {
  /** Images under one threat model that were attacked again. */
  repeated: number;
};

/**
 * Checks all of an audit's folder: what was found in one process with limits, and meanwhile in another one the documents that
 * were written from it.
 * @throws UserError when the model is not the one of the audit, or the folder is none of an audit.
 */
export async function verifyFolder(
  request: VerifyRequest,
  limited: Runs,
  beside: Runs,
  report: (done: number, total: number, what: string) => void,
): Promise<Verified> {
  const { folder, results, named, data, repeat } = request;
  const found = limited.run('verify', { folder, results, named, data, sampled: repeat > 0 }, (done, total) =>
    report(done, total, 'pictures checked'),
  );
  const [{ lacks, complete, ...verified }, documents] = await Promise.all([found, beside.run('documents', { folder, results })]);
  const problems = [...verified.problems, ...documents.problems];
  const notes = [...verified.notes, ...documents.notes];
  // What this very Hairline wrote lacks nothing of what it writes.
  if (documents.own) problems.push(...lacks);
  else if (lacks.length > 0)
    notes.push(
      `The report was written by an older Hairline, and lacks what this one writes: ${lacks.slice(0, 3).join(' ')}${lacks.length > 3 ? ` And ${lacks.length - 3} more.` : ''}`,
    );
  for (const file of documents.missing)
    (complete ? problems : notes).push(`${file} is missing${complete ? '' : ', as of an audit that was stopped'}.`);
  if (repeat === 0) return { ...verified, problems, notes, repeated: 0 };
  const again = await limited.run('repeat', { folder, results, named, data, count: repeat }, (done, total) =>
    report(done, total, 'images attacked again'),
  );
  return { ...verified, problems: [...problems, ...again.problems], notes: [...notes, ...again.notes], repeated: again.repeated };
}
