import type { Graph } from '../../src-main/graph/index.ts';
import { flatten, maxPool, relu } from './layers.ts';
import { Net } from './net.ts';
import type { Value } from './net.ts';

const own = { bias: 'own' } as const;

/** LeCun et al. 1998, figure 2, as it is trained today: padding for 28 x 28 digits, Relu and max pooling. */
export function lenet5(): Graph {
  const net = new Net('LeNet-5', [1, 28, 28]);
  let x = maxPool(net, relu(net, net.conv(net.input, 6, 5, { ...own, pad: 2 })), 2, 2);
  x = flatten(net, maxPool(net, relu(net, net.conv(x, 16, 5, own)), 2, 2));
  for (const width of [120, 84]) x = relu(net, net.linear(x, width, Math.SQRT2));
  return net.finish(net.linear(x, 10));
}

/** The MNIST network of Carlini and Wagner 2017 (arXiv:1608.04644, table 1), common in papers on robustness. */
export function smallCnn(): Graph {
  const net = new Net('SmallCNN', [1, 28, 28]);
  const convolved = (x: Value, width: number) => relu(net, net.conv(x, width, 3, own));
  let x = net.input;
  for (const width of [32, 64]) x = maxPool(net, convolved(convolved(x, width), width), 2, 2);
  x = flatten(net, x);
  for (const width of [200, 200]) x = relu(net, net.linear(x, width, Math.SQRT2));
  return net.finish(net.linear(x, 10));
}
