import type { Graph } from '../../src-main/graph/index.ts';
import { averagePool, concat, flatten, globalAverage, maxPool, relu } from './layers.ts';
import { Net } from './net.ts';
import type { Value } from './net.ts';

const GROWTH = 32;
const BLOCKS = [6, 12, 24, 16];

/**
 * Huang et al. 2017 (arXiv:1608.06993), table 1. Normalisations that stand before their convolution, behind a Concat
 * that others read too, cannot be folded by an exporter: those stay BatchNormalization nodes.
 */
export function densenet121(): Graph {
  const net = new Net('DenseNet-121', [3, 224, 224]);
  const normed = (x: Value) => relu(net, net.batchNorm(x));
  let x = maxPool(net, relu(net, net.conv(net.input, 64, 7, { stride: 2, pad: 3 })), 3, 2, 1);
  BLOCKS.forEach((layers, stage) => {
    const features = [x];
    for (let i = 0; i < layers; i++) {
      const narrow = relu(net, net.conv(normed(i === 0 ? x : concat(net, features)), 4 * GROWTH, 1));
      features.push(net.conv(narrow, GROWTH, 3, { pad: 1, bias: 'none' }));
    }
    x = concat(net, features);
    if (stage < BLOCKS.length - 1) x = averagePool(net, net.conv(normed(x), x.dims[0]! / 2, 1, { bias: 'none' }), 2);
  });
  return net.finish(net.linear(flatten(net, globalAverage(net, normed(x))), 1000));
}
