import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Preprocessing } from '../../shared/plan.ts';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { loadGraph } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';

const SIDE = 28;
const PADDED = 32;

/** Where the experiment's files lie below the folder of shared files. */
export const FILES = {
  oracle: 'oracles/balda-lenet.json',
  model: 'models/converted-from-weights/mnist_balda_lenet5.onnx',
  images: 'data/mnist/t10k-images-idx3-ubyte.gz',
  labels: 'data/mnist/t10k-labels-idx1-ubyte.gz',
} as const;

export type Curves = Record<string, number[]>;

/** What the experiment is held against; see the notes in the file itself. */
export interface Oracle {
  indices: number[];
  deepfool_norms: number[];
  rho2_per_sample: number[];
  rerun: { lenet: Measured };
  authors: { lenet: Measured & { curves_read_off_picture: Curves } };
}

export interface Measured {
  curves: Curves;
  rho1: number;
  rho2: number;
  eps99: number;
}

export function readOracle(shared: string): Oracle {
  return JSON.parse(readFileSync(join(shared, FILES.oracle), 'utf8')) as Oracle;
}

/** MNIST's test digits, by default on LeNet's own 32 x 32 canvas: the padding is part of what is attacked. */
export function paddedDigits(shared: string, indices: readonly number[], side = PADDED): ProblemImage[] {
  const pixels = gunzipSync(readFileSync(join(shared, FILES.images)));
  const labels = gunzipSync(readFileSync(join(shared, FILES.labels)));
  const margin = (side - SIDE) / 2;
  return indices.map((index) => {
    const canvas = new Float32Array(side * side);
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) canvas[(y + margin) * side + x + margin] = pixels[16 + (index * SIDE + y) * SIDE + x]! / 255;
    return { pixels: canvas, hash: `mnist-${index}`, label: labels[8 + index]!, goal: null };
  });
}

export function openLeNet(shared: string): Promise<OpenModel> {
  return openDigits(join(shared, FILES.model), PADDED);
}

/** A network of grey digits in [0,1]. */
export async function openDigits(file: string, side: number, rows = 64): Promise<OpenModel> {
  const graph = loadGraph(file);
  return openDifferentiable({
    graph,
    input: findImageInput(graph, null),
    preprocessing: Preprocessing.parse({ channels: 'grey' }),
    picture: { channels: 1, height: side, width: side },
    rows,
    provider: 'cpu',
  });
}

/** A target whose noise is not clipped to [0,1], as in the authors' program. */
export function unboxed(model: OpenModel, images: readonly ProblemImage[], stream: string): CountedProblem {
  return new CountedProblem(model, images, { norm: 'linf', stream, limits: null, gate: { check: () => undefined }, boxed: false });
}
