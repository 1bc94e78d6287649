import { isCount } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { isHollow } from '../../shared/reach.ts';
import { spread } from '../../shared/spread.ts';
import { USUAL_EPS } from '../../shared/usual.ts';
import { kindOf } from '../goals/index.ts';

/** What the page is about. */
export interface CheckSetting {
  /** Place of the threat model whose goal is pursued: the first on classes whose attacks know the model. */
  threat: number;
  norm: Norm;
  budgets: number[];
}

/** So many budgets show whether success grows with them. */
const BUDGETS = 3;

/** Null where the plan asks for no page, or has no threat model that it could be about. */
export function checkSetting({ checks, threats }: Pick<AuditPlan, 'checks' | 'threats'>): CheckSetting | null {
  if (!checks || checks.images === 0) return null;
  const threat = threats.findIndex(({ goal, knowledge }) => kindOf(goal).on === 'classes' && knowledge.kind === 'white-box');
  if (threat < 0) return null;
  const { norm, eps } = threats[threat]!;
  // Of counts there is no descent inside a ball; gradients are the same whatever the norm.
  return isCount(norm)
    ? { threat, norm: 'linf', budgets: spread(USUAL_EPS.linf, BUDGETS) }
    : { threat, norm, budgets: budgetsOf(norm, eps) };
}

/** Those of the plan that 8-bit pictures can use; twice the largest where they are too few. */
function budgetsOf(norm: Norm, eps: readonly number[]): number[] {
  const used = spread(
    eps.filter((one) => !isHollow(norm, one)),
    BUDGETS,
  );
  if (used.length === 0) used.push(...spread(USUAL_EPS[norm], BUDGETS));
  while (used.length < BUDGETS) used.push(2 * used.at(-1)!);
  return used;
}
