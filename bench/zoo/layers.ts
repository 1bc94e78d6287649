import type { Net, Value } from './net.ts';

/** Layers without weights, each in the nodes that PyTorch's exporter writes at opset 18. */

export const relu = (net: Net, x: Value): Value => net.op('Relu', [x], x.dims);
export const relu6 = (net: Net, x: Value): Value => net.op('Clip', [x], x.dims, {}, [net.builder.scalar(0), net.builder.scalar(6)]);
export const sigmoid = (net: Net, x: Value): Value => net.op('Sigmoid', [x], x.dims);
export const silu = (net: Net, x: Value): Value => net.op('Mul', [x, sigmoid(net, x)], x.dims);

/** x Φ(x), in five nodes: Gelu is an operator from opset 20 on only. */
export function gelu(net: Net, x: Value): Value {
  const erf = net.op('Erf', [net.op('Div', [x], x.dims, {}, [net.builder.scalar(Math.SQRT2)])], x.dims);
  const twice = net.op('Mul', [x, net.op('Add', [erf], x.dims, {}, [net.builder.scalar(1)])], x.dims);
  return net.op('Mul', [twice], x.dims, {}, [net.builder.scalar(0.5)]);
}

export function maxPool(net: Net, x: Value, kernel: number, stride: number, pad = 0): Value {
  const [c, h, w] = x.dims as [number, number, number];
  const size = (d: number) => Math.floor((d + 2 * pad - kernel) / stride) + 1;
  return net.op('MaxPool', [x], [c, size(h), size(w)], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
  });
}

export function averagePool(net: Net, x: Value, kernel: number): Value {
  const [c, h, w] = x.dims as [number, number, number];
  const size = (d: number) => Math.floor(d / kernel);
  return net.op('AveragePool', [x], [c, size(h), size(w)], { kernel_shape: [kernel, kernel], strides: [kernel, kernel] });
}

export const globalAverage = (net: Net, x: Value): Value => net.op('GlobalAveragePool', [x], [x.dims[0]!, 1, 1]);
export const flatten = (net: Net, x: Value): Value => net.op('Flatten', [x], [x.dims.reduce((a, b) => a * b, 1)], { axis: 1 });
export const add = (net: Net, a: Value, b: Value): Value => net.op('Add', [a, b], a.dims);
export const mul = (net: Net, a: Value, b: Value): Value => net.op('Mul', [a, b], a.dims);

export function concat(net: Net, parts: readonly Value[]): Value {
  const [first] = parts as [Value];
  const channels = parts.reduce((sum, part) => sum + part.dims[0]!, 0);
  return net.op('Concat', parts, [channels, ...first.dims.slice(1)], { axis: 1 });
}

/** Permutation of the axes behind the batch, counted from 1. */
export function permute(net: Net, x: Value, axes: readonly number[]): Value {
  return net.op(
    'Transpose',
    [x],
    axes.map((a) => x.dims[a - 1]!),
    { perm: [0, ...axes] },
  );
}

/** New dimensions behind the batch; 0 keeps the batch's. */
export const reshape = (net: Net, x: Value, dims: readonly number[]): Value =>
  net.op('Reshape', [x], dims, {}, [net.builder.ints([0, ...dims])]);
