import { resolve } from 'node:path';
import { mobilenetV2 } from '../../bench/zoo/mobilenet.ts';
import { Preprocessing } from '../../shared/plan.ts';
import type { Provider } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder, loadGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import type { Loss } from '../../src-main/model/differentiable.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import { chooseProvider } from '../../src-main/runtime/providers.ts';
import { uniform } from '../autodiff/gradient.ts';
import { weights } from '../model/networks.ts';
import { ALL } from '../part.ts';

/** Convolutions with rectifiers and max-pooling, as in every small classifier. */
function rectified(): Graph {
  const b = new GraphBuilder(emptyGraph('rectified'));
  b.input('x', DType.float32, ['N', 3, 16, 16]);
  const first = b.node('Relu', [b.node('Conv', ['x', weights(b, [8, 3, 3, 3], 1)], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })]);
  const pooled = b.node('MaxPool', [first], { kernel_shape: [2, 2], strides: [2, 2] });
  const second = b.node('Relu', [
    b.node('Conv', [pooled, weights(b, [8, 8, 3, 3], 2)], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ]);
  b.node(
    'Gemm',
    [b.node('Flatten', [second], { axis: 1 }), weights(b, [5, 128], 3), weights(b, [5], 4)],
    { transB: 1 },
    { outputs: ['y'] },
  );
  b.output('y', DType.float32, ['N', 5]);
  return b.graph;
}

/** Depthwise convolution, normalisation, clipping, a shortcut, average pooling, softmax: as in mobile networks. */
function mobile(): Graph {
  const b = new GraphBuilder(emptyGraph('mobile'));
  b.input('x', DType.float32, ['N', 3, 16, 16]);
  const wide = b.node('Conv', ['x', weights(b, [8, 3, 1, 1], 1)], { kernel_shape: [1, 1] });
  const ones = b.constant(new Array<number>(8).fill(1), [8]);
  const zeros = b.constant(new Array<number>(8).fill(0), [8]);
  const normal = b.node('BatchNormalization', [wide, weights(b, [8], 2), zeros, zeros, ones]);
  const six = b.node('Clip', [normal, b.scalar(0), b.scalar(6)]);
  const deep = b.node('Conv', [six, weights(b, [8, 1, 3, 3], 3)], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 8 });
  const pooled = b.node('AveragePool', [b.node('Add', [deep, six])], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  const flat = b.node('Flatten', [b.node('GlobalAveragePool', [b.node('Sigmoid', [pooled])])], { axis: 1 });
  b.node('Softmax', [b.node('Gemm', [flat, weights(b, [5, 8], 4), weights(b, [5], 5)], { transB: 1 })], { axis: 1 }, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', 5]);
  return b.graph;
}

interface Case {
  graph: Graph;
  loss: Loss;
  side: number;
  channels?: 1 | 3;
}
const CASES: Record<string, () => Case> = {
  rectified: () => ({ graph: rectified(), loss: 'margin', side: 16 }),
  mobile: () => ({ graph: mobile(), loss: 'cross-entropy', side: 16 }),
  signs: () => ({ graph: loadGraph(resolve('assets/samples/signs.onnx')), loss: 'margin', side: 32 }),
  // A minute of shaders for a processor: `npm run oracles`.
  ...(ALL && { 'MobileNetV2 at 64 x 64': (): Case => ({ graph: mobilenetV2(64), loss: 'cross-entropy', side: 64 }) }),
};

const rows = 2;
const label = Int32Array.of(0, 3);

/** What one provider computes, and which nodes of it the CPU did. */
async function run({ graph, loss, side, channels = 3 }: Case, provider: Provider) {
  const picture = { channels, height: side, width: side };
  const preprocessing = Preprocessing.parse(channels === 1 ? { channels: 'grey' } : { mean: [0.5], std: [0.25] });
  const model = await openDifferentiable({ graph, input: findImageInput(graph, null), preprocessing, picture, rows, provider });
  const x = Float32Array.from({ length: rows * channels * side * side }, uniform(2));
  try {
    const logits = Array.from((await model.forward(x)).logits);
    const gradient = Array.from((await model.gradient(loss, x, label, null)).gradient);
    // The second run is not profiled any more, and must be the same.
    const again = Array.from((await model.gradient(loss, x, label, null)).gradient);
    return { logits, gradient, again, fallbacks: model.fallbacks };
  } finally {
    await model.close();
  }
}

/** Largest difference, relative to the largest value. */
const error = (a: number[], b: number[]) => Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / Math.max(...b.map(Math.abs));

const choice = await chooseProvider('webgpu');
const results: Record<string, unknown> = {};
if (choice.used === 'webgpu')
  for (const [name, make] of Object.entries(CASES)) {
    const made = make();
    const [cpu, gpu] = [await run(made, 'cpu'), await run(made, 'webgpu')];
    results[name] = {
      logits: error(gpu.logits, cpu.logits),
      gradient: error(gpu.gradient, cpu.gradient),
      again: error(gpu.again, gpu.gradient),
      onCpu: { cpu: cpu.fallbacks, webgpu: gpu.fallbacks },
      pooling: made.graph.nodes.filter((n) => n.opType === 'MaxPool').length,
    };
  }
process.stdout.write(`${JSON.stringify({ choice, results })}\n`);
