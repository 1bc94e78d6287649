import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { gaussian } from '../autodiff/gradient.ts';

export type Dims = readonly (number | string)[];

/** Seeded normal weights, scaled to keep values near one. */
export function weights(b: GraphBuilder, dims: number[], seed: number): string {
  const count = dims.reduce((a, d) => a * d, 1);
  const next = gaussian(seed);
  const scale = Math.sqrt(dims[0]! / count);
  return b.constant(
    Float32Array.from({ length: count }, () => scale * next()),
    dims,
    DType.float32,
    'weights',
  );
}

/** logits = W x + b on the flattened input; `dims` without the batch. */
export function linear(dims: number[], classes: number, seed = 1, batch: number | string = 'N'): Graph {
  const b = new GraphBuilder(emptyGraph('linear'));
  b.input('x', DType.float32, [batch, ...dims]);
  const features = dims.reduce((a, d) => a * d, 1);
  const flat = b.node('Flatten', ['x'], { axis: 1 });
  b.node('Gemm', [flat, weights(b, [classes, features], seed), weights(b, [classes], seed + 1)], { transB: 1 }, { outputs: ['y'] });
  b.output('y', DType.float32, [batch, classes]);
  return b.graph;
}

/** Convolution, tanh (no kinks), mean over the picture, matrix; any picture size. `nhwc`: the input has its channels last. */
export function convolutional(channels: number, classes: number, { seed = 1, nhwc = false, size = ['h', 'w'] as Dims } = {}): Graph {
  const b = new GraphBuilder(emptyGraph('convolutional'));
  b.input('x', DType.float32, nhwc ? ['N', ...size, channels] : ['N', channels, ...size]);
  const planes = nhwc ? b.node('Transpose', ['x'], { perm: [0, 3, 1, 2] }) : 'x';
  const hidden = b.node('Tanh', [
    b.node('Conv', [planes, weights(b, [6, channels, 3, 3], seed)], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ]);
  const pooled = b.node('Flatten', [b.node('GlobalAveragePool', [hidden])], { axis: 1 });
  b.node('MatMul', [b.node('Mul', [pooled, b.scalar(8)]), weights(b, [6, classes], seed + 1)], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', classes]);
  return b.graph;
}

/** A picture to a picture through many wide convolutions with kinks between them: a check needs hundreds of gradients. */
export function slow(): Graph {
  const b = new GraphBuilder(emptyGraph('slow'));
  b.input('x', DType.float32, [1, 3, 96, 96]);
  let at = 'x';
  for (let layer = 0; layer < 8; layer++)
    at = b.node('Relu', [
      b.node('Conv', [at, weights(b, [32, layer === 0 ? 3 : 32, 3, 3], layer)], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    ]);
  b.node('Conv', [at, weights(b, [3, 32, 1, 1], 99)], {}, { outputs: ['y'] });
  b.output('y', DType.float32, [1, 3, 96, 96]);
  return b.graph;
}
