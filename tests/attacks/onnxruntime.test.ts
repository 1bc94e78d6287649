import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureNorm } from '../../shared/norms.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import type { ImageFinding } from '../../src-main/attacks/problem/finding.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { exactMinimum } from '../../src-main/norms/exactLinear.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';
import { convolutional } from '../model/networks.ts';
import { linearCase, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 5, width: 7 };
const ATTACKS = [
  ['pgd', 'linf', { steps: 10 }],
  ['ddn', 'l2', { steps: 60 }],
  ['fmn', 'l1', { steps: 60 }],
  ['fmn', 'linf', { steps: 60 }],
  ['sigma-zero', 'l0', { steps: 100 }],
] as const;

async function open(graph: Graph): Promise<OpenModel> {
  return openDifferentiable({
    graph,
    input: findImageInput(graph, null),
    preprocessing: Preprocessing.parse({ mean: [0.1, 0.2, 0.3], std: [0.5, 0.7, 0.9] }),
    picture: SHAPE,
    rows: 4,
    provider: 'cpu',
  });
}

/** The linear case with its normalisation undone, so that pixels meet exactly W x + b. */
function linearGraph(weights: Float32Array, bias: Float32Array, classes: number): Graph {
  const plane = SHAPE.height * SHAPE.width;
  const [mean, std] = [
    [0.1, 0.2, 0.3],
    [0.5, 0.7, 0.9],
  ];
  const scaled = weights.map((w, i) => w * std![Math.floor((i % (3 * plane)) / plane)]!);
  const shifted = bias.map((b, k) => {
    for (let j = 0; j < 3 * plane; j++) b += weights[k * 3 * plane + j]! * mean![Math.floor(j / plane)]!;
    return b;
  });
  const b = new GraphBuilder(emptyGraph('linear'));
  b.input('x', DType.float32, ['N', 3, SHAPE.height, SHAPE.width]);
  const flat = b.node('Flatten', ['x'], { axis: 1 });
  b.node('Gemm', [flat, b.constant(scaled, [classes, 3 * plane]), b.constant(shifted, [classes])], { transB: 1 }, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', classes]);
  return b.graph;
}

describe('a linear ONNX model under onnxruntime', () => {
  const test = linearCase('onnx', 4, SHAPE, 6, false);
  let model: OpenModel;
  beforeAll(async () => {
    model = await open(linearGraph(test.model.weights as Float32Array, test.model.bias as Float32Array, 4));
  });
  afterAll(() => model.close());

  it.each([
    ['ddn', 'l2'],
    ['fmn', 'l1'],
    ['fmn', 'l2'],
    ['fmn', 'linf'],
    ['sigma-zero', 'l0'],
  ] as [string, FeatureNorm][])('%s %s comes to the exact optimum', async (attack, norm) => {
    const job = { model, images: test.images, norm, eps: [1], attack, options: {}, seed: 1, maxQueries: null, gate: OPEN };
    for (const [i, finding] of (await attackBatch(job)).entries()) {
      const { pixels, label } = test.images[i]!;
      const best = exactMinimum(norm, test.model, pixels, label).distance;
      expect(finding.state).toBe('broken');
      expect(finding.float![norm]).toBeGreaterThan(best * (1 - 1e-4));
      expect(finding.float![norm]).toBeLessThan(best * 1.02);
    }
  });
});

describe('a convolutional ONNX model under onnxruntime', () => {
  let model: OpenModel;
  let images: ProblemImage[];
  beforeAll(async () => {
    model = await open(convolutional(3, 5));
    images = linearCase('pictures', 2, SHAPE, 7, false).images;
    const block = new Float32Array(4 * 105);
    for (const image of images) {
      block.set(image.pixels);
      const logits = (await model.forward(block)).logits.subarray(0, 5);
      image.label = logits.indexOf(Math.max(...logits));
    }
  });
  afterAll(() => model.close());

  it.each(ATTACKS)('%s %s: same bits alone, in threes and all together; pictures hold', async (attack, norm, options) => {
    const run = (some: ProblemImage[]): Promise<ImageFinding[]> =>
      attackBatch({ model, images: some, norm, eps: [0.2], attack, options, seed: 9, maxQueries: null, gate: OPEN });
    const whole = await run(images);
    const threes = [...(await run(images.slice(0, 3))), ...(await run(images.slice(3, 6))), ...(await run(images.slice(6)))];
    expect(threes).toEqual(whole);
    expect(await run([images[4]!])).toEqual([whole[4]]);
    expect(whole.filter((f) => f.state === 'broken').length).toBeGreaterThan(4);
    const block = new Float32Array(4 * 105);
    for (const [i, finding] of whole.entries()) {
      if (!finding.eightBit) continue;
      block.set(Float32Array.from(finding.eightBit, (level) => level / 255));
      const logits = (await model.forward(block)).logits.subarray(0, 5);
      expect(logits.indexOf(Math.max(...logits))).not.toBe(images[i]!.label);
    }
  });
});
