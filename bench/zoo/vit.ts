import { DType } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { add, gelu, permute, reshape } from './layers.ts';
import { Net } from './net.ts';
import type { Value } from './net.ts';

const EPSILON = 1e-6;

interface Size {
  width: number;
  depth: number;
  heads: number;
  /** Side of a patch of the picture of 224 x 224. */
  patch: number;
}

/** softmax(q k' / √d) v for each head, with q and k scaled by d^(1/4) each, as PyTorch's exporter writes it. */
function attention(net: Net, x: Value, heads: number): Value {
  const [tokens, width] = x.dims as [number, number];
  const size = width / heads;
  // [tokens, 3 width] to three of [heads, tokens, size]
  const joint = permute(net, reshape(net, net.dense(x, 3 * width), [tokens, 3, heads, size]), [2, 3, 1, 4]);
  const part = (k: number) => net.op('Gather', [joint], [heads, tokens, size], { axis: 1 }, [net.builder.constant([k], [], DType.int64)]);
  const scaled = (v: Value) => net.op('Mul', [v], v.dims, {}, [net.builder.scalar(size ** -0.25)]);
  const [q, k, v] = [scaled(part(0)), scaled(permute(net, part(1), [1, 3, 2])), part(2)];
  const weights = net.op('Softmax', [net.op('MatMul', [q, k], [heads, tokens, tokens])], [heads, tokens, tokens], { axis: -1 });
  const mixed = permute(net, net.op('MatMul', [weights, v], [heads, tokens, size]), [2, 1, 3]);
  return net.dense(reshape(net, mixed, [tokens, width]), width, 0.5);
}

function block(net: Net, x: Value, heads: number): Value {
  const width = x.dims[1]!;
  const y = add(net, x, attention(net, net.layerNorm(x, EPSILON), heads));
  return add(net, y, net.dense(gelu(net, net.dense(net.layerNorm(y, EPSILON), 4 * width)), width, 0.5));
}

/** A vision transformer (Dosovitskiy et al. 2021, arXiv:2010.11929) with a class token. */
export function vit(name: string, { width, depth, heads, patch }: Size): Graph {
  const net = new Net(name, [3, 224, 224]);
  const patches = net.conv(net.input, width, patch, { stride: patch, bias: 'own', gain: 1 });
  const count = patches.dims[1]! * patches.dims[2]!;
  const tokens = permute(net, reshape(net, patches, [width, count]), [2, 1]);
  // The class token once for each image of the batch, whose size only the graph knows.
  const { builder } = net;
  const batch = builder.node('Shape', [net.input.name], { start: 0, end: 1 });
  const expanded = builder.node('Expand', [
    net.weight('class.token', [1, 1, width], 0.5),
    builder.node('Concat', [batch, builder.ints([1, width])], { axis: 0 }),
  ]);
  const joined = { name: builder.node('Concat', [expanded, tokens.name], { axis: 1 }), dims: [count + 1, width] };
  let x = net.op('Add', [joined], joined.dims, {}, [net.weight('positions.weight', [1, count + 1, width], 0.5)]);
  for (let i = 0; i < depth; i++) x = block(net, x, heads);
  x = net.layerNorm(x, EPSILON);
  const first = net.op('Gather', [x], [width], { axis: 1 }, [builder.constant([0], [], DType.int64)]);
  return net.finish(net.linear(first, 1000));
}

/** ViT-Ti/16 (Touvron et al. 2021, arXiv:2012.12877, table 1). */
export const vitTiny = (): Graph => vit('ViT-Tiny', { width: 192, depth: 12, heads: 3, patch: 16 });
