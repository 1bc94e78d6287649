import type { Graph } from '../../src-main/graph/index.ts';
import { add, flatten, globalAverage, relu6 } from './layers.ts';
import { Net } from './net.ts';
import type { Value } from './net.ts';

/** Expansion, channels, blocks, stride of each stage (Sandler et al. 2018, arXiv:1801.04381, table 2). */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

function inverted(net: Net, x: Value, expansion: number, out: number, stride: number): Value {
  const wide = x.dims[0]! * expansion;
  let y = expansion === 1 ? x : relu6(net, net.conv(x, wide, 1));
  y = relu6(net, net.conv(y, wide, 3, { stride, pad: 1, group: wide }));
  y = net.conv(y, out, 1, { gain: 1 });
  return stride === 1 && x.dims[0] === out ? add(net, x, y) : y;
}

/** Every BatchNormalization folds into the convolution before it. */
export function mobilenetV2(side = 224): Graph {
  const net = new Net('MobileNetV2', [3, side, side]);
  let x = relu6(net, net.conv(net.input, 32, 3, { stride: 2, pad: 1 }));
  for (const [expansion, channels, blocks, stride] of STAGES)
    for (let i = 0; i < blocks; i++) x = inverted(net, x, expansion, channels, i === 0 ? stride : 1);
  x = relu6(net, net.conv(x, 1280, 1));
  return net.finish(net.linear(flatten(net, globalAverage(net, x)), 1000));
}
