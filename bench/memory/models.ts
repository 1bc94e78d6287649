import { appendFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { StringStringEntryProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { flatten, gelu, maxPool, permute, relu, reshape } from '../zoo/layers.ts';
import { Net } from '../zoo/net.ts';
import { wideResnet101 } from '../zoo/resnet.ts';
import { vit } from '../zoo/vit.ts';

/** Channels of each stage's convolutions (Simonyan and Zisserman 2015, arXiv:1409.1556, table 1, D). */
const VGG = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];

/** VGG-16: of its 553 MB, 411 lie in the first fully connected layer, 59 in convolutions. */
export function vgg16(): Graph {
  const net = new Net('VGG-16', [3, 224, 224]);
  let x = net.input;
  for (const stage of VGG) {
    for (const channels of stage) x = relu(net, net.conv(x, channels, 3, { pad: 1, bias: 'own' }));
    x = maxPool(net, x, 2, 2);
  }
  x = relu(net, net.linear(flatten(net, x), 4096, Math.SQRT2));
  return net.finish(net.linear(relu(net, net.linear(x, 4096, Math.SQRT2)), 1000));
}

/** Every kind of big weight in 302 MB that take no time to run: convolutions, stacks of rows times a matrix, a fully connected layer. */
function mixed(): Graph {
  const net = new Net('Mixed', [3, 32, 32]);
  let x = relu(net, net.conv(net.input, 64, 3, { stride: 2, pad: 1 }));
  x = relu(net, net.conv(x, 512, 3, { stride: 2, pad: 1 }));
  for (const [channels, kernel] of [
    [1024, 3],
    [2048, 1],
    [1024, 3],
  ] as const)
    x = relu(net, net.conv(x, channels, kernel, { pad: (kernel - 1) / 2 }));
  const rows = permute(net, reshape(net, x, [1024, 64]), [2, 1]);
  const deep = net.dense(gelu(net, net.dense(rows, 8192)), 1024);
  return net.finish(net.linear(relu(net, net.linear(flatten(net, deep), 512, Math.SQRT2)), 10));
}

/** Models of about 500 MB: nearly all Gemm, all MatMul, all Conv; and a smaller one for the test. */
export const LARGE: Record<string, () => Graph> = {
  'vgg-16': vgg16,
  'vit-large-10': () => vit('ViT-L, 10 of 24 blocks', { width: 1024, depth: 10, heads: 16, patch: 16 }),
  'wide-resnet-101-2': wideResnet101,
  mixed,
};

/** Writes a model with its weights in the file, or in one beside it. */
export function writeLarge(graph: Graph, file: string, external: boolean): void {
  if (external) moveOut(graph, `${file}.data`);
  writeFileSync(file, saveGraph(graph).bytes);
}

/** As PyTorch's exporter does it: one file for all weights of some size. */
function moveOut(graph: Graph, data: string): void {
  writeFileSync(data, '');
  let offset = 0;
  for (const tensor of graph.initializers.values()) {
    const { length } = tensor.rawData;
    if (length < 1024) continue;
    appendFileSync(data, tensor.rawData);
    const entries = { location: basename(data), offset: String(offset), length: String(length) };
    tensor.externalData = Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    tensor.rawData = new Uint8Array();
    offset += length;
  }
}
