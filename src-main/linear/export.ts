import { DType, emptyGraph, GraphBuilder } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import type { LinearModel } from '../norms/exactLinear.ts';

/** A linear model as an ONNX graph: pictures N x C x H x W in [0,1] to N x classes logits, by Flatten and Gemm. */
export function linearGraph({ classes, weights, bias }: LinearModel, { channels, height, width }: ImageShape): Graph {
  const features = channels * height * width;
  const b = new GraphBuilder(emptyGraph('linear'));
  b.input('image', DType.float32, ['N', channels, height, width]);
  const flat = b.node('Flatten', ['image'], { axis: 1 });
  const w = b.constant(Float32Array.from(weights), [classes, features], DType.float32, 'weights');
  b.node('Gemm', [flat, w, b.constant(Float32Array.from(bias), [classes], DType.float32, 'bias')], { transB: 1 }, { outputs: ['logits'] });
  b.output('logits', DType.float32, ['N', classes]);
  return b.graph;
}
