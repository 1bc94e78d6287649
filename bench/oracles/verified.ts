import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { within } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { dataFiles, openShared, testPictures } from './models.ts';
import type { DataSet } from './models.ts';

/** An l∞ ball for which published verifiers came to a verdict (VNN-COMP 2021). */
export interface Instance {
  /** Below the folder of models. */
  model: string;
  dataSet: DataSet;
  index: number;
  label: number;
  eps: number;
  property: string;
  verdict: 'robust' | 'broken' | 'open' | 'disputed';
}

const LIST = 'oracles/verified.json';
/** What each family of networks reads, from the descriptions of their benchmarks. */
const NORMALISED: [RegExp, number[], number[]][] = [
  [/oval_cifar/, [0.485, 0.456, 0.406], [0.225, 0.225, 0.225]],
  [/resnet_[24]b/, [0.4914, 0.4822, 0.4465], [0.2471, 0.2435, 0.2616]],
];

export function readInstances(shared: string): Instance[] {
  return JSON.parse(readFileSync(join(shared, LIST), 'utf8')) as Instance[];
}

/** The files that the instances need, below the folder of shared files. */
export function neededFiles(shared: string, list = true): string[] {
  if (list) return [LIST];
  const all = readInstances(shared);
  return [...new Set(all.flatMap(({ model, dataSet }) => [`models/${model}`, ...dataFiles(dataSet)]))];
}

export interface Attempt {
  attack: string;
  options: Record<string, unknown>;
}

export interface Outcome {
  instance: Instance;
  attack: string;
  /** A point inside the ball and the box, or the 8-bit picture, is taken for another class. */
  float: boolean;
  eightBit: boolean;
  passes: number;
}

/**
 * Attacks every instance with every attempt, model by model, and tells what came out.
 * @param told of each outcome as soon as it is there
 */
export async function tryInstances(
  shared: string,
  instances: readonly Instance[],
  attempts: readonly Attempt[],
  told: (outcome: Outcome) => void,
): Promise<void> {
  for (const file of new Set(instances.map(({ model }) => model))) {
    const own = instances.filter(({ model }) => model === file);
    const [, mean, std] = NORMALISED.find(([pattern]) => pattern.test(file)) ?? [];
    const model = await openShared(shared, `models/${file}`, own[0]!.dataSet, mean, std, 16);
    // Budgets that differ in the last bits of a float are one.
    for (const key of new Set(own.map(({ eps }) => eps.toFixed(6)))) {
      const group = own.filter(({ eps }) => eps.toFixed(6) === key);
      const eps = Math.min(...group.map((instance) => instance.eps));
      const images = testPictures(
        shared,
        group[0]!.dataSet,
        group.map(({ index }) => index),
      );
      images.forEach((image, i) => {
        if (image.label !== group[i]!.label) throw new Error(`Picture ${group[i]!.index} is not the one that ${LIST} means.`);
      });
      for (const { attack, options } of attempts) {
        const found = await attackBatch({
          model,
          images,
          norm: 'linf',
          eps: [eps],
          attack,
          options,
          seed: 0,
          maxQueries: null,
          gate: { check: () => undefined },
        });
        found.forEach((finding, i) =>
          told({
            instance: group[i]!,
            attack,
            float: finding.float !== null && within(finding.float.linf, eps),
            eightBit: finding.eightBitDistances !== null && within(finding.eightBitDistances.linf, eps),
            passes: finding.forwards + finding.backwards,
          }),
        );
      }
    }
    await model.close();
  }
}
