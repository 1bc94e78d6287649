import type { Preprocessing } from '../../shared/plan.ts';
import { PRESETS as ALL } from '../../shared/presets.ts';

export interface Preset {
  id: string;
  /** What the preset sets here; size and layout stay as the engine guessed them. */
  values: Partial<Preprocessing>;
}

/** Those that differ in more than size, the plain ranges first. */
const RANGES = ['unit', '0..255', '-1..1', 'mnist-norm', 'cifar10-norm', 'imagenet', 'imagenet-caffe'];

/** Value ranges of published models. The plain ones fit any picture, so they leave its channels alone. */
export const PRESETS: readonly Preset[] = RANGES.map((id) => {
  const { preprocessing } = ALL[id]!;
  const { geometry, channels, scale, mean, std } = preprocessing;
  return { id, values: { ...(geometry === 'none' ? {} : { channels }), scale, mean, std } };
});

/** The preset whose values a preprocessing has, or null. */
export function presetOf(preprocessing: Preprocessing): string | null {
  const found = PRESETS.find(({ values }) =>
    Object.entries(values).every(([key, value]) => JSON.stringify(preprocessing[key as keyof Preprocessing]) === JSON.stringify(value)),
  );
  return found?.id ?? null;
}
