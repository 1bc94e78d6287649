import { describe, expect, it } from 'vitest';
import { ZOO } from '../../bench/zoo/index.ts';
import { declaredShape, elementCount, saveGraph, tensorDims } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { part } from '../part.ts';

/** Trainable parameters, as torchvision, timm and the authors' pages give them; the last two follow from their papers' tables. */
const PUBLISHED: Record<string, number> = {
  'resnet-18': 11_689_512,
  'resnet-50': 25_557_032,
  'mobilenet-v2': 3_504_872,
  'efficientnet-b0': 5_288_548,
  'densenet-121': 7_978_856,
  'vit-tiny': 5_717_416,
  'convnext-tiny': 28_589_128,
  'u-net': 31_037_698,
  'lenet-5': 61_706,
  'small-cnn': 312_202,
};

/**
 * Parameters before export. A BatchNormalization has a scale and a shift per channel: folded into a convolution one vector
 * is left of the two (`.folded`), and as a node of its own it brings its statistics, which are not trained.
 */
function trained(graph: Graph): number {
  let sum = 0;
  for (const [name, tensor] of graph.initializers) {
    if (!/^(layer\d+|class|positions)\./.test(name)) continue;
    const count = elementCount(tensorDims(tensor));
    sum += name.endsWith('.folded') ? 2 * count : /\.(mean|variance)$/.test(name) ? 0 : count;
  }
  return sum;
}

describe.each(part(Object.entries(ZOO), 3))('%s', (name, build) => {
  it('has the published number of parameters and runs', async () => {
    const graph = build();
    expect(trained(graph)).toBe(PUBLISHED[name]);

    const size = declaredShape(graph.inputs[0]!).dims.slice(1) as number[];
    const session = await openSession(saveGraph(graph), { threads: 2 });
    try {
      const pixels = Float32Array.from({ length: elementCount(size) }, (_, i) => (Math.sin(i * 12.9898) + 1) / 2);
      const out = await session.run({ input: new Tensor('float32', pixels, [1, ...size]) });
      const logits = Array.from(out['output']!.data as Float32Array);
      expect(out['output']!.dims).toEqual([1, ...declaredShape(graph.outputs[0]!).dims.slice(1)]);
      // Neither died out nor blown up on the way: what a trained network's logits look like.
      const mean = logits.reduce((a, b) => a + b, 0) / logits.length;
      const deviation = Math.sqrt(logits.reduce((a, b) => a + (b - mean) ** 2, 0) / logits.length);
      expect(deviation).toBeGreaterThan(1e-2);
      expect(deviation).toBeLessThan(1e2);
    } finally {
      await session.release();
    }
  });
});
