import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as Kind,
  FunctionProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
} from 'onnx-buf';
import type { AttributeProto, GraphProto, NodeProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { asFloat, DType, emptyGraph, GraphBuilder, parseGraph, saveGraph, valueInfo } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { fold, unrolled, upgrade } from '../../src-main/graph/upgrade/index.ts';
import { openSession } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { directionalError, filled, forward, gaussian, openPair, tensor, uniform } from './gradient.ts';

/** A body: its inputs and outputs by name and type, and what it does. Constants are nodes, as exporters write them. */
function bodyOf(inputs: [string, DType, number[]][], outputs: [string, DType, number[]][], write: (b: GraphBuilder) => void): GraphProto {
  const b = new GraphBuilder();
  for (const [name, type, dims] of inputs) b.input(name, type, dims);
  write(b);
  return create(GraphProtoSchema, {
    name: 'body',
    node: b.graph.nodes,
    input: b.graph.inputs,
    output: outputs.map(([name, type, dims]) => valueInfo(name, type, dims)),
    initializer: [...b.graph.initializers.values()],
  });
}

const bodyAttribute = (name: string, g: GraphProto): AttributeProto => create(AttributeProtoSchema, { name, type: Kind.GRAPH, g });

/** x [2, 3] to y, through one control node. */
function graphOf(
  write: (b: GraphBuilder) => {
    op: string;
    inputs: string[];
    bodies: AttributeProto[];
    outputs: string[];
    attributes?: Record<string, number | number[]>;
  },
): Graph {
  const b = new GraphBuilder(emptyGraph());
  b.input('x', DType.float32, [2, 3]);
  const { op, inputs, bodies, outputs, attributes = {} } = write(b);
  b.nodes(op, inputs, attributes, { outputs });
  b.graph.nodes[b.graph.nodes.length - 1]!.attribute.push(...bodies);
  b.node('ReduceSum', [outputs[outputs.length - 1]!], { keepdims: 0 }, { outputs: ['sum'] });
  b.node('Mul', ['sum', outputs[0]!], {}, { outputs: ['y'] });
  b.graph.outputs.push(Object.assign(valueInfo('y', DType.float32, []), { type: undefined }));
  return b.graph;
}

async function check(graph: Graph): Promise<Graph> {
  const dims = { x: [2, 3] };
  const { graph: written, facts } = await unrolled(graph, (one) => traceFacts(one, dims));
  const lifted = upgrade(written, facts);
  const folded = fold(lifted, await traceFacts(lifted, dims));
  const pair = await openPair(folded, await traceFacts(folded, dims), 'y', 'x');
  const next = uniform(3);
  const x = filled(6, () => 2 * next() - 1);
  const session = await openSession(saveGraph(graph));
  const expected = (await session.run({ x: tensor('float32', x, [2, 3]) }))['y']!;
  expect(Array.from(await forward(pair, x))).toEqual(Array.from(expected.data as Float32Array));
  const normal = gaussian(4);
  const u = filled(
    pair.dims.of.reduce((a, d) => a * d, 1),
    normal,
  );
  expect(await directionalError(pair, x, u, filled(6, normal), [0.02, 0.01, 3e-3, 1e-3])).toBeLessThan(1e-3);
  return folded;
}

const F = DType.float32;

describe('control flow whose course is known is written out', () => {
  it.each([0, 1])('If, condition %s, from the shape of the image', async (offset) => {
    const branch = (op: string) =>
      bodyOf([], [['out', F, [2, 3]]], (b) => {
        const scaled = b.node('Mul', ['x', b.scalar(3)], {}, { outputs: ['scaled'] });
        b.node(op, [scaled], {}, { outputs: ['out'] });
      });
    const folded = await check(
      graphOf((b) => {
        const rows = b.node('Gather', [b.node('Shape', ['x']), b.constant([0], [], DType.int64)]);
        const condition = b.node('Equal', [rows, b.constant([2 + offset], [], DType.int64)]);
        return {
          op: 'If',
          inputs: [condition],
          bodies: [bodyAttribute('then_branch', branch('Sigmoid')), bodyAttribute('else_branch', branch('Tanh'))],
          outputs: ['z'],
        };
      }),
    );
    expect(folded.nodes.map((n) => n.opType)).toContain(offset === 0 ? 'Sigmoid' : 'Tanh');
    expect(folded.nodes.map((n) => n.opType)).not.toContain('If');
  });

  it('Loop, with a body in the body', async () => {
    const inner = (op: string) => bodyOf([], [[`o${op}`, F, [2, 3]]], (b) => b.node(op, ['state', 'x'], {}, { outputs: [`o${op}`] }));
    const body = bodyOf(
      [
        ['k', DType.int64, []],
        ['go', DType.bool, []],
        ['state', F, [2, 3]],
      ],
      [
        ['on', DType.bool, []],
        ['next', F, [2, 3]],
        ['scanned', F, [2, 3]],
      ],
      (b) => {
        b.node('Identity', ['go'], {}, { outputs: ['on'] });
        b.nodes('If', [b.constant([1], [], DType.bool)], {}, { outputs: ['mixed'] });
        b.graph.nodes[1]!.attribute.push(bodyAttribute('then_branch', inner('Mul')), bodyAttribute('else_branch', inner('Add')));
        b.node('Add', ['mixed', b.node('Cast', ['k'], { to: F })], {}, { outputs: ['next'] });
        b.node('Tanh', ['next'], {}, { outputs: ['scanned'] });
      },
    );
    const folded = await check(
      graphOf((b) => ({
        op: 'Loop',
        inputs: [b.constant([3], [], DType.int64), '', 'x'],
        bodies: [bodyAttribute('body', body)],
        outputs: ['last', 'all'],
      })),
    );
    expect(folded.nodes.filter((n) => n.opType === 'Tanh')).toHaveLength(3);
  });

  it.each([
    [0, 0, 18],
    [1, 1, 18],
    [0, 0, 11],
  ])('Scan, direction %s along axis %s, in operator set %s', async (direction, axis, version) => {
    const length = axis === 0 ? 3 : 2;
    const body = bodyOf(
      [
        ['state', F, [length]],
        ['row', F, [length]],
      ],
      [
        ['next', F, [length]],
        ['out', F, [length]],
      ],
      (b) => {
        b.node('Mul', [b.node('Add', ['state', 'row']), b.scalar(0.7)], {}, { outputs: ['next'] });
        b.node('Sin', ['next'], {}, { outputs: ['out'] });
      },
    );
    const graph = graphOf((b) => ({
      op: 'Scan',
      inputs: [b.constant(new Array<number>(length).fill(0.5), [length]), 'x'],
      bodies: [bodyAttribute('body', body)],
      outputs: ['last', 'all'],
      attributes: {
        num_scan_inputs: 1,
        scan_input_axes: [axis],
        scan_input_directions: [direction],
        scan_output_axes: [axis],
        scan_output_directions: [direction],
      },
    }));
    graph.model.opsetImport[0]!.version = BigInt(version);
    await check(graph);
  });

  /** A body that multiplies by the picture and adds the step's number, and hands on a condition by that name. */
  const stepping = (on: string, write: (b: GraphBuilder) => void = () => undefined) =>
    bodyOf(
      [
        ['k', DType.int64, []],
        ['go', DType.bool, []],
        ['state', F, [2, 3]],
      ],
      [
        [on, DType.bool, []],
        ['next', F, [2, 3]],
      ],
      (b) => {
        write(b);
        b.node('Tanh', [b.node('Add', [b.node('Mul', ['state', 'x']), b.node('Cast', ['k'], { to: F })])], {}, { outputs: ['next'] });
      },
    );
  /** onnxruntime takes no value of outside as a body's output but through a node. */
  const handed = (b: GraphBuilder) => void b.node('Identity', ['outside'], {}, { outputs: ['on'] });
  const count = (folded: Graph) => folded.nodes.filter((n) => n.opType === 'Tanh').length;

  it.each([
    ['true for good', 1, 3],
    ['false for good: it runs once', 0, 1],
  ])('Loop, its condition outside of its body, %s', async (_, value, steps) => {
    const folded = await check(
      graphOf((b) => {
        b.graph.initializers.set('outside', { ...b.graph.initializers.get(b.constant([value], [], DType.bool))!, name: 'outside' });
        return {
          op: 'Loop',
          inputs: [b.constant([3], [], DType.int64), '', 'x'],
          bodies: [bodyAttribute('body', stepping('on', handed))],
          outputs: ['last'],
        };
      }),
    );
    expect(count(folded)).toBe(steps);
  });

  it('Loop, its condition computed outside of it from the shape of the image', async () => {
    const folded = await check(
      graphOf((b) => {
        b.node(
          'Less',
          [b.node('Gather', [b.node('Shape', ['x']), b.constant([0], [], DType.int64)]), b.constant([5], [], DType.int64)],
          {},
          { outputs: ['outside'] },
        );
        return {
          op: 'Loop',
          inputs: [b.constant([2], [], DType.int64), 'outside', 'x'],
          bodies: [bodyAttribute('body', stepping('on', handed))],
          outputs: ['last'],
        };
      }),
    );
    expect(count(folded)).toBe(2);
  });

  it('Loop, in whose body an operator is taken apart by the dimensions it has there, and the number of the step decides a branch', async () => {
    const branch = (op: string) => bodyOf([], [['out', F, [2, 3]]], (b) => b.node(op, ['sampled'], {}, { outputs: ['out'] }));
    const body = stepping('on', (b) => {
      b.node('Identity', ['go'], {}, { outputs: ['on'] });
      const grid = b.constant([-0.5, 0.2, 0.1, 0.7, 0.6, -0.3, 0, 0, 0.4, 0.4, -0.2, 0.9], [1, 2, 3, 2]);
      b.node(
        'Reshape',
        [b.node('GridSample', [b.node('Reshape', ['state', b.ints([1, 1, 2, 3])]), grid]), b.ints([2, 3])],
        {},
        { outputs: ['sampled'] },
      );
      b.node('If', [b.node('Equal', ['k', b.constant([1], [], DType.int64)])], {}, { outputs: ['branched'] });
      b.graph.nodes.at(-1)!.attribute.push(bodyAttribute('then_branch', branch('Sin')), bodyAttribute('else_branch', branch('Exp')));
    });
    // What the step makes of it goes on from the branch.
    body.node.find((n) => n.opType === 'Mul')!.input[0] = 'branched';
    const folded = await check(
      graphOf((b) => ({
        op: 'Loop',
        inputs: [b.constant([3], [], DType.int64), '', 'x'],
        bodies: [bodyAttribute('body', body)],
        outputs: ['last'],
      })),
    );
    expect(folded.nodes.filter((n) => ['Sin', 'Exp', 'If', 'Loop', 'GridSample'].includes(n.opType)).map((n) => n.opType)).toEqual([
      'Exp',
      'Sin',
      'Exp',
    ]);
  });

  it('Loop that never begins', async () => {
    const folded = await check(
      graphOf((b) => ({
        op: 'Loop',
        inputs: [b.constant([3], [], DType.int64), b.constant([0], [], DType.bool), 'x'],
        bodies: [
          bodyAttribute(
            'body',
            stepping('on', (inner) => inner.node('Identity', ['go'], {}, { outputs: ['on'] })),
          ),
        ],
        outputs: ['last'],
      })),
    );
    expect(count(folded)).toBe(0);
  });
});

describe('control flow whose course hangs on the picture', () => {
  const branch = (op: string) => bodyOf([], [['out', F, [2, 3]]], (b) => b.node(op, ['x'], {}, { outputs: ['out'] }));
  const branches = () => [bodyAttribute('then_branch', branch('Sigmoid')), bodyAttribute('else_branch', branch('Tanh'))];
  const positive = (b: GraphBuilder) => b.node('Greater', [b.node('ReduceSum', ['x'], { keepdims: 0 }), b.scalar(0)]);
  const named = (graph: Graph, name: string) => {
    graph.nodes.find((n) => n.opType === 'If' || n.opType === 'Loop')!.name = name;
    return graph;
  };

  it('is refused by name, whether the picture comes in by the condition or by what a branch reads', async () => {
    const graph = graphOf((b) => ({ op: 'If', inputs: [positive(b)], bodies: branches(), outputs: ['z'] }));
    await expect(check(named(graph, 'brighter'))).rejects.toThrow(
      'No gradient rule for If at node brighter: the values of the picture decide which of its branches is taken.',
    );
  });

  it('is refused beside another way to the output: half of a gradient would be wrong', async () => {
    const graph = graphOf((b) => ({ op: 'If', inputs: [positive(b)], bodies: branches(), outputs: ['z'] }));
    const b = new GraphBuilder(graph);
    b.node('Add', ['y', b.node('ReduceSum', ['x'], { keepdims: 0 })], {}, { outputs: ['both'] });
    graph.outputs[0]!.name = 'both';
    const facts = await traceFacts(graph, { x: [2, 3] });
    await expect(openPair(upgrade(graph, facts), facts, 'both', 'x')).rejects.toThrow(/^No gradient rule for If/);
  });

  it('is named where no branch reads the picture', async () => {
    const constant = (value: number) =>
      bodyOf([], [['out', F, [2, 3]]], (b) => b.node('Expand', [b.scalar(value), b.ints([2, 3])], {}, { outputs: ['out'] }));
    const graph = graphOf((b) => ({
      op: 'If',
      inputs: [positive(b)],
      bodies: [bodyAttribute('then_branch', constant(1)), bodyAttribute('else_branch', constant(2))],
      outputs: ['z'],
    }));
    await expect(check(named(graph, 'brighter'))).rejects.toThrow(
      'No gradient reaches the picture: If at node brighter has no derivative, as the values of the picture decide which of its branches is taken.',
    );
  });

  const loop = (begins: string, on: string, write: (b: GraphBuilder) => void = () => undefined) => {
    const body = bodyOf(
      [
        ['k', DType.int64, []],
        ['go', DType.bool, []],
        ['state', F, [2, 3]],
      ],
      [
        [on, DType.bool, []],
        ['next', F, [2, 3]],
      ],
      (b) => {
        write(b);
        b.node('Mul', ['state', 'x'], {}, { outputs: ['next'] });
      },
    );
    return named(
      graphOf((b) => ({
        op: 'Loop',
        inputs: [b.constant([300], [], DType.int64), begins && positive(b), 'x'],
        bodies: [bodyAttribute('body', body)],
        outputs: ['last'],
      })),
      'again',
    );
  };
  it.each([
    ['a condition of the picture', () => loop('asks', 'go'), 'the values of the picture decide how often it runs'],
    [
      'a body that decides',
      () =>
        loop('', 'ends', (b) => b.node('Less', [b.node('ReduceSum', ['state'], { keepdims: 0 }), b.scalar(9)], {}, { outputs: ['ends'] })),
      'its body decides when it ends',
    ],
    ['too many steps', () => loop('', 'go'), 'it runs 300 times, and more than 256 are not written out'],
  ])('a loop with %s is refused with the reason', async (_, graph, reason) => {
    await expect(check(graph())).rejects.toThrow(`No gradient rule for Loop at node again: ${reason}.`);
  });

  it('names no node by a name that Hairline gave', async () => {
    // A body without names of its own, in a loop that is written out.
    const body = bodyOf(
      [
        ['k', DType.int64, []],
        ['go', DType.bool, []],
        ['state', F, [2, 3]],
      ],
      [
        ['go', DType.bool, []],
        ['next', F, [2, 3]],
      ],
      (b) => {
        b.node('Det', [b.node('MatMul', ['state', b.constant([1, 2, 3, 4, 5, 6], [3, 2])])], {}, { outputs: ['volume'] });
        b.node('Mul', ['state', 'volume'], {}, { outputs: ['next'] });
        for (const node of b.graph.nodes) node.name = '';
      },
    );
    const graph = named(
      graphOf((b) => ({
        op: 'Loop',
        inputs: [b.constant([2], [], DType.int64), '', 'x'],
        bodies: [bodyAttribute('body', body)],
        outputs: ['last'],
      })),
      'again',
    );
    await expect(check(graph)).rejects.toThrow(/^No gradient rule for Det at node again\/volume:/);
  });
});

describe('functions of the model', () => {
  it('are inlined when the file is read: arguments, attributes with and without a default, calls in calls', async () => {
    const nodes = (write: (b: GraphBuilder) => void): NodeProto[] => {
      const b = new GraphBuilder();
      write(b);
      return b.graph.nodes;
    };
    const refers = (node: NodeProto, name: string, to: string) =>
      node.attribute.push(create(AttributeProtoSchema, { name, type: Kind.FLOAT, refAttrName: to }));
    const opsets = [
      create(OperatorSetIdProtoSchema, { domain: '', version: 18n }),
      create(OperatorSetIdProtoSchema, { domain: 'mine', version: 1n }),
    ];
    const leaky = nodes((b) => {
      b.node('LeakyRelu', ['a'], {}, { outputs: ['t'] });
      b.node('Elu', ['t'], {}, { outputs: ['b'] });
    });
    refers(leaky[0]!, 'alpha', 'slope');
    refers(leaky[1]!, 'alpha', 'bend');
    const twice = nodes((b) => {
      b.node('Leaky', ['p'], { slope: asFloat(0.3) }, { outputs: ['t'], domain: 'mine' });
      b.node('Leaky', ['t'], { slope: asFloat(0.2), bend: asFloat(0.5) }, { outputs: ['u'], domain: 'mine' });
      b.node('Mul', ['u', 'q'], {}, { outputs: ['r'] });
    });
    const functions = [
      create(FunctionProtoSchema, {
        name: 'Leaky',
        domain: 'mine',
        input: ['a'],
        output: ['b'],
        node: leaky,
        opsetImport: opsets,
        attribute: ['slope'],
        attributeProto: [create(AttributeProtoSchema, { name: 'bend', type: Kind.FLOAT, f: 0.8 })],
      }),
      create(FunctionProtoSchema, { name: 'Twice', domain: 'mine', input: ['p', 'q'], output: ['r'], node: twice, opsetImport: opsets }),
    ];
    const b = new GraphBuilder(emptyGraph());
    b.input('x', F, [2, 3]);
    const half = b.node('Twice', ['x', b.scalar(2)], {}, { domain: 'mine' });
    b.node('Twice', [half, 'x'], {}, { domain: 'mine', outputs: ['y'] });
    b.output('y', F, [2, 3]);
    Object.assign(b.graph.model, { functions, opsetImport: opsets, irVersion: 10n });
    const file = saveGraph(b.graph).bytes;
    const read = parseGraph(file);
    expect(read.nodes.map((n) => n.opType)).toEqual([
      'LeakyRelu',
      'Elu',
      'LeakyRelu',
      'Elu',
      'Mul',
      'LeakyRelu',
      'Elu',
      'LeakyRelu',
      'Elu',
      'Mul',
    ]);
    expect(read.nodes.slice(0, 4).map((n) => Number(n.attribute[0]!.f.toFixed(4)))).toEqual([0.3, 0.8, 0.2, 0.5]);
    // onnxruntime on the file itself against ours on the inlined graph.
    const session = await openSession({
      bytes: toBinary(ModelProtoSchema, Object.assign(create(ModelProtoSchema), b.graph.model, { graph: read.model.graph })),
      dataFolder: '',
    });
    const x = filled(6, uniform(5)).map((v) => v - 0.5);
    const expected = (await session.run({ x: tensor('float32', x, [2, 3]) }))['y']!.data;
    const facts = await traceFacts(read, { x: [2, 3] });
    const pair = await openPair(upgrade(read, facts), facts, 'y', 'x');
    Array.from(await forward(pair, x)).forEach((v, i) => expect(v).toBeCloseTo(expected[i] as number, 6));
    const normal = gaussian(4);
    expect(await directionalError(pair, x, filled(6, normal), filled(6, normal), [0.01, 3e-3, 1e-3])).toBeLessThan(1e-3);
  });
});
