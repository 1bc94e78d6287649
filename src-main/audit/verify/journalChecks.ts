import { FILES } from '../jobs.ts';
import { drawn } from '../checked.ts';
import { standing } from '../records.ts';
import type { JournalRecord } from '../records.ts';
import { AuditState } from '../state.ts';
import { threatWords } from './places.ts';
import type { Told } from './told.ts';

/** What a journal cannot say if an audit wrote it: its records in another order, and an end that was not reached. */
export function journalProblems(told: Told): string[] {
  const { records } = told;
  return records.length === 0 ? [] : [...orderProblems(records), ...endProblems(told), ...timingProblems(told)];
}

function orderProblems(records: readonly JournalRecord[]): string[] {
  const problems: string[] = [];
  // Older journals say neither how a session ended nor that another began.
  const saysEnds = records.every((record) => record.type !== 'session' || record.end !== undefined);
  let setups = 0;
  records.forEach((record, at) => {
    const wrong = (why: string) => void (problems.length < 5 && problems.push(`${FILES.journal}, record ${at + 1}: ${why}.`));
    const before = records[at - 1]?.type;
    if ((record.type === 'plan') !== (at === 0)) wrong(at === 0 ? 'a journal begins with its plan' : 'the plan comes again');
    if (record.type === 'setup' && ++setups > 1) wrong('what was settled before the first attack comes again');
    if ((record.type === 'image' || record.type === 'finding' || record.type === 'check') && setups === 0)
      wrong(`a ${record.type} comes before the model`);
    if (saysEnds && before === 'session' && record.type !== 'resumed')
      wrong('more comes after the end of a session, and no word that the audit was gone on with');
    if (record.type === 'resumed' && before !== 'session') wrong('the audit is gone on with before it was stopped');
  });
  return problems;
}

/** An audit that was finished has a finding for every image that was attacked, threat model and attack. */
function endProblems({ records, setup, state, plan, results }: Told): string[] {
  const last = records.at(-1)!;
  if (last.type !== 'session' || last.end !== 'finished') return [];
  const problems: string[] = [];
  const unseen = setup.images.filter((id) => !state.images.has(id));
  if (unseen.length > 0)
    problems.push(
      `The journal says that the audit was finished, and ${unseen.length} of ${setup.images.length} images are not in it, such as ${unseen[0]}.`,
    );
  const missing: string[] = [];
  for (const image of state.images.values())
    if (standing(image) !== 'wrong')
      plan.threats.forEach((threat, t) => {
        for (const { id } of threat.attacks)
          if (!state.findings.has(AuditState.key(image.id, t, id)))
            missing.push(`${id} on ${image.id} under ${threatWords(t, { told: results, found: plan })}`);
      });
  const measured = new Set(drawn(plan, setup, state).map(({ id }) => id));
  const unmeasured = [...measured].filter((id) => !state.checks.has(id));
  if (unmeasured.length > 0)
    problems.push(
      `The journal says that the audit was finished, and ${unmeasured.length} of ${measured.size} images that its page of checks is measured on are not in it, such as ${unmeasured[0]}.`,
    );
  const others = [...state.checks.keys()].filter((id) => !measured.has(id));
  if (others.length > 0)
    problems.push(`The page of checks rests on ${others.length} images that its plan does not draw for it, such as ${others[0]}.`);
  if (missing.length > 0)
    problems.push(
      `The journal says that the audit was finished, and ${missing.length} of its attack runs are not in it, such as ${missing[0]}.`,
    );
  return problems;
}

/** Older audits looked at the clock twice, with all that lies between, in ms. */
const SLACK = 10_000;

/** The times in the results are those of the session that wrote them. */
function timingProblems({ records, results: { timing, findings } }: Told): string[] {
  const problems: string[] = [];
  const [first] = records;
  if (first?.type === 'plan' && Math.abs(Date.parse(first.started) - Date.parse(timing.started)) > SLACK)
    problems.push(`timing, started: the report says ${timing.started}, its journal ${first.started}.`);
  if (Date.parse(timing.finished) < Date.parse(timing.started))
    problems.push(`timing, finished: the report says ${timing.finished}, before the audit was started.`);
  // Whoever was killed after the results were written has left no record of that session.
  if (records.at(-1)?.type !== 'session') return problems;
  let seconds = 0;
  let fits = false;
  const seen = new Set<string>();
  // What has lost its picture is made again, or was not yet when the session was stopped.
  const made = (count: number) => findings.length <= count && count <= seen.size;
  let since = 0;
  for (const [at, record] of records.entries()) {
    if (record.type === 'finding') {
      seen.add(AuditState.key(record.finding.image, record.finding.threat, record.finding.attack));
      since++;
    }
    if (record.type !== 'session') continue;
    if (record.done > since)
      problems.push(
        `${FILES.journal}, record ${at + 1}: a session says that it made ${record.done} findings, and the journal has ${since} of it.`,
      );
    since = 0;
    fits ||= seconds <= timing.seconds && timing.seconds <= seconds + record.seconds && made(timing.resumed + record.done);
    seconds += record.seconds;
  }
  if (!fits)
    problems.push(
      `timing: the report says ${timing.seconds} seconds of work and ${timing.resumed} findings from before, which none of the journal's sessions gives.`,
    );
  return problems;
}
