import { DType } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { add, gelu, permute, reshape } from './layers.ts';
import { Net } from './net.ts';
import type { Value } from './net.ts';

const [WIDTH, DEPTH, HEADS, PATCH] = [192, 12, 3, 16];
const EPSILON = 1e-6;

/** softmax(q k' / √d) v for each head, with q and k scaled by d^(1/4) each, as PyTorch's exporter writes it. */
function attention(net: Net, x: Value): Value {
  const [tokens] = x.dims as [number, number];
  const size = WIDTH / HEADS;
  // [tokens, 3 WIDTH] to three of [HEADS, tokens, size]
  const joint = permute(net, reshape(net, net.dense(x, 3 * WIDTH), [tokens, 3, HEADS, size]), [2, 3, 1, 4]);
  const part = (k: number) => net.op('Gather', [joint], [HEADS, tokens, size], { axis: 1 }, [net.builder.constant([k], [], DType.int64)]);
  const scaled = (v: Value) => net.op('Mul', [v], v.dims, {}, [net.builder.scalar(size ** -0.25)]);
  const [q, k, v] = [scaled(part(0)), scaled(permute(net, part(1), [1, 3, 2])), part(2)];
  const weights = net.op('Softmax', [net.op('MatMul', [q, k], [HEADS, tokens, tokens])], [HEADS, tokens, tokens], { axis: -1 });
  const mixed = permute(net, net.op('MatMul', [weights, v], [HEADS, tokens, size]), [2, 1, 3]);
  return net.dense(reshape(net, mixed, [tokens, WIDTH]), WIDTH, 0.5);
}

function block(net: Net, x: Value): Value {
  const y = add(net, x, attention(net, net.layerNorm(x, EPSILON)));
  return add(net, y, net.dense(gelu(net, net.dense(net.layerNorm(y, EPSILON), 4 * WIDTH)), WIDTH, 0.5));
}

/** ViT-Ti/16 (Dosovitskiy et al. 2021; Touvron et al. 2021, arXiv:2012.12877, table 1), with a class token. */
export function vitTiny(): Graph {
  const net = new Net('ViT-Tiny', [3, 224, 224]);
  const patches = net.conv(net.input, WIDTH, PATCH, { stride: PATCH, bias: 'own', gain: 1 });
  const count = patches.dims[1]! * patches.dims[2]!;
  const tokens = permute(net, reshape(net, patches, [WIDTH, count]), [2, 1]);
  // The class token once for each image of the batch, whose size only the graph knows.
  const { builder } = net;
  const batch = builder.node('Shape', [net.input.name], { start: 0, end: 1 });
  const expanded = builder.node('Expand', [net.weight('class.token', [1, 1, WIDTH], 0.5), builder.node('Concat', [batch, builder.ints([1, WIDTH])], { axis: 0 })]);
  const joined = { name: builder.node('Concat', [expanded, tokens.name], { axis: 1 }), dims: [count + 1, WIDTH] };
  let x = net.op('Add', [joined], joined.dims, {}, [net.weight('positions.weight', [1, count + 1, WIDTH], 0.5)]);
  for (let i = 0; i < DEPTH; i++) x = block(net, x);
  x = net.layerNorm(x, EPSILON);
  const first = net.op('Gather', [x], [WIDTH], { axis: 1 }, [builder.constant([0], [], DType.int64)]);
  return net.finish(net.linear(first, 1000));
}
