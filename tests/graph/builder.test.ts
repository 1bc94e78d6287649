import { describe, expect, it } from 'vitest';
import { DType, GraphBuilder, parseGraph, prune, saveGraph } from '../../src-main/graph/index.ts';
import { Tensor } from '../../src-main/runtime/ort.ts';
import { outputOf } from './run.ts';
import { ATTRIBUTE, floats, GRAPH, initializer, model, node, NODE, TENSOR, value } from './wire.ts';
import type { Field } from './wire.ts';

describe('building a graph', () => {
  it('gives every value a name of its own, also beside those that are there or will be', () => {
    const graph = parseGraph(
      model([
        [GRAPH.input, value('hl_add_1', [1])],
        [GRAPH.output, value('y', [1])],
        node('Relu', ['hl_add_1'], ['hl_add_2']),
        node('Relu', ['hl_add_2'], ['y']),
      ]),
    );
    const builder = new GraphBuilder(graph);
    builder.reserve('hl_add_3');
    expect([builder.fresh('add'), builder.fresh('add'), builder.fresh('mul')]).toEqual(['hl_add_4', 'hl_add_5', 'hl_mul_1']);
  });

  it('shares equal small constants, but tells zero from minus zero and types apart', () => {
    const b = new GraphBuilder();
    expect(b.scalar(1)).toBe(b.scalar(1));
    expect(b.constant([1], [1])).not.toBe(b.scalar(1));
    expect(b.scalar(0)).not.toBe(b.scalar(-0));
    expect(b.ints([1])).not.toBe(b.constant([1], [1]));
    expect(b.facts.get(b.ints([4, 5]))).toEqual({ type: DType.int64, dims: [2], data: [4, 5] });
  });

  it('writes attributes of every kind that onnxruntime reads as meant', async () => {
    const b = new GraphBuilder();
    b.input('x', DType.float32, [1, 4]);
    const leaky = b.node('LeakyRelu', ['x'], { alpha: { float: 2 } });
    const padded = b.node('Pad', [leaky, b.ints([0, 1, 0, 0]), b.scalar(7)], { mode: 'constant' });
    b.node('Transpose', [padded], { perm: [1, 0] }, { outputs: ['y'] });
    b.output('y', DType.float32, [5, 1]);
    const y = await outputOf(saveGraph(b.graph), { x: new Tensor('float32', Float32Array.of(-1, 2, -3, 4), [1, 4]) });
    expect(Array.from(y)).toEqual([7, -2, 2, -6, 4]);
  });
});

describe('pruning', () => {
  it('keeps what the outputs need, and nothing else', () => {
    const raw = (name: string) => initializer(name, [1], [[TENSOR.rawData, floats([1])]]);
    const graph = parseGraph(
      model([
        [GRAPH.input, value('x', [1])],
        [GRAPH.input, value('unused', [1])],
        raw('w'),
        raw('idle'),
        node('Add', ['x', 'w'], ['a']),
        node('Mul', ['unused', 'idle'], ['b']),
        node('Relu', ['a'], ['y']),
        [GRAPH.output, value('y', [1])],
      ]),
    );
    prune(graph);
    expect([graph.nodes.map((n) => n.opType), graph.inputs.map((i) => i.name), [...graph.initializers.keys()]]).toEqual([
      ['Add', 'Relu'],
      ['x'],
      ['w'],
    ]);
  });

  it('keeps what a body reads from outside, however deep', () => {
    const branches = (inner: Field[], name: string): Field[] =>
      ['then_branch', 'else_branch'].map((n): Field => [
        NODE.attribute,
        [
          [ATTRIBUTE.name, n],
          [ATTRIBUTE.g, [[GRAPH.name, 'b'], ...inner, [GRAPH.output, value(name, [1])]]],
          [ATTRIBUTE.type, 5],
        ],
      ]);
    const deep = node('If', ['c'], ['d'], branches([node('Identity', ['late'], ['e'])], 'e'));
    const graph = parseGraph(
      model([
        [GRAPH.input, value('x', [1])],
        initializer('c', [], [[TENSOR.int32Data, 1]], DType.bool),
        node('Relu', ['x'], ['late']),
        node('If', ['c'], ['y'], branches([deep], 'd')),
        [GRAPH.output, value('y', [1])],
      ]),
    );
    prune(graph);
    expect(graph.nodes.map((n) => n.opType)).toEqual(['Relu', 'If']);
    expect(graph.inputs.map((i) => i.name)).toEqual(['x']);
  });
});
