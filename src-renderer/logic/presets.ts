import type { Preprocessing } from '../../shared/plan.ts';

export interface Preset {
  id: string;
  title: string;
  /** What the preset sets; geometry and size stay as they are unless named. */
  values: Partial<Preprocessing>;
}

/** Value ranges of published models, under the names the command line has for them. Size and layout stay as the engine guessed them. */
export const PRESETS: readonly Preset[] = [
  { id: 'unit', title: '0 to 1', values: { scale: 1, mean: [0], std: [1] } },
  { id: '0..255', title: '0 to 255', values: { scale: 255, mean: [0], std: [1] } },
  { id: '-1..1', title: '−1 to 1', values: { scale: 1, mean: [0.5], std: [0.5] } },
  { id: 'mnist-norm', title: 'MNIST, normalised', values: { channels: 'grey', scale: 1, mean: [0.1307], std: [0.3081] } },
  {
    id: 'cifar10-norm',
    title: 'CIFAR-10, normalised',
    values: { channels: 'rgb', scale: 1, mean: [0.4914, 0.4822, 0.4465], std: [0.2471, 0.2435, 0.2616] },
  },
  {
    id: 'imagenet',
    title: 'ImageNet (PyTorch)',
    values: { channels: 'rgb', scale: 1, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  {
    id: 'imagenet-caffe',
    title: 'ImageNet (Caffe)',
    values: { channels: 'bgr', scale: 255, mean: [103.939, 116.779, 123.68], std: [1] },
  },
];

/** The preset whose values a preprocessing has, or null. */
export function presetOf(preprocessing: Preprocessing): string | null {
  const found = PRESETS.find(({ values }) =>
    Object.entries(values).every(([key, value]) => JSON.stringify(preprocessing[key as keyof Preprocessing]) === JSON.stringify(value)),
  );
  return found?.id ?? null;
}
