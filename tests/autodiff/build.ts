import { DType, elementCount, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import type { Case } from './cases.ts';
import { filled, uniform } from './gradient.ts';
import type { Numbers } from './gradient.ts';

export type Width = 'float32' | 'float64';

export interface Built {
  graph: Graph;
  /** Random inputs by name: all are graph inputs, so that none is folded away. */
  values: Record<string, { data: Numbers; dims: number[] }>;
  wrt: string[];
  of: string;
}

/** A graph of the one node. */
export function build(test: Case, type: Width, seed: number): Built {
  const opset = test.opset ?? 18;
  const builder = new GraphBuilder(emptyGraph('case', opset));
  const dtype = type === 'float32' ? DType.float32 : DType.float64;
  const next = uniform(seed);
  const [lo, hi] = test.range ?? [-2, 2];
  const values: Built['values'] = {};
  const wrt: string[] = [];
  const names = test.inputs.map((input, i) => {
    if (input === '') return '';
    if ('ints' in input) return builder.constant(input.ints, input.dims ?? [input.ints.length], input.narrow ? DType.int32 : DType.int64);
    if ('bools' in input) return builder.constant(input.bools, input.dims, DType.bool);
    // Scales of Resize are float32 whatever the image is; scalars (bounds of Clip) have no axis.
    if ('floats' in input) {
      const one = input.floats.length === 1;
      return builder.constant(input.floats, input.dims ?? (one ? [] : [input.floats.length]), test.op === 'Resize' ? DType.float32 : dtype);
    }
    const dims = Array.isArray(input) ? input : input.fixed;
    const data = filled(elementCount(dims), () => lo + (hi - lo) * next(), type);
    if (!Array.isArray(input)) return builder.constant(data, dims, dtype);
    const name = builder.input(`x${i}`, dtype, dims);
    values[name] = { data, dims };
    wrt.push(name);
    return name;
  });
  const outputs = Array.from({ length: test.outputs ?? 1 }, (_, i) => (test.absent?.includes(i) ? '' : `y${i}`));
  builder.nodes(test.op, names, test.attributes ?? {}, { outputs, domain: test.domain ?? '' });
  if (test.domain) builder.graph.model.opsetImport.push({ ...builder.graph.model.opsetImport[0]!, domain: test.domain, version: 1n });
  const of = outputs[test.of ?? 0]!;
  builder.output(of, dtype, []);
  builder.graph.outputs[0]!.type = undefined as never;
  return { graph: builder.graph, values, wrt, of };
}

export const label = (test: Case) =>
  `${test.op} ${JSON.stringify(test.inputs)} ${JSON.stringify(test.attributes)}${test.opset ? ` opset ${test.opset}` : ''}`;
