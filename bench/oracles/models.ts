import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Preprocessing } from '../../shared/plan.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { loadGraph } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';

export type DataSet = 'mnist' | 'cifar10';

const SHAPE = { mnist: { channels: 1, height: 28, width: 28 }, cifar10: { channels: 3, height: 32, width: 32 } } as const;
const TEST = {
  mnist: ['data/mnist/t10k-images-idx3-ubyte.gz', 'data/mnist/t10k-labels-idx1-ubyte.gz'],
  cifar10: ['data/cifar10/test_batch.bin'],
} as const;
const TRAINING = {
  mnist: ['data/mnist/train-images-idx3-ubyte.gz', 'data/mnist/train-labels-idx1-ubyte.gz'],
  cifar10: ['data/cifar10/data_batch_1.bin'],
} as const;

/** Test pictures of a data set by their official numbers, as attacks take them. @param shared folder of shared files */
export function testPictures(shared: string, set: DataSet, indices: readonly number[]): ProblemImage[] {
  return pictures(shared, set, TEST[set], indices);
}

/** Likewise of the part that options are tuned on, never measured on. */
export function trainingPictures(shared: string, set: DataSet, indices: readonly number[]): ProblemImage[] {
  return pictures(shared, set, TRAINING[set], indices);
}

function pictures(shared: string, set: DataSet, files: readonly string[], indices: readonly number[]): ProblemImage[] {
  const [images, labels] = files.map((file) => read(join(shared, file))) as [Buffer, Buffer?];
  const { channels, height, width } = SHAPE[set];
  const size = channels * height * width;
  return indices.map((index) => {
    const start = set === 'mnist' ? 16 + index * size : index * (size + 1) + 1;
    const pixels = Float32Array.from(images.subarray(start, start + size), (level) => level / 255);
    return { pixels, hash: `${set}-${index}`, label: labels ? labels[8 + index]! : images[start - 1]!, goal: null };
  });
}

/** The files of a data set's test part below the folder of shared files. */
export function dataFiles(set: DataSet): readonly string[] {
  return TEST[set];
}

/** @param file below `shared` @param mean of each channel, in [0,1] @param std of each channel */
export function openShared(
  shared: string,
  file: string,
  set: DataSet,
  mean: number[] = [0],
  std: number[] = [1],
  rows = 32,
): Promise<OpenModel> {
  return openPrepared(shared, file, set, Preprocessing.parse({ channels: set === 'mnist' ? 'grey' : 'rgb', mean, std }), rows);
}

/** Likewise with any preprocessing. */
export function openPrepared(shared: string, file: string, set: DataSet, preprocessing: Preprocessing, rows: number): Promise<OpenModel> {
  const graph = loadGraph(join(shared, file));
  return openDifferentiable({ graph, input: findImageInput(graph, null), preprocessing, picture: SHAPE[set], rows, provider: 'cpu' });
}

function read(file: string): Buffer {
  const bytes = readFileSync(file);
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}
