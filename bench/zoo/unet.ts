import type { Graph } from '../../src-main/graph/index.ts';
import { concat, flatten, globalAverage, maxPool, relu } from './layers.ts';
import { Net } from './net.ts';
import type { Value } from './net.ts';

const CLASSES = 2;
const WIDTHS = [64, 128, 256, 512, 1024];

function twice(net: Net, x: Value, out: number): Value {
  return relu(net, net.conv(relu(net, net.conv(x, out, 3, { pad: 1 })), out, 3, { pad: 1 }));
}

/**
 * Ronneberger et al. 2015 (arXiv:1505.04597), figure 1, with padded convolutions and batch normalisation (folded), as it
 * is used today. Its map of class scores is averaged over the picture at the end: the margin loss wants one row of
 * scores per image. Pictures of 128 x 128, so that a batch of 8 stays a matter of seconds.
 */
export function unet(): Graph {
  const net = new Net('U-Net', [3, 128, 128]);
  const levels: Value[] = [];
  let x = net.input;
  WIDTHS.forEach((width, level) => {
    x = twice(net, level === 0 ? x : maxPool(net, x, 2, 2), width);
    levels.push(x);
  });
  for (const skip of levels.slice(0, -1).reverse()) x = twice(net, concat(net, [skip, net.upConv(x, skip.dims[0]!)]), skip.dims[0]!);
  return net.finish(flatten(net, globalAverage(net, net.conv(x, CLASSES, 1, { bias: 'own', gain: 1 }))));
}
