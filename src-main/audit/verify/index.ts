import { UserError } from '../../../shared/errors.ts';
import type { AuditPlan, NamedFiles } from '../../../shared/plan.ts';
import { Results } from '../../../shared/results.ts';
import { inspectGraph, loadGraph } from '../../graph/index.ts';
import { assemble } from '../assemble.ts';
import type { Report } from '../pool.ts';
import { toldPlan } from '../dropped.ts';
import { FLAG, filesOf, NO_FILES } from '../files.ts';
import type { Installation } from '../installation.ts';
import { missingWords, openPlan } from '../restored.ts';
import { progressOf } from '../state.ts';
import { differences } from './differences.ts';
import { findingProblems } from './findings.ts';
import { journalProblems } from './journalChecks.ts';
import { openJudge } from './judge.ts';
import { leftoverProblems } from './leftovers.ts';
import { checkPictures, reader } from './pictures.ts';
import { checkSources } from './sources.ts';
import type { May } from './sources.ts';
import { readTold } from './told.ts';
import type { Told } from './told.ts';
import { onTrust } from './trust.ts';
import type { Verification } from './verification.ts';

/** Whose audits' plans say where their files are, and whose settled setups it knows. */
export type Vouching = Pick<Installation, 'began'> & Partial<Pick<Installation, 'settled'>>;

/**
 * Checks an audit the way a third party would: from its files and the original model alone, on the CPU, without any derived
 * graph. The results are put together anew from the journal and compared figure by figure; every picture's hash, distances
 * and prediction or output are checked, and every file that the plan names, as far as it may be opened and is there.
 * @param results results.json, as it is
 * @param sampled whether some of its attacks are run again besides
 * @param named files that are not where the plan says, or of an audit that was begun elsewhere
 * @throws UserError when the model is not the one of the audit.
 */
export async function verifyAudit(
  folder: string,
  results: Results,
  named: Partial<NamedFiles>,
  installation: Vouching,
  report: Report = () => undefined,
  sampled = false,
): Promise<Verification> {
  const told = readTold(folder, results);
  const opening = await openable(folder, told, { ...NO_FILES, ...named }, installation);
  try {
    return await verifyOpened(folder, told, opening, installation, report, sampled);
  } finally {
    await opening.done();
  }
}

async function verifyOpened(
  folder: string,
  told: Told,
  { opened, may, missing, begunHere }: Openable,
  installation: Vouching,
  report: Report,
  sampled: boolean,
): Promise<Verification> {
  const { state, setup } = told;
  const problems = [...told.problems];
  const notes: string[] = [];

  const graph = loadGraph(opened.model);
  const identity = inspectGraph(graph);
  demandTheModel(opened.model, identity, told);
  // Here it may be called otherwise.
  problems.push(
    ...differences({ ...setup.model, file: '' }, { ...identity, file: '' }, { told: 'the journal', found: 'the model' }, ['model'])
      .problems,
  );

  const { problems: figures, lacks } = compareResults(told);
  problems.push(...sealProblems(told, begunHere, installation));
  problems.push(...figures, ...journalProblems(told), ...findingProblems(told));
  const left = leftoverProblems(folder, told);
  problems.push(...left.problems);
  notes.push(...left.notes, ...notesOn(told, installation), ...(missing === null ? [] : [`Not checked: ${missing}.`]));

  let [pictures, successes] = [0, 0];
  const first = setup.images.map((id) => state.images.get(id)).find((image) => image !== undefined);
  if (first) {
    const read = reader(folder);
    const judge = await openJudge(graph, opened, setup, first, read);
    try {
      const checked = await checkPictures(told, judge, read, report);
      [pictures, successes] = [checked.clean, checked.adversarial];
      problems.push(...judge.problems, ...checked.problems);
      if (judge.ties.length > 0)
        notes.push(
          `${judge.ties.length} ${judge.ties.length === 1 ? 'picture lies' : 'pictures lie'} so near the border between two classes that this machine rounds to the other one, such as ${judge.ties[0]}.`,
        );
    } finally {
      await judge.close();
    }
  }
  const sources = await checkSources(told, opened, { may, whole: missing === null }, report);
  return {
    pictures,
    successes,
    problems: [...new Set([...problems, ...sources.problems])],
    notes: [...notes, ...sources.notes],
    trust: onTrust(told, sources, sampled),
    lacks,
    complete: isComplete(told),
  };
}

interface Openable {
  /** The plan to open files by. */
  opened: AuditPlan;
  may: May;
  /** Whether this installation began it. */
  begunHere: boolean;
  /** What was dropped into a window and not found, as the end of a sentence; null where all was. */
  missing: string | null;
  /** To be called when nothing of it is opened any more. */
  done(): Promise<void>;
}

/** By the plan that this installation wrote, where one of the two is. @throws UserError for files that must be named, and are not */
export async function openable(
  folder: string,
  told: Told,
  named: NamedFiles,
  installation: Pick<Installation, 'began'>,
  needs: (keyof NamedFiles)[] = ['model', 'pictures'],
): Promise<Openable> {
  const ours = [told.stored, told.repeated].find((plan) => plan !== null && installation.began(folder, plan));
  const begunHere = ours !== undefined;
  const { plan: opened, named: restored, missing, done } = await openPlan(ours ?? told.plan, { named, begunHere, needs, folder });
  const given = filesOf(opened);
  const may = Object.fromEntries(
    (Object.keys(FLAG) as (keyof typeof FLAG)[]).map((kind) => {
      const [wanted, own] = [restored[kind], given[kind]];
      const isNamed = wanted !== null && wanted.length > 0;
      return [kind, own !== null && own.length > 0 && (begunHere || isNamed)];
    }),
  ) as May;
  return { opened, may, begunHere, missing: missing.length > 0 ? missingWords(missing, named.images) : null, done };
}

/** @throws UserError when neither the journal nor the report speaks of this model */
function demandTheModel(path: string, identity: Results['model'], { setup, results }: Told): void {
  const fault = (one: Results['model']): string | null => {
    if (identity.sha256 !== one.sha256) return `its sha256 differs from ${one.sha256.slice(0, 16)}…`;
    const weights = one.weights.find(({ file, sha256 }) => identity.weights.find((own) => own.file === file)?.sha256 !== sha256);
    return weights ? `the sha256 of its weights in ${weights.file} differs from ${weights.sha256.slice(0, 16)}…` : null;
  };
  const why = fault(setup.model);
  if (why !== null && fault(results.model) !== null) throw new UserError(`${path} is not the model of this audit: ${why}.`);
}

/** The report against what the journal gives, put together anew. */
function compareResults(told: Told) {
  const { results, plan, setup, state, records, stored } = told;
  const { started, finished: _finished, machine: _machine, ...timing } = results.timing;
  const sides = { told: 'the report', found: 'its journal' };
  let anew: Results;
  try {
    anew = Results.parse(assemble(plan, setup, state, { ...timing, started }));
  } catch {
    return { problems: ['The results cannot be put together from the journal, which does not fit the plan.'], lacks: [] };
  }
  const known = records.some(({ type }) => type === 'setup');
  // Times are those of one session; what was warned of before the first attack is in the journal alone.
  const compared = ({ timing: _timing, $schema: _schema, warnings, ...rest }: Results) => ({ ...rest, ...(known && { warnings }) });
  const { problems, lacks } = differences(compared(results), compared(anew), sides);
  if (stored && stored !== plan)
    problems.push(...differences(toldPlan(stored), toldPlan(plan), { told: 'plan.json', found: 'the report' }, ['plan']).problems);
  return { problems: [...new Set(problems)], lacks };
}

function isComplete({ plan, state, records }: Told): boolean {
  const { done, total } = progressOf(plan, state);
  const last = records.at(-1);
  return done >= total && last?.type === 'session' && (last.end ?? 'finished') === 'finished';
}

/** What this installation settled before the first attack bears its seal; of another's it cannot tell. */
function sealProblems({ setup, state }: Told, begunHere: boolean, installation: Vouching): string[] {
  const isOther = begunHere && installation.settled && state.seal !== null && !installation.settled(setup, state.seal);
  return isOther
    ? [
        'What was settled before the first attack is not what this installation settled: the journal was changed, for its seal does not fit.',
      ]
    : [];
}

function notesOn({ plan, state, setup, records }: Told, installation: Vouching): string[] {
  const notes: string[] = [];
  const { done, total } = progressOf(plan, state);
  const unseen = setup.images.length - state.images.size;
  if (done < total)
    notes.push(
      `The audit was stopped before it was through: ${unseen > 0 ? `${unseen} of ${setup.images.length} images were not looked at, and ` : ''}${total - done} of ${total} attack runs were not made; of these there is nothing to check.`,
    );
  if (setup.images.length === 0) notes.push('The audit has no images, so there is nothing to check.');
  const last = records.at(-1);
  if (done === total && last && last.type !== 'session') notes.push('The journal ends without a word on how the audit ended.');
  if (installation.settled && state.seal !== null && !installation.settled(setup, state.seal))
    notes.push('What was settled before the first attack bears the seal of another installation, which cannot be checked here.');
  const doubles = setup.images.length - new Set(setup.images.map((id) => state.images.get(id)?.hash ?? id)).size;
  if (doubles > 0) notes.push(`${doubles} of ${setup.images.length} images are the same picture as another one.`);
  return notes;
}
