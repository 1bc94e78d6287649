import { canonicalJson } from '../../../shared/canonical.ts';
import { UserError } from '../../../shared/errors.ts';
import { AuditPlan } from '../../../shared/plan.ts';
import type { Results } from '../../../shared/results.ts';
import { optionsOf } from '../../attacks/registry.ts';
import { Folder } from '../../files/folder.ts';
import { planHash, planText } from '../begin.ts';
import { migrateRecord, migrateResults } from '../format1.ts';
import { fits, fitsCheck, fitsFinding, fitsImage } from '../fit.ts';
import { FILES, SIZES } from '../jobs.ts';
import { Journal } from '../journal.ts';
import type { JournalRecord, Setup } from '../records.ts';
import { AuditState } from '../state.ts';
import { writtenProblems } from './written.ts';

/** What an audit's folder tells of it, read as somebody else's: nothing in it is taken for right. */
export interface Told {
  results: Results;
  /** Of plan.json and of results.json: the one that the journal began with, where one is. */
  plan: AuditPlan;
  /** plan.json; null where it is none. */
  stored: AuditPlan | null;
  /** The plan in results.json. */
  repeated: AuditPlan;
  records: JournalRecord[];
  /** From the journal, and of what fits the plan; from the results themselves where there is no journal. */
  state: AuditState;
  setup: Setup;
  problems: string[];
}

/** @throws UserError for a folder with links in it, and for results whose plan is none */
export function readTold(folder: string, results: Results): Told {
  const problems = resultsProblems(folder, results);
  const repeated = AuditPlan.safeParse(results.plan).data;
  if (!repeated) throw new UserError(`The results in ${folder} are damaged, or were not written by this version of Hairline.`);
  const stored = planIn(folder, problems);
  const records = journalIn(folder, problems);
  const [first] = records;
  const hash = first?.type === 'plan' ? first.hash : null;
  const begun = (plan: AuditPlan | null): plan is AuditPlan => plan !== null && planHash(plan) === hash;
  const ordered = inOrder(repeated);
  const plan = [stored, ordered].find(begun) ?? stored ?? ordered;
  const suspect = stored ?? ordered;
  if (hash !== null && !begun(suspect))
    problems.push(
      `The plan in ${stored ? FILES.plan : FILES.results} is not the one that the journal began with: its hash is ${planHash(suspect).slice(0, 16)}…, the journal says ${hash.slice(0, 16)}….`,
    );
  const known = new AuditState(records);
  if (known.setup === null) {
    if (records.length > 0) problems.push(`${FILES.journal} does not say what was settled before the first attack.`);
    return { results, plan, stored, repeated, records, ...ofResults(results, known), problems };
  }
  const { setup } = known;
  const fault = fits(plan, known);
  if (fault !== null) problems.push(`${FILES.journal} does not fit the plan: ${fault}.`);
  const places = new Map(setup.images.map((id, at) => [id, at]));
  for (const image of [...known.images.values()])
    if (places.get(image.id) !== image.index || !fitsImage(plan, setup, image)) known.forgetImage(image);
  for (const finding of [...known.findings.values()])
    if (!known.images.has(finding.image) || !fitsFinding(plan, setup, finding)) known.forgetFinding(finding);
  for (const check of [...known.checks.values()])
    if (!known.images.has(check.image) || !fitsCheck(plan, check)) known.forgetCheck(check.image);
  return { results, plan, stored, repeated, records, setup, state: known, problems };
}

/** A plan out of results.json, whose options were sorted there, as its hash wants them. */
function inOrder(plan: AuditPlan): AuditPlan {
  try {
    return {
      ...plan,
      threats: plan.threats.map((threat) => ({
        ...threat,
        attacks: threat.attacks.map(({ id, options }) => ({ id, options: optionsOf(id, options, threat.norm) })),
      })),
    };
  } catch {
    return plan;
  }
}

/** plan.json as it was written; paths may be those of another system, so they are left as they are. */
function planIn(folder: string, problems: string[]): AuditPlan | null {
  const inside = new Folder(folder);
  if (!inside.has(FILES.plan)) {
    problems.push(`${FILES.plan} is missing.`);
    return null;
  }
  try {
    const text = inside.read(FILES.plan, SIZES.plan).toString('utf8');
    const plan = AuditPlan.parse(JSON.parse(text));
    problems.push(...writtenProblems(FILES.plan, text, plan, planText));
    return plan;
  } catch (error) {
    if (error instanceof UserError) throw error;
    problems.push(`${FILES.plan} is damaged, or no plan.`);
    return null;
  }
}

function journalIn(folder: string, problems: string[]): JournalRecord[] {
  const damaged: number[] = [];
  const otherwise: number[] = [];
  const { records, torn } = Journal.read(
    folder,
    (line) => void damaged.push(line),
    (line, text, record) =>
      void (writtenProblems(FILES.journal, text, record, JSON.stringify, migrateRecord).length > 0 && otherwise.push(line)),
  );
  const last = records.at(-1);
  if (torn && last?.type === 'session' && last.end === 'finished')
    problems.push(`${FILES.journal} goes on after the end of the audit, with what is no record.`);
  if (damaged.length > 0) problems.push(`${FILES.journal} is damaged in ${lines(damaged)}.`);
  if (otherwise.length > 0)
    problems.push(
      `${FILES.journal} is written otherwise than Hairline writes it in ${lines(otherwise)}: fields are in it twice, or that no audit writes.`,
    );
  if (records.length === 0)
    problems.push(`${FILES.journal} is missing or empty: whether the findings are those of the audit cannot be told.`);
  return records;
}

const lines = (numbers: readonly number[]): string =>
  `${numbers.length === 1 ? 'line' : 'lines'} ${numbers.slice(0, 5).join(', ')}${numbers.length > 5 ? `, and ${numbers.length - 5} more` : ''}`;

/** What stands in results.json besides what was read of it. */
function resultsProblems(folder: string, results: Results): string[] {
  const inside = new Folder(folder);
  if (!inside.has(FILES.results)) return [];
  return writtenProblems(FILES.results, inside.read(FILES.results, SIZES.results).toString('utf8'), results, canonicalJson, migrateResults);
}

/** Where the journal says nothing, the results are held against themselves. */
function ofResults(results: Results, known: AuditState): Pick<Told, 'setup' | 'state'> {
  const {
    hairline,
    model,
    surrogates,
    classes,
    classNames,
    files,
    leftOut,
    provider,
    kernelBatch: rows,
    gradientCheck,
    versions,
    images,
    output,
    findings,
    checks,
    timing,
  } = results;
  const ids = images.map(({ id }) => id);
  const setup: Setup = {
    ...{
      hairline,
      model,
      surrogates,
      input: '',
      classes,
      scores: null,
      output,
      classNames,
      images: ids,
      provider,
      rows,
      gradientCheck,
      versions,
      warnings: [],
    },
    ...(files && { files }),
    ...(leftOut && { leftOut }),
  };
  for (const [index, { outcomes: _, ...image }] of images.entries()) known.images.set(image.id, { ...image, index, leastLikely: -1 });
  for (const finding of findings)
    if (finding.state !== 'broken' || finding.eightBit !== null)
      known.findings.set(AuditState.key(finding.image, finding.threat, finding.attack), finding);
  for (const measure of checks?.measures ?? []) known.checks.set(measure.image, measure);
  known.started = timing.started;
  return { setup, state: known };
}
