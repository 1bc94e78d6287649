import { z } from 'zod';
import type { AttackCard } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { firstIssue } from '../../shared/issues.ts';
import type { Norm } from '../../shared/norms.ts';
import type { Attack, Preset } from './attack.ts';
import { quick } from './presets/quick.ts';
import { standard } from './presets/standard.ts';
import { deepFool } from './minimum/deepfool.ts';
import { gnmSimple } from './budget/gnm-simple.ts';
import { gnm } from './budget/gnm.ts';
import { linearMinimum } from './minimum/linear-minimum.ts';
import { random } from './budget/random-noise.ts';
import { subset } from './subsets/subset.ts';
import { bim } from './budget/bim.ts';
import { ddn } from './minimum/ddn.ts';
import { fgsm } from './budget/fgsm.ts';
import { fmn } from './minimum/fmn.ts';
import { apgd } from './budget/apgd.ts';
import { apgdTargeted } from './budget/apgd-targeted.ts';
import { apgdMinimal } from './minimum/apgd-minimal.ts';
import { pma } from './budget/pma.ts';
import { pgd } from './budget/pgd.ts';
import { pdpgd } from './minimum/pdpgd.ts';
import { pdgd } from './minimum/pdgd.ts';
import { alma } from './minimum/alma.ts';
import { ead } from './minimum/ead.ts';
import { superDeepFool } from './minimum/super-deepfool.ts';
import { trustRegion } from './minimum/trust-region.ts';
import { fab } from './minimum/fab.ts';
import { carliniWagner } from './minimum/carlini-wagner.ts';
import { quadraticSubset } from './subsets/quadratic-subset.ts';
import { quadratic } from './outputs/quadratic.ts';
import { sigmaZero } from './minimum/sigma-zero.ts';

const attacks = new Map<string, Attack | Preset>();

/** @throws Error when an attack of that id is there already */
export function register(attack: Attack | Preset): void {
  if (attacks.has(attack.id)) throw new Error(`Two attacks are called ${attack.id}.`);
  attacks.set(attack.id, attack);
}

for (const attack of [
  fgsm,
  bim,
  pgd,
  ddn,
  fmn,
  sigmaZero,
  gnm,
  gnmSimple,
  linearMinimum,
  deepFool,
  subset,
  quadratic,
  quadraticSubset,
  random,
  quick,
  standard,
  apgd,
  apgdTargeted,
  pma,
  apgdMinimal,
  pdpgd,
  pdgd,
  alma,
  ead,
  carliniWagner,
  fab,
  superDeepFool,
  trustRegion,
])
  register(attack);

export function isPreset(attack: Attack | Preset): attack is Preset {
  return 'stages' in attack;
}

/** @throws UserError when there is no attack or preset of that id */
export function attackOf(id: string): Attack | Preset {
  const attack = attacks.get(id);
  if (!attack) throw new UserError(`There is no attack called ${id}: choose one of ${[...attacks.keys()].join(', ')}.`);
  return attack;
}

/** Whether any attack of a plan does; a model whose gradient nobody asks for needs none that is right. */
export function asksForGradients({ threats }: { threats: readonly { attacks: readonly { id: string }[] }[] }): boolean {
  return threats.some(({ attacks: chosen }) => chosen.some(({ id }) => attackOf(id).access === 'gradient'));
}

/** @throws Error where it is a preset: none has another as a stage */
export function stageOf(id: string): Attack {
  const attack = attackOf(id);
  if (isPreset(attack)) throw new Error(`${id} is a preset, and no stage of one.`);
  return attack;
}

/**
 * An attack's options, checked and with defaults filled in.
 * @throws UserError on an unknown attack, a norm it does not have, or naming the first option that does not fit
 */
export function optionsOf(id: string, options: Record<string, unknown>, norm: Norm): Record<string, unknown> {
  const attack = attackOf(id);
  if (!attack.norms.includes(norm))
    throw new UserError(`Attack ${id} has no ${norm} form: use it with ${attack.norms.join(', ')}, or choose another attack.`);
  const parsed = attack.options.safeParse(options);
  if (parsed.success) return parsed.data;
  const { where, what } = firstIssue(parsed.error);
  throw new UserError(`Mend ${where ? `option ${where} of attack ${id}` : `the options of attack ${id}`}: ${what}.`);
}

/** Every attack as the window and `hairline` show it, in the order of registration. */
export function attackCards(): AttackCard[] {
  return [...attacks.values()].map((attack) => {
    const { id, title, norms, kind, targeted, access, needsOutput, summary, source, options } = attack;
    return {
      id,
      title,
      norms: [...norms],
      kind,
      targeted,
      access,
      needsOutput: needsOutput === true,
      summary,
      source,
      options: z.toJSONSchema(options, { io: 'input' }) as Record<string, unknown>,
      ...(isPreset(attack) && { stages: Object.fromEntries(norms.map((norm) => [norm, stagesIn(attack, norm)])) }),
    };
  });
}

function stagesIn(preset: Preset, norm: Norm): string[] {
  const scene = { norm, targeted: false, classes: 10, shape: { channels: 3, height: 32, width: 32 }, outputs: 0 };
  return preset.stages(scene).map(({ attack }) => attackOf(attack).title);
}
