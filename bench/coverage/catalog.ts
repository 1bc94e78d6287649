import type { Preprocessing } from '../../shared/plan.ts';

/** A model as the folder's catalogue describes it; only what is read here. */
export interface CatalogEntry {
  file: string;
  preprocessing: string | null;
}

/** Pictures a model is checked at, and how its values are laid out: what the catalogue says in words. */
export interface Known {
  pictures: 'mnist' | 'cifar10' | 'imagenet-sample';
  values: Partial<Preprocessing>;
}

const numbers = (list: string): number[] => list.split(',').map(Number);

/** "(x/255-(0.49,0.48,0.45))/0.225" and its like: mean and deviation in [0,1]. */
function normalisation(words: string): Partial<Preprocessing> {
  const mean = /x\/255-\(([\d.,]+)\)/.exec(words)?.[1] ?? /x\/255-([\d.]+)/.exec(words)?.[1];
  const std = /\)\/\(([\d.,]+)\)/.exec(words)?.[1] ?? /\)\/([\d.]+)/.exec(words)?.[1];
  if (mean && std) return { mean: numbers(mean), std: numbers(std) };
  if (/x\/127\.5-1|\(x-127(\.5)?\)\/128/.test(words)) return { mean: [0.5], std: [0.5] };
  if (/ImageNet mean\/std/.test(words)) return { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const pixel = /minus \((\d+,\d+,\d+)\)/.exec(words)?.[1];
  if (pixel) return { scale: 255, mean: numbers(pixel) };
  return /0\.\.255/.test(words) && !/\[0,1\]|0\.\.1/.test(words) ? { scale: 255 } : {};
}

/** What the catalogue knows of a model; "same" refers to the entry before. */
export function describeModel(file: string, catalog: readonly CatalogEntry[]): Known {
  const at = catalog.findIndex((entry) => entry.file === file);
  const said = (i: number): string => {
    const words = catalog[i]?.preprocessing ?? '';
    return /^same/.test(words) ? said(i - 1) : words;
  };
  const words = said(at);
  const pictures = /mnist/i.test(file) ? 'mnist' : /cifar/i.test(file) ? 'cifar10' : 'imagenet-sample';
  return { pictures, values: { ...normalisation(words), ...(/BGR/.test(words) ? { channels: 'bgr' as const } : {}) } };
}
