import { basename } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan, Surrogate } from '../../shared/plan.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { checkGradient } from '../runtime/gradcheck.ts';
import { chooseRows } from '../runtime/rows.ts';
import { boundedWork, demand, usesHalf } from './gradcheck.ts';
import type { Models } from './models.ts';

/** The surrogates of all threat models, each once, in the order of the plan. */
export function surrogatesOf(plan: Pick<AuditPlan, 'threats'>): Surrogate[] {
  const all = plan.threats.flatMap(({ knowledge }) => (knowledge.kind === 'transfer' ? knowledge.surrogates : []));
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/**
 * Makes sure that surrogates can stand in for the model: as many classes, the same pictures, and gradients that pass the
 * check as the model's own do.
 * @param rows that the model takes at a time
 * @returns rows that all of them take, fewer where a surrogate mixes the images of a batch; and what there is to warn of
 * @throws UserError naming the surrogate that does not fit.
 */
export async function checkSurrogates(
  surrogates: readonly Surrogate[],
  models: Models,
  picture: ImageShape,
  rows: number,
  classes: number,
  pictures: Float32Array[],
): Promise<{ rows: number; warnings: string[] }> {
  let common = rows;
  const warnings: string[] = [];
  for (const surrogate of surrogates) {
    const own = models.surrogate(surrogate);
    common = Math.min(common, (await chooseRows({ ...own.request, picture }, common)).rows);
  }
  for (const surrogate of surrogates) {
    const own = models.surrogate(surrogate);
    const model = await own.differentiable(picture, common);
    if (model.classes !== classes)
      throw new UserError(
        `The surrogate ${surrogate.model} tells ${model.classes} classes apart and the model ${classes}: take one with the same classes.`,
      );
    if (pictures.length === 0) continue;
    const check = await checkGradient(model, await own.original(model.pixels.output), pictures, {
      half: usesHalf(own.graph),
      directions: 1,
      spent: boundedWork(model.pixels.work),
    });
    warnings.push(...demand(check, `The surrogate ${basename(surrogate.model)}`));
  }
  return { rows: common, warnings };
}
