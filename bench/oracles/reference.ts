import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Norm } from '../../shared/norms.ts';
import { openShared } from './models.ts';
import type { DataSet } from './models.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';

const Numbers = z.array(z.number());

/** One run of a published attack on one model, image by image; the fields are those of the reference files' own page. */
const File = z.object({
  attack: z.string(),
  norm: z.enum(['l0_features', 'l0_pixels', 'l1', 'l2', 'linf']),
  budget: z.number().nullable(),
  parameters: z.record(z.string(), z.unknown()),
  model: z.object({ file: z.string(), preprocessing: z.string() }),
  data: z.object({ set: z.string() }),
  indices: Numbers,
  run: z.object({ forward_per_image: z.number(), backward_per_image: z.number() }),
  per_sample: z.looseObject({ success: Numbers, success_rounded: Numbers }),
});

export interface Reference {
  /** Name of its file. */
  name: string;
  attack: string;
  model: string;
  set: DataSet;
  norm: Norm;
  /** Of a fixed-budget attack. */
  budget: number | null;
  parameters: Record<string, unknown>;
  indices: number[];
  passes: number;
  /** Distance of each image as the library returned it, and of the same rounded to whole levels; Infinity where it failed. */
  float: number[];
  rounded: number[];
  open(rows: number): Promise<OpenModel>;
}

const NORMS = { l0_features: 'l0', l0_pixels: 'l0Pixels', l1: 'l1', l2: 'l2', linf: 'linf' } as const;

/** The references of a folder of shared files whose name contains one of the texts; all without any. */
export function* references(shared: string, only: readonly string[], limit = Infinity): Generator<Reference> {
  for (const name of readdirSync(join(shared, 'oracles')).sort()) {
    if (!name.endsWith('.json') || (only.length > 0 && !only.some((text) => name.includes(text)))) continue;
    const parsed = File.safeParse(JSON.parse(readFileSync(join(shared, 'oracles', name), 'utf8')));
    if (parsed.success) yield referenceOf(shared, name, parsed.data, limit);
  }
}

function referenceOf(shared: string, name: string, file: z.output<typeof File>, limit: number): Reference {
  const set = file.data.set.startsWith('MNIST') ? 'mnist' : 'cifar10';
  const { per_sample: each, run } = file;
  const indices = file.indices.slice(0, limit);
  const sizes = (reached: number[], field: string): number[] => {
    const values = Numbers.parse(each[field]);
    return indices.map((_, i) => (reached[i] ? values[i]! : Infinity));
  };
  return {
    name,
    attack: file.attack,
    model: file.model.file.replace('.onnx', ''),
    set,
    norm: NORMS[file.norm],
    budget: file.budget,
    parameters: file.parameters,
    indices,
    passes: run.forward_per_image + run.backward_per_image,
    float: sizes(each.success, file.norm),
    rounded: sizes(each.success_rounded, `rounded_${file.norm}`),
    open(rows) {
      const folder = ['converted-from-weights', 'classify-cifar10'].find((one) => existsSync(join(shared, 'models', one, file.model.file)));
      const [mean, std] = [...file.model.preprocessing.matchAll(/\(([\d., ]+)\)/g)].map((match) => match[1]!.split(',').map(Number));
      return openShared(shared, `models/${folder}/${file.model.file}`, set, mean, std, rows);
    },
  };
}
