import type { PlanCost } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan, ThreatModel } from '../../shared/plan.ts';
import { cost, passes, sum, times } from '../attacks/cost.ts';
import type { Cost } from '../attacks/cost.ts';
import type { PresetScene, Stage } from '../attacks/attack.ts';
import { roundingCost } from '../attacks/rounding/eight-bit.ts';
import { attackOf, isPreset, optionsOf, stageOf } from '../attacks/registry.ts';
import { kindOf } from '../goals/index.ts';
import { measureCost } from '../checks/measure.ts';
import { checkSetting } from '../checks/setting.ts';
import type { ImageShape } from '../model/differentiable.ts';
import type { Measured } from './measure.ts';

/** Pictures of one shape, and how many. */
export type Pictures = ImageShape & { count: number };

/** What the model puts out, as far as costs depend on it. */
interface Puts {
  classes: number;
  /** Values of the output that goals are on; 0 of classifiers. */
  outputs: number;
}

/**
 * What an attack of a plan spends on one image at most, over all budgets, rounding included. An image is through with the
 * first budget that breaks it, and rounded only where something was found.
 */
export function attackCost(
  threat: ThreatModel,
  attack: ThreatModel['attacks'][number],
  shape: ImageShape,
  puts: Puts,
  maxQueries: number | null,
): Cost {
  const scene = { norm: threat.norm, targeted: kindOf(threat.goal).targeted, shape, ...puts };
  const chosen = attackOf(attack.id);
  const stages = isPreset(chosen) ? chosen.stages(scene) : [{ attack: attack.id, options: attack.options }];
  let all: Cost;
  try {
    all = sum(...stages.map((stage) => stageCost(stage, scene, threat.eps)));
  } catch (error) {
    // Such as a mask that does not fit: the attack refuses before it looks at anything.
    if (!(error instanceof UserError)) throw error;
    return cost(0);
  }
  return maxQueries === null || passes(all) <= maxQueries ? all : times(maxQueries / passes(all), all);
}

function stageCost({ attack, options }: Stage, scene: PresetScene, eps: readonly number[]): Cost {
  const { kind, access, cost: costOf } = stageOf(attack);
  const fixed = kind === 'fixed-budget';
  const rounding = roundingCost(scene.norm, fixed, access);
  const full = optionsOf(attack, options, scene.norm);
  return sum(...(fixed ? eps : [undefined]).map((epsilon) => sum(costOf({ ...scene, epsilon }, full), rounding)));
}

/** What the page of checks spends on an image of that shape at most; nothing where a plan asks for none. */
function checkCost(plan: Pick<AuditPlan, 'threats' | 'checks'>, shape: ImageShape, puts: Puts): Cost {
  const setting = checkSetting(plan);
  if (setting === null) return cost(0);
  const { targeted } = kindOf(plan.threats[setting.threat]!.goal);
  return measureCost({ norm: setting.norm, targeted, shape, ...puts }, setting.budgets);
}

/** The page of checks is measured on some images, whatever their shape: the dearest are counted. */
function checksCost(plan: Pick<AuditPlan, 'threats' | 'checks'>, pictures: readonly Pictures[], puts: Puts): Cost {
  let left = plan.checks?.images ?? 0;
  const dearest = pictures
    .map(({ count, ...shape }) => ({ count, cost: checkCost(plan, shape, puts) }))
    .sort((a, b) => passes(b.cost) - passes(a.cost));
  let all = cost(0);
  for (const one of dearest) {
    const taken = Math.min(left, one.count);
    all = sum(all, times(taken, one.cost));
    left -= taken;
  }
  return all;
}

/** What all of a plan's attacks spend on all of its pictures at most, each of them, and the page of checks. */
export function planCost(
  plan: Pick<AuditPlan, 'threats' | 'maxQueries' | 'checks'>,
  pictures: readonly Pictures[],
  puts: Puts,
): { all: Cost; attacks: PlanCost['attacks']; checks: Cost } {
  const spent = plan.threats.flatMap((threat, at) =>
    threat.attacks.map((attack) => ({
      threat: at,
      attack: attack.id,
      cost: sum(...pictures.map(({ count, ...shape }) => times(count, attackCost(threat, attack, shape, puts, plan.maxQueries)))),
    })),
  );
  const checks = checksCost(plan, pictures, puts);
  return {
    all: sum(checks, ...spent.map((one) => one.cost)),
    checks,
    attacks: spent.map((one) => ({ threat: one.threat, attack: one.attack, passes: Math.round(passes(one.cost)) })),
  };
}

/**
 * The same with the time it takes. Workers share the work.
 * @param passTimes milliseconds of a pass of one image, by threat and attack; null: that of the model alone
 */
export function planEstimate(
  plan: AuditPlan,
  pictures: readonly Pictures[],
  measured: Measured,
  passTimes: readonly (number | null)[],
  cores: number,
): PlanCost {
  const { all, attacks, checks } = planCost(plan, pictures, measured);
  const [forward, gradient] = [measured.forward / measured.rows, measured.gradient / measured.rows];
  // Of the model alone: a pass is a forward one, or half of a gradient.
  const alone = passes(all) > 0 ? (all.gradients * gradient + all.forwards * forward) / passes(all) : 0;
  const workers = Math.min(plan.workers ?? (measured.large ? 1 : cores), cores);
  const images = pictures.reduce((n, { count }) => n + count, 0);
  const busy = Math.max(1, Math.min(workers, images));
  const ms = attacks.reduce((sum, { passes: spent }, at) => sum + spent * (passTimes[at] ?? alone), 0) + passes(checks) * alone;
  return { passes: Math.round(passes(all)), seconds: ms / busy / 1000, workers, forward, gradient, attacks };
}
