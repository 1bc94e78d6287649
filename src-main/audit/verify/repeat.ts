import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { canonicalJson } from '../../../shared/canonical.ts';
import type { AuditPlan } from '../../../shared/plan.ts';
import type { Finding, Results } from '../../../shared/results.ts';
import type { Gate } from '../../attacks/problem/counted.ts';
import { randomStream } from '../../attacks/problem/random-stream.ts';
import { imageVersions, pictureHash } from '../../images/index.ts';
import { ortVersion } from '../../runtime/ort.ts';
import { chooseProvider } from '../../runtime/providers.ts';
import type { Report } from '../pool.ts';
import { NO_FILES } from '../files.ts';
import { targetOf } from '../../goals/index.ts';
import { machineName } from '../machine.ts';
import type { Job, JobContext, JobResult } from '../jobs.ts';
import { readPng } from '../picture.ts';
import { contextOf } from '../run.ts';
import { standing } from '../records.ts';
import type { ImageRecord } from '../records.ts';
import { AuditState } from '../state.ts';
import { differences } from './differences.ts';
import { openable } from './index.ts';
import type { Vouching } from './index.ts';
import { threatWords } from './places.ts';
import { readTold } from './told.ts';
import type { Told } from './told.ts';
import type { Repeated, RepeatRequest } from './verification.ts';

/** Does a job of an audit. */
type Run = (context: JobContext, job: Job) => Promise<JobResult>;

interface Pair {
  image: ImageRecord;
  threat: number;
}

/**
 * Runs a sample of an audit's attacks again by its very plan. On the same machine with the same versions, the findings must
 * be the same; elsewhere kernels round otherwise, and what became of the image must be.
 * @param run does a job of an audit
 * @throws UserError when files that the attacks need are not named, or not there
 */
export async function repeatSample(
  { folder, results, named, count }: RepeatRequest,
  installation: Vouching,
  run: Run,
  gate: Gate,
  report: Report,
): Promise<Repeated> {
  const told = readTold(folder, results);
  const { opened, done } = await openable(folder, told, { ...NO_FILES, ...named }, installation, ['model', 'pictures', 'surrogates']);
  try {
    return await repeatOpened({ folder, told, opened, count }, run, gate, report);
  } finally {
    await done();
  }
}

async function repeatOpened(
  { folder, told, opened, count }: { folder: string; told: Told; opened: AuditPlan; count: number },
  run: Run,
  gate: Gate,
  report: Report,
): Promise<Repeated> {
  const provider = (await chooseProvider(opened.provider)).used;
  const same = provider === told.setup.provider.used && (await isSameMachine(told.results));
  const pairs = drawn(told).slice(0, count);
  const out: Repeated = {
    repeated: 0,
    problems: [],
    notes: same
      ? []
      : ['The attacks that were run again were compared by their outcome alone, since machine or versions are not those of the audit.'],
  };
  const context = { ...contextOf(opened, told.setup), provider };
  for (const [done, pair] of pairs.entries()) {
    await gate.check();
    report(done, pairs.length);
    out.problems.push(...(await repeatPair(told, folder, pair, same, (job) => run(context, job))));
    out.repeated++;
  }
  return out;
}

async function isSameMachine({ versions, timing }: Results): Promise<boolean> {
  const own: Record<string, string> = { onnxruntime: ortVersion, node: process.versions.node, ...(await imageVersions()) };
  return timing.machine === machineName(cpus()) && Object.entries(own).every(([name, version]) => versions[name] === version);
}

/** Pairs of image and threat model in an order that the results settle: those that held first, which nothing else shows. */
function drawn({ plan, setup, state, results }: Told): Pair[] {
  const { timing: _, ...rest } = results;
  const random = randomStream(`verify ${createHash('sha256').update(canonicalJson(rest)).digest('hex')}`);
  const pairs = setup.images.flatMap((id) => {
    const image = state.images.get(id);
    if (!image || standing(image) !== 'right') return [];
    return plan.threats.flatMap((threat, t) => {
      const states = threat.attacks.map((attack) => state.findings.get(AuditState.key(id, t, attack.id))?.state);
      // What was not attacked, or not to the end, has nothing to repeat.
      if (
        states.some((one) => one === undefined || one === 'wrong-already' || one === 'target-already') ||
        targetOf(threat.goal, image, image.index, setup.classes) === image.label
      )
        return [];
      return [{ image, threat: t, broken: states.includes('broken'), at: random() }];
    });
  });
  return pairs.sort((a, b) => Number(a.broken) - Number(b.broken) || a.at - b.at);
}

async function repeatPair(
  { plan, setup, state }: Told,
  folder: string,
  { image, threat: t }: Pair,
  same: boolean,
  run: (job: Job) => Promise<JobResult>,
): Promise<string[]> {
  const picture = await readPng(folder, image.file).catch(() => null);
  if (picture === null || pictureHash(picture) !== image.hash)
    return [`${image.file} is missing or another picture, so its attacks were not run again.`];
  const threat = plan.threats[t]!;
  const { norm, eps, attacks, goal } = threat;
  const { id, index, hash, label } = image;
  const problems: string[] = [];
  for (const { id: attack, options } of attacks) {
    const images = [{ id, index, hash, ...picture, label, goal: targetOf(goal, image, index, setup.classes) }];
    // What a repeat makes is compared, and kept nowhere.
    const [result] = await run({ kind: 'attack', threat: t, norm, eps, attack, options, images });
    const again = plain((result!.outcome as { finding: Finding }).finding);
    const known = plain(state.findings.get(AuditState.key(id, t, attack))!);
    if (same ? isDeepStrictEqual(again, known) : again.state === known.state) continue;
    const sides = { told: 'the report', found: 'the repeat' };
    const place = `repeat of ${attack} on ${id} under ${threatWords(t, { told: plan, found: plan })}`;
    problems.push(
      ...(same
        ? differences(known, again, sides, [place]).problems
        : differences({ state: known.state }, { state: again.state }, sides, [place]).problems),
    );
  }
  return problems;
}

/** As it comes back from a journal. */
const plain = (finding: Finding): Finding => JSON.parse(JSON.stringify(finding)) as Finding;
