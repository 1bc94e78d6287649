import { UserError } from '../../shared/errors.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import type { CheckMeasure, Finding } from '../../shared/results.ts';
import { FILES } from './jobs.ts';
import { checkSetting } from '../checks/setting.ts';
import { RUNS } from '../checks/runs.ts';
import type { CheckRun } from '../checks/runs.ts';
import { VALUES } from '../checks/values.ts';
import { onOutput } from '../goals/index.ts';
import type { ImageRecord, Setup } from './records.ts';
import { surrogatesOf } from './surrogates.ts';

/** What has to fit, of a journal or of results. */
interface Told {
  setup:
    | (Pick<Setup, 'images' | 'classes' | 'classNames' | 'surrogates'> & {
        output: unknown;
        scores: Pick<NonNullable<Setup['scores']>, 'classes'> | null;
      })
    | null;
  images: ReadonlyMap<string, ImageRecord>;
  findings: ReadonlyMap<string, Finding>;
  checks: ReadonlyMap<string, CheckMeasure>;
}

/**
 * What a journal tells must fit its plan, each record for itself and all to each other: whatever goes on with it, or shows
 * it, then finds what it looks for.
 * @throws UserError when it does not
 */
export function demandFit(plan: AuditPlan, told: Told): void {
  const fault = fits(plan, told);
  if (fault !== null)
    throw new UserError(`The journal of this audit does not fit its plan (${fault}): start the audit again in another folder.`);
}

/** What does not fit; null when everything does. */
export function fits(plan: AuditPlan, { setup, images, findings, checks }: Told): string | null {
  if (setup === null) return images.size + findings.size + checks.size > 0 ? 'images come before the model' : null;
  if (!fitsSetup(plan, setup)) return 'its model does not';
  const places = new Map(setup.images.map((id, at) => [id, at]));
  if (places.size < setup.images.length) return 'an image comes twice';
  for (const image of images.values())
    if (places.get(image.id) !== image.index || !fitsImage(plan, setup, image)) return `the image ${image.id} does not`;
  for (const finding of findings.values())
    if (!images.has(finding.image) || !fitsFinding(plan, setup, finding)) return `a finding on the image ${finding.image} does not`;
  for (const check of checks.values())
    if (!images.has(check.image) || !fitsCheck(plan, check)) return `a check on the image ${check.image} does not`;
  return null;
}

/** What was settled, as far as records have to fit it. */
export type Known = NonNullable<Told['setup']>;

function fitsSetup(plan: AuditPlan, setup: Known): boolean {
  const ofOutput = onOutput(plan);
  const named = setup.classNames?.length ?? setup.classes;
  return (
    ofOutput === (setup.output !== null) &&
    ofOutput === (setup.scores === null) &&
    named === setup.classes &&
    setup.surrogates.length === surrogatesOf(plan).length &&
    (setup.scores?.classes ?? 2) === setup.classes
  );
}

export function fitsImage(
  plan: AuditPlan,
  { classes, output: network }: Known,
  { id, file, outputs, label, prediction, leastLikely }: ImageRecord,
): boolean {
  const isClass = (c: number) => c >= -1 && c < classes;
  return (
    file === FILES.clean(id) &&
    outputs.length === (network ? plan.threats.length : 0) &&
    outputs.every((o) => o.file === null || o.file === FILES.output(id)) &&
    [label, prediction, leastLikely].every(isClass)
  );
}

export function fitsFinding(
  plan: AuditPlan,
  { classes }: Known,
  { image, threat: t, attack, state, file, eightBit, prediction, output }: Finding,
): boolean {
  const threat = plan.threats[t];
  if (!threat?.attacks.some(({ id }) => id === attack)) return false;
  if (
    state === 'broken'
      ? eightBit === null || prediction === null || file !== FILES.adversarial(t, threat.norm, attack, image)
      : file !== null
  )
    return false;
  if (prediction !== null && (prediction < 0 || prediction >= classes)) return false;
  return output === null || output.file === null || output.file === FILES.broken(t, threat.norm, attack, image);
}

/** Each attack at each budget, and nothing that no check measures. */
export function fitsCheck(plan: AuditPlan, { reason, runs, values }: CheckMeasure): boolean {
  const setting = checkSetting(plan);
  if (setting === null) return false;
  const known: Record<string, CheckRun> = RUNS;
  const entries = Object.entries(runs);
  return (
    Object.keys(values).every((name) => name in VALUES) &&
    entries.every(([name]) => name in known) &&
    (reason !== undefined || entries.every(([name, reached]) => reached.length === (known[name]!.unbounded ? 1 : setting.budgets.length)))
  );
}
