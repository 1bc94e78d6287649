import { ints, string } from '../graph/index.ts';
import type { RuleContext } from './rule.ts';

/** Geometry of a sliding window over the spatial axes: convolution and pooling. One entry per axis. */
export interface Window {
  size: number[];
  output: number[];
  kernel: number[];
  stride: number[];
  dilation: number[];
  begin: number[];
  end: number[];
}

/** An attribute with a number for each spatial axis: 1 where the node says none. */
export const perAxis = ({ node }: RuleContext, name: 'strides' | 'dilations', axes: number): number[] =>
  ints(node, name, new Array<number>(axes).fill(1));

/** Reads kernel, strides, dilations and padding of a node; `auto_pad` is turned into numbers (ONNX, Conv). */
export function windowOf(ctx: RuleContext, kernel: readonly number[]): Window {
  const { node } = ctx;
  const size = ctx.dims(ctx.x(0)).slice(2);
  const output = ctx.dims(ctx.y(0)).slice(2);
  const n = size.length;
  const stride = perAxis(ctx, 'strides', n);
  const dilation = perAxis(ctx, 'dilations', n);
  const pads = ints(
    node,
    'pads',
    [...size, ...size].map(() => 0),
  );
  const auto = string(node, 'auto_pad', 'NOTSET');
  let begin = pads.slice(0, n);
  let end = pads.slice(n);
  if (auto === 'VALID') {
    begin = begin.map(() => 0);
    end = begin;
  } else if (auto.startsWith('SAME')) {
    const all = size.map((d, i) => Math.max(0, (output[i]! - 1) * stride[i]! + (kernel[i]! - 1) * dilation[i]! + 1 - d));
    const less = all.map((p) => Math.floor(p / 2));
    const more = all.map((p) => Math.ceil(p / 2));
    [begin, end] = auto === 'SAME_UPPER' ? [less, more] : [more, less];
  }
  return { size, output, kernel: [...kernel], stride, dilation, begin, end };
}

/** The window as explicit attributes, for a node of the same geometry. */
export function windowAttributes(w: Window): Record<string, number[]> {
  return { kernel_shape: w.kernel, strides: w.stride, dilations: w.dilation, pads: [...w.begin, ...w.end] };
}
