import { create, toBinary } from '@bufbuild/protobuf';
import { AttributeProtoSchema, AttributeProto_AttributeType as Kind, FunctionProtoSchema, GraphProtoSchema, ModelProtoSchema, OperatorSetIdProtoSchema } from 'onnx-buf';
import type { AttributeProto, GraphProto, NodeProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { asFloat, DType, emptyGraph, GraphBuilder, parseGraph, saveGraph, valueInfo } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { fold, upgrade } from '../../src-main/graph/upgrade/index.ts';
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
function graphOf(write: (b: GraphBuilder) => { op: string; inputs: string[]; bodies: AttributeProto[]; outputs: string[]; attributes?: Record<string, number | number[]> }): Graph {
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
  const lifted = upgrade(graph, await traceFacts(graph, dims));
  const folded = fold(lifted, await traceFacts(lifted, dims));
  const pair = await openPair(folded, await traceFacts(folded, dims), 'y', 'x');
  const next = uniform(3);
  const x = filled(6, () => 2 * next() - 1);
  const session = await openSession(saveGraph(graph));
  const expected = (await session.run({ x: tensor('float32', x, [2, 3]) }))['y']!;
  expect(Array.from(await forward(pair, x))).toEqual(Array.from(expected.data as Float32Array));
  const normal = gaussian(4);
  const u = filled(pair.dims.of.reduce((a, d) => a * d, 1), normal);
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
        return { op: 'If', inputs: [condition], bodies: [bodyAttribute('then_branch', branch('Sigmoid')), bodyAttribute('else_branch', branch('Tanh'))], outputs: ['z'] };
      }),
    );
    expect(folded.nodes.map((n) => n.opType)).toContain(offset === 0 ? 'Sigmoid' : 'Tanh');
    expect(folded.nodes.map((n) => n.opType)).not.toContain('If');
  });

  it('Loop, with a body in the body', async () => {
    const inner = (op: string) => bodyOf([], [[`o${op}`, F, [2, 3]]], (b) => b.node(op, ['state', 'x'], {}, { outputs: [`o${op}`] }));
    const body = bodyOf(
      [['k', DType.int64, []], ['go', DType.bool, []], ['state', F, [2, 3]]],
      [['on', DType.bool, []], ['next', F, [2, 3]], ['scanned', F, [2, 3]]],
      (b) => {
        b.node('Identity', ['go'], {}, { outputs: ['on'] });
        b.nodes('If', [b.constant([1], [], DType.bool)], {}, { outputs: ['mixed'] });
        b.graph.nodes[1]!.attribute.push(bodyAttribute('then_branch', inner('Mul')), bodyAttribute('else_branch', inner('Add')));
        b.node('Add', ['mixed', b.node('Cast', ['k'], { to: F })], {}, { outputs: ['next'] });
        b.node('Tanh', ['next'], {}, { outputs: ['scanned'] });
      },
    );
    const folded = await check(graphOf((b) => ({ op: 'Loop', inputs: [b.constant([3], [], DType.int64), '', 'x'], bodies: [bodyAttribute('body', body)], outputs: ['last', 'all'] })));
    expect(folded.nodes.filter((n) => n.opType === 'Tanh')).toHaveLength(3);
  });

  it.each([[0, 0], [1, 1]])('Scan, direction %s', async (direction, axis) => {
    const length = axis === 0 ? 3 : 2;
    const body = bodyOf([['state', F, [length]], ['row', F, [length]]], [['next', F, [length]], ['out', F, [length]]], (b) => {
      b.node('Mul', [b.node('Add', ['state', 'row']), b.scalar(0.7)], {}, { outputs: ['next'] });
      b.node('Sin', ['next'], {}, { outputs: ['out'] });
    });
    await check(
      graphOf((b) => ({
        op: 'Scan',
        inputs: [b.constant(new Array<number>(length).fill(0.5), [length]), 'x'],
        bodies: [bodyAttribute('body', body)],
        outputs: ['last', 'all'],
        attributes: { num_scan_inputs: 1, scan_input_axes: [axis], scan_input_directions: [direction], scan_output_axes: [axis], scan_output_directions: [direction] },
      })),
    );
  });

  it('what depends on the image is refused by name', async () => {
    const branch = (op: string) => bodyOf([], [['out', F, [2, 3]]], (b) => b.node(op, ['x'], {}, { outputs: ['out'] }));
    const graph = graphOf((b) => {
      const condition = b.node('Greater', [b.node('ReduceSum', ['x'], { keepdims: 0 }), b.scalar(0)]);
      return { op: 'If', inputs: [condition], bodies: [bodyAttribute('then_branch', branch('Sigmoid')), bodyAttribute('else_branch', branch('Tanh'))], outputs: ['z'] };
    });
    await expect(check(graph)).rejects.toThrow(/^No gradient (rule for If|reaches x)/);
  });
});

describe('functions of the model', () => {
  it('are inlined when the file is read: arguments, attributes with and without a default, calls in calls', async () => {
    const nodes = (write: (b: GraphBuilder) => void): NodeProto[] => {
      const b = new GraphBuilder();
      write(b);
      return b.graph.nodes;
    };
    const refers = (node: NodeProto, name: string, to: string) => node.attribute.push(create(AttributeProtoSchema, { name, type: Kind.FLOAT, refAttrName: to }));
    const opsets = [create(OperatorSetIdProtoSchema, { domain: '', version: 18n }), create(OperatorSetIdProtoSchema, { domain: 'mine', version: 1n })];
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
        name: 'Leaky', domain: 'mine', input: ['a'], output: ['b'], node: leaky, opsetImport: opsets, attribute: ['slope'],
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
    expect(read.nodes.map((n) => n.opType)).toEqual(['LeakyRelu', 'Elu', 'LeakyRelu', 'Elu', 'Mul', 'LeakyRelu', 'Elu', 'LeakyRelu', 'Elu', 'Mul']);
    expect(read.nodes.slice(0, 4).map((n) => Number(n.attribute[0]!.f.toFixed(4)))).toEqual([0.3, 0.8, 0.2, 0.5]);
    // onnxruntime on the file itself against ours on the inlined graph.
    const session = await openSession({ bytes: toBinary(ModelProtoSchema, Object.assign(create(ModelProtoSchema), b.graph.model, { graph: read.model.graph })), dataFolder: '' });
    const x = filled(6, uniform(5)).map((v) => v - 0.5);
    const expected = (await session.run({ x: tensor('float32', x, [2, 3]) }))['y']!.data;
    const facts = await traceFacts(read, { x: [2, 3] });
    const pair = await openPair(upgrade(read, facts), facts, 'y', 'x');
    Array.from(await forward(pair, x)).forEach((v, i) => expect(v).toBeCloseTo(expected[i] as number, 6));
    const normal = gaussian(4);
    expect(await directionalError(pair, x, filled(6, normal), filled(6, normal), [0.01, 3e-3, 1e-3])).toBeLessThan(1e-3);
  });
});
