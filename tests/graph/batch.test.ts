import { describe, expect, it } from 'vitest';
import { freeBatch, parseGraph, tensorNumbers } from '../../src-main/graph/index.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { ATTRIBUTE, GRAPH, initializer, model, node, NODE, TENSOR, value } from './wire.ts';
import type { Field } from './wire.ts';

const shape = (name: string, dims: number[]): Field =>
  initializer(
    name,
    [dims.length],
    dims.map((d): Field => [TENSOR.int64Data, d]),
    7,
  );
const allowzero: Field = [
  NODE.attribute,
  [
    [ATTRIBUTE.name, 'allowzero'],
    [ATTRIBUTE.i, 1],
    [ATTRIBUTE.type, 2],
  ],
];

/** The shape each Reshape asks for in a model exported with a batch of 2, before and after. */
async function shapes(reshapes: [to: number[], more?: Field[]][]): Promise<number[][]> {
  const graph = parseGraph(
    model([
      [GRAPH.input, value('v0', [2, 6])],
      ...reshapes.flatMap(([to, more], i) => [shape(`s${i}`, to), node('Reshape', [`v${i}`, `s${i}`], [`v${i + 1}`], more)]),
      [GRAPH.output, value(`v${reshapes.length}`, ['?'])],
    ]),
  );
  const free = freeBatch(graph, await traceFacts(graph, { v0: [2, 6] }), 2);
  return free.nodes.map((n) => Array.from(tensorNumbers(free.initializers.get(n.input[1]!)!)));
}

describe('freeing the batch of a model', () => {
  it('lets a Reshape take its first dimension from its input', async () => {
    expect(await shapes([[[2, 3, 2]], [[2, -1]], [[2, 6], [allowzero]], [[-1, 6]]])).toEqual([
      [0, 3, 2],
      [0, -1],
      [0, 6],
      [-1, 6],
    ]);
  });

  it('leaves a Reshape alone that moves what the batch is', async () => {
    expect(await shapes([[[6, 2]], [[2, 6]], [[4, 3]]])).toEqual([
      [6, 2],
      [2, 6],
      [4, 3],
    ]);
  });

  it('leaves the graph it was given as it was', async () => {
    const bytes = model([
      [GRAPH.input, value('x', [1, 4])],
      shape('s', [1, 4]),
      node('Reshape', ['x', 's'], ['y']),
      [GRAPH.output, value('y', [1, 4])],
    ]);
    const graph = parseGraph(bytes);
    const before = graph.nodes.map((n) => [...n.input]);
    expect(freeBatch(graph, await traceFacts(graph, { x: [1, 4] }), 1).nodes[0]!.input[1]).not.toBe('s');
    expect(graph.nodes.map((n) => [...n.input])).toEqual(before);
    expect([...graph.initializers.keys()]).toEqual(['s']);
  });
});
