import type { Graph } from '../../src-main/graph/index.ts';
import { add, flatten, gelu, globalAverage, permute } from './layers.ts';
import { Net } from './net.ts';
import type { Value } from './net.ts';

/** Channels and blocks of each stage (Liu et al. 2022, arXiv:2201.03545, table 9, ConvNeXt-T). */
const STAGES = [
  [96, 3],
  [192, 3],
  [384, 9],
  [768, 3],
] as const;
const EPSILON = 1e-6;

/** LayerNorm over channels of planes: there and back through channel-last, as PyTorch's exporter writes it. */
const planeNorm = (net: Net, x: Value): Value => permute(net, net.layerNorm(permute(net, x, [2, 3, 1]), EPSILON), [3, 1, 2]);

function block(net: Net, x: Value): Value {
  const channels = x.dims[0]!;
  const deep = permute(net, net.conv(x, channels, 7, { pad: 3, group: channels, bias: 'own', gain: 1 }), [2, 3, 1]);
  const mixed = net.dense(gelu(net, net.dense(net.layerNorm(deep, EPSILON), 4 * channels)), channels);
  const scaled = net.op('Mul', [permute(net, mixed, [3, 1, 2])], x.dims, {}, [
    net.weight(`${net.layer()}.layerscale`, [channels, 1, 1], 0.1, 0.3),
  ]);
  return add(net, scaled, x);
}

export function convnextTiny(): Graph {
  const net = new Net('ConvNeXt-Tiny', [3, 224, 224]);
  let x = net.input;
  STAGES.forEach(([channels, blocks], stage) => {
    x =
      stage === 0
        ? planeNorm(net, net.conv(x, channels, 4, { stride: 4, bias: 'own' }))
        : net.conv(planeNorm(net, x), channels, 2, { stride: 2, bias: 'own' });
    for (let i = 0; i < blocks; i++) x = block(net, x);
  });
  return net.finish(net.linear(flatten(net, planeNorm(net, globalAverage(net, x))), 1000));
}
