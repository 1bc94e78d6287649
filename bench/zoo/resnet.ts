import type { Graph } from '../../src-main/graph/index.ts';
import { add, flatten, globalAverage, maxPool, relu } from './layers.ts';
import { Net } from './net.ts';
import type { Value } from './net.ts';

/** The last convolution of a block is drawn small, as training leaves it, so that 16 sums do not blow up. */
const QUIET = 0.5;

function shortcut(net: Net, x: Value, out: number, stride: number): Value {
  return stride === 1 && x.dims[0] === out ? x : net.conv(x, out, 1, { stride, gain: 1 });
}

function basic(net: Net, x: Value, width: number, stride: number): Value {
  const y = relu(net, net.conv(x, width, 3, { stride, pad: 1 }));
  return relu(net, add(net, net.conv(y, width, 3, { pad: 1, gain: QUIET }), shortcut(net, x, width, stride)));
}

/** With the stride at the 3x3 convolution, as torchvision has it; `wider` times as many channels inside. */
const bottleneck =
  (wider: number) =>
  (net: Net, x: Value, width: number, stride: number): Value => {
    const inner = wider * width;
    const y = relu(net, net.conv(relu(net, net.conv(x, inner, 1)), inner, 3, { stride, pad: 1 }));
    return relu(net, add(net, net.conv(y, 4 * width, 1, { gain: QUIET }), shortcut(net, x, 4 * width, stride)));
  };

/** He et al. 2016 (arXiv:1512.03385), table 1. Every BatchNormalization folds into the convolution before it. */
function resnet(name: string, block: typeof basic, depths: readonly number[]): Graph {
  const net = new Net(name, [3, 224, 224]);
  let x = maxPool(net, relu(net, net.conv(net.input, 64, 7, { stride: 2, pad: 3 })), 3, 2, 1);
  depths.forEach((depth, stage) => {
    for (let i = 0; i < depth; i++) x = block(net, x, 64 * 2 ** stage, i === 0 && stage > 0 ? 2 : 1);
  });
  return net.finish(net.linear(flatten(net, globalAverage(net, x)), 1000));
}

export const resnet18 = (): Graph => resnet('ResNet-18', basic, [2, 2, 2, 2]);
export const resnet50 = (): Graph => resnet('ResNet-50', bottleneck(1), [3, 4, 6, 3]);
/** Zagoruyko and Komodakis 2016 (arXiv:1605.07146), as torchvision has it: 508 MB, all of it convolutions. */
export const wideResnet101 = (): Graph => resnet('Wide ResNet-101-2', bottleneck(2), [3, 4, 23, 3]);
