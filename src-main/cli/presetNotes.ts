import { count } from '../../shared/format.ts';
import { NORM_LABEL } from '../../shared/norms.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { passes } from '../attacks/cost.ts';
import { attackOf, isPreset } from '../attacks/registry.ts';
import { attackCost } from '../estimate/costs.ts';
import { kindOf } from '../goals/index.ts';

/** No preset costs more on other pictures or more classes. */
const SHAPE = { channels: 3, height: 32, width: 32 };
const MANY = 1000;

/** What each preset of a plan runs, and what it spends on an image at most: told before the start. */
export function presetNotes({ threats, maxQueries }: Pick<AuditPlan, 'threats' | 'maxQueries'>): string[] {
  return threats.flatMap((threat) =>
    threat.attacks.flatMap((choice) => {
      const preset = attackOf(choice.id);
      if (!isPreset(preset)) return [];
      const { on, targeted } = kindOf(threat.goal);
      const puts = on === 'output' ? { classes: 2, outputs: 1 } : { classes: MANY, outputs: 0 };
      const stages = preset.stages({ norm: threat.norm, targeted, shape: SHAPE, ...puts });
      const names = stages.map(({ attack }) => attackOf(attack).title).join(', ');
      const most = Math.round(passes(attackCost(threat, choice, SHAPE, puts, maxQueries)));
      return [
        `${preset.title} under ${NORM_LABEL[threat.norm]}: ${names}, one after another, each where there is still something to find; at most ${count(most)} passes an image.`,
      ];
    }),
  );
}
