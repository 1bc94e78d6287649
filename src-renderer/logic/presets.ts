import type { Preprocessing } from '../../shared/plan.ts';

export interface Preset {
  id: string;
  title: string;
  /** What the preset sets; geometry and size stay as they are unless named. */
  values: Partial<Preprocessing>;
}

/** Usual value ranges. The engine's guess has the size from the model's own input. */
export const PRESETS: readonly Preset[] = [
  { id: 'unit', title: '0 … 1', values: { scale: 1, mean: [0], std: [1] } },
  { id: 'bytes', title: '0 … 255', values: { scale: 255, mean: [0], std: [1] } },
  { id: 'signed', title: '−1 … 1', values: { scale: 1, mean: [0.5], std: [0.5] } },
  { id: 'mnist', title: 'MNIST', values: { channels: 'grey', scale: 1, mean: [0.1307], std: [0.3081] } },
  {
    id: 'cifar10',
    title: 'CIFAR-10',
    values: { channels: 'rgb', scale: 1, mean: [0.4914, 0.4822, 0.4465], std: [0.2471, 0.2435, 0.2616] },
  },
  {
    id: 'imagenet',
    title: 'ImageNet',
    values: { channels: 'rgb', scale: 1, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
];

/** The preset whose values a preprocessing has, or null. */
export function presetOf(preprocessing: Preprocessing): string | null {
  const found = PRESETS.find(({ values }) =>
    Object.entries(values).every(([key, value]) => {
      // Colour order does not make a preset another one.
      if (key === 'channels' && value !== 'grey') return true;
      return JSON.stringify(preprocessing[key as keyof Preprocessing]) === JSON.stringify(value);
    }),
  );
  return found?.id ?? null;
}
