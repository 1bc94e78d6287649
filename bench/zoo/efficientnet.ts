import type { Graph } from '../../src-main/graph/index.ts';
import { add, flatten, globalAverage, mul, sigmoid, silu } from './layers.ts';
import { Net } from './net.ts';
import type { Value } from './net.ts';

/** Expansion, kernel, stride, channels, blocks of each stage (Tan and Le 2019, arXiv:1905.11946, table 1). */
const STAGES = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;
/** Gains that make up for what SiLU and the gates take away, so that the signal neither dies nor grows over 16 blocks. */
const [DEPTHWISE, PROJECTED] = [1.7, 2];

/** Squeeze and excitation (Hu et al. 2018): each channel times a gate computed from all channels' means. */
function squeezed(net: Net, x: Value, inner: number): Value {
  const gate = silu(net, net.conv(globalAverage(net, x), inner, 1, { bias: 'own' }));
  return mul(net, x, sigmoid(net, net.conv(gate, x.dims[0]!, 1, { bias: 'own' })));
}

function block(net: Net, x: Value, expansion: number, kernel: number, stride: number, out: number): Value {
  const channels = x.dims[0]!;
  const wide = channels * expansion;
  let y = expansion === 1 ? x : silu(net, net.conv(x, wide, 1));
  y = silu(net, net.conv(y, wide, kernel, { stride, pad: (kernel - 1) / 2, group: wide, gain: DEPTHWISE }));
  y = net.conv(squeezed(net, y, channels / 4), out, 1, { gain: PROJECTED });
  return stride === 1 && channels === out ? add(net, x, y) : y;
}

/** Every BatchNormalization folds into the convolution before it. */
export function efficientnetB0(): Graph {
  const net = new Net('EfficientNet-B0', [3, 224, 224]);
  let x = silu(net, net.conv(net.input, 32, 3, { stride: 2, pad: 1 }));
  for (const [expansion, kernel, stride, channels, blocks] of STAGES)
    for (let i = 0; i < blocks; i++) x = block(net, x, expansion, kernel, i === 0 ? stride : 1, channels);
  x = silu(net, net.conv(x, 1280, 1));
  return net.finish(net.linear(flatten(net, globalAverage(net, x)), 1000));
}
