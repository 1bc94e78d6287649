import { AuditPlan } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import { isDeepStrictEqual } from 'node:util';
import { fits } from './fit.ts';
import { AuditState } from './state.ts';

/** The plan inside results that fit it and each other; null for any others. */
export function planOfResults(results: Results): AuditPlan | null {
  const plan = AuditPlan.safeParse(results.plan).data;
  if (!plan || plan.threats.length !== results.threats.length) return null;
  const same = results.threats.every(({ norm, eps, goal, knowledge, attacks, attackSummaries }, t) => {
    const own = plan.threats[t]!;
    return (
      isDeepStrictEqual({ norm, eps, goal, knowledge, attacks }, own) &&
      isDeepStrictEqual(
        attackSummaries.map(({ attack }) => attack),
        own.attacks.map(({ id }) => id),
      )
    );
  });
  return same && fitsRecords(plan, results) && fitsOutcomes(plan, results) ? plan : null;
}

function fitsRecords(plan: AuditPlan, { images, findings, checks, classes, classNames, output, surrogates }: Results): boolean {
  const setup = { images: images.map(({ id }) => id), classes, classNames, output, surrogates, scores: output ? null : { classes } };
  const byKey = new Map(findings.map((one) => [AuditState.key(one.image, one.threat, one.attack), one]));
  if (byKey.size < findings.length) return false;
  return (
    fits(plan, {
      setup,
      images: new Map(images.map((image, index) => [image.id, { ...image, index, leastLikely: -1 }])),
      findings: byKey,
      checks: new Map((checks?.measures ?? []).map((measure) => [measure.image, measure])),
    }) === null
  );
}

/** What is told of an image under each threat model, against the finding it speaks of. */
function fitsOutcomes(plan: AuditPlan, { images, findings }: Results): boolean {
  const broken = new Set(
    findings.filter(({ state }) => state === 'broken').map(({ image, threat, attack }) => AuditState.key(image, threat, attack)),
  );
  return images.every(({ id, outcomes }) => {
    if (outcomes.length !== plan.threats.length) return false;
    return outcomes.every(({ threat, state, best, distance }, t) => {
      if (threat !== t || (state === 'broken') !== (best !== null) || (best === null) !== (distance === null)) return false;
      return best === null || broken.has(AuditState.key(id, t, best));
    });
  });
}
