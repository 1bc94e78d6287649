import { z } from 'zod';
import { NORMS } from '../../../shared/norms.ts';
import type { Preset, Stage } from '../attack.ts';

/** A preset of the registry: every norm and goal, no options. */
export function definePreset(preset: Pick<Preset, 'id' | 'title' | 'summary' | 'stages'>): Preset {
  return {
    ...preset,
    norms: NORMS,
    kind: 'minimum-norm',
    targeted: true,
    access: 'gradient',
    source: 'The attacks that it names, one after another; the best of every image is kept',
    options: z.strictObject({}),
  };
}

/** A stage, as a preset names it. */
export const stage = (attack: string, options: Stage['options'] = {}, fromBest = false): Stage => ({
  attack,
  options,
  ...(fromBest && { fromBest }),
});
