import type { Graph, ValueFacts } from './ir.ts';
import { elementCount } from './tensors.ts';

/**
 * Multiplications of one run, about: those of convolutions and matrix products, and one for each value that any other node puts out.
 * It hangs on the graph alone, so that work which is bounded by it is the same on every machine.
 *
 * @param facts dimensions of the values
 */
export function multiplications(graph: Graph, facts: ReadonlyMap<string, ValueFacts>): number {
  const dims = (name: string | undefined): readonly number[] => facts.get(name ?? '')?.dims ?? [];
  return graph.nodes.reduce((sum, { opType, input, output }) => sum + ofNode(opType, input.map(dims), elementCount(dims(output[0]))), 0);
}

function ofNode(opType: string, [read = [], ...others]: (readonly number[])[], puts: number): number {
  // Quantised ones have a scale and a zero point before their weights.
  const weights = others.reduce<readonly number[]>((a, b) => (b.length > a.length ? b : a), []);
  if (opType.endsWith('ConvTranspose')) return elementCount(read) * elementCount(weights.slice(1));
  if (/Conv(Integer)?$/.test(opType)) return puts * elementCount(weights.slice(1));
  if (/(MatMul|Gemm)(Integer)?$/.test(opType)) return puts * (read.at(-1) ?? 1);
  return puts;
}
