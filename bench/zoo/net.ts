import { DType, emptyGraph, GraphBuilder, makeTensor } from '../../src-main/graph/index.ts';
import type { AttributeValue, Graph } from '../../src-main/graph/index.ts';
import { Stream } from './weights.ts';

/** A value of the network: its name, and its dimensions without the batch. */
export interface Value {
  name: string;
  dims: number[];
}

export interface ConvOptions {
  stride?: number;
  pad?: number;
  group?: number;
  /** own: the layer's own bias. folded: the bias a BatchNormalization behind it left when the exporter folded it in. */
  bias?: 'none' | 'own' | 'folded';
  /** Times 1/sqrt(fan in). √2 keeps the second moment through a Relu (He et al. 2015, eq. 10). */
  gain?: number;
}

/** Graphs as PyTorch's exporter writes them for inference, with a free batch dimension and opset 18. */
export class Net {
  readonly builder: GraphBuilder;
  readonly input: Value;
  private readonly random: Stream;
  private layers = 0;

  constructor(name: string, input: readonly number[], seed = 1) {
    this.builder = new GraphBuilder(emptyGraph(name));
    this.random = new Stream(seed);
    this.input = { name: this.builder.input('input', DType.float32, ['batch', ...input]), dims: [...input] };
  }

  /** Declares the output, [batch, ...dims]. */
  finish(output: Value): Graph {
    this.builder.node('Identity', [output.name], {}, { outputs: ['output'] });
    this.builder.output('output', DType.float32, ['batch', ...output.dims]);
    return this.builder.graph;
  }

  op(
    type: string,
    inputs: readonly Value[],
    dims: readonly number[],
    attributes: Record<string, AttributeValue> = {},
    more: readonly string[] = [],
  ): Value {
    return { name: this.builder.node(type, [...inputs.map((v) => v.name), ...more], attributes), dims: [...dims] };
  }

  /** Numbers the next layer; its weights are called `NUMBER.ROLE`, by which the tests count them. */
  layer(): string {
    return `layer${this.layers++}`;
  }
  weight(name: string, dims: readonly number[], deviation: number, mean = 0): string {
    const count = dims.reduce((a, b) => a * b, 1);
    return this.builder.tensor(makeTensor(name, DType.float32, dims, this.random.fill(count, deviation, mean)));
  }

  conv(x: Value, out: number, kernel: number, options: ConvOptions = {}): Value {
    const { stride = 1, pad = 0, group = 1, bias = 'folded', gain = Math.SQRT2 } = options;
    const [channels, height, width] = x.dims as [number, number, number];
    const name = this.layer();
    const fanIn = (channels / group) * kernel * kernel;
    const weights = [this.weight(`${name}.weight`, [out, channels / group, kernel, kernel], gain / Math.sqrt(fanIn))];
    if (bias !== 'none') weights.push(this.weight(`${name}.${bias === 'own' ? 'bias' : 'folded'}`, [out], 0.05));
    const size = (d: number) => Math.floor((d + 2 * pad - kernel) / stride) + 1;
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad], dilations: [1, 1], group };
    return this.op('Conv', [x], [out, size(height), size(width)], attributes, weights);
  }

  /** 2x2 at stride 2, which doubles height and width. */
  upConv(x: Value, out: number): Value {
    const [channels, height, width] = x.dims as [number, number, number];
    const name = this.layer();
    const weights = [
      this.weight(`${name}.weight`, [channels, out, 2, 2], 1 / Math.sqrt(channels)),
      this.weight(`${name}.bias`, [out], 0.05),
    ];
    return this.op('ConvTranspose', [x], [out, 2 * height, 2 * width], { kernel_shape: [2, 2], strides: [2, 2] }, weights);
  }

  /** Inference form: scale, bias, and the statistics that were measured in training. */
  batchNorm(x: Value): Value {
    const name = this.layer();
    const c = x.dims[0]!;
    const weights = [
      this.weight(`${name}.scale`, [c], 0.1, 1),
      this.weight(`${name}.bias`, [c], 0.05),
      this.weight(`${name}.mean`, [c], 0.05),
      this.weight(`${name}.variance`, [c], 0.1, 1),
    ];
    return this.op('BatchNormalization', [x], x.dims, { epsilon: { float: 1e-5 } }, weights);
  }

  layerNorm(x: Value, epsilon: number): Value {
    const name = this.layer();
    const d = x.dims[x.dims.length - 1]!;
    return this.op('LayerNormalization', [x], x.dims, { axis: -1, epsilon: { float: epsilon } }, [
      this.weight(`${name}.scale`, [d], 0.1, 1),
      this.weight(`${name}.bias`, [d], 0.05),
    ]);
  }

  /** Linear layer on a vector: Gemm. */
  linear(x: Value, out: number, gain = 1): Value {
    const name = this.layer();
    const [d] = x.dims as [number];
    const weights = [this.weight(`${name}.weight`, [out, d], gain / Math.sqrt(d)), this.weight(`${name}.bias`, [out], 0.05)];
    return this.op('Gemm', [x], [out], { transB: 1 }, weights);
  }

  /** Linear layer on the last of several axes: MatMul and Add. */
  dense(x: Value, out: number, gain = 1): Value {
    const name = this.layer();
    const d = x.dims[x.dims.length - 1]!;
    const dims = [...x.dims.slice(0, -1), out];
    const product = this.op('MatMul', [x], dims, {}, [this.weight(`${name}.weight`, [d, out], gain / Math.sqrt(d))]);
    return this.op('Add', [product], dims, {}, [this.weight(`${name}.bias`, [out], 0.05)]);
  }
}
