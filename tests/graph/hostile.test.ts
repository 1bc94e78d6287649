import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { inspectGraph, parseGraph, prune, saveGraph, tensorNumbers } from '../../src-main/graph/index.ts';
import { unroll } from '../../src-main/graph/upgrade/control.ts';
import { findImageInput, networkInput } from '../../src-main/model/network.ts';
import { fixInputs } from '../../src-main/model/inputs.ts';
import { leadingNormalisation } from '../../src-main/model/preprocessing/index.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { ATTRIBUTE, floats, GRAPH, initializer, model, node, NODE, TENSOR, value } from './wire.ts';
import type { Field } from './wire.ts';

/** Models that somebody made to keep a reader busy. What was not bounded would fill the memory or never end here. */
const io: Field[] = [
  [GRAPH.input, value('x', [2])],
  [GRAPH.output, value('y', [2])],
];
/** Field of the model message. */
const FUNCTIONS = 25;
// More than a call takes arguments, and enough that walks in squares would not end.
const MANY = 150_000;

/** A function of a domain of its own: one input, one output. */
const fn = (name: string, nodes: readonly Field[]): Field => [
  FUNCTIONS,
  [[1, name], [4, 'x'], [5, 'y'], ...nodes.map(([, fields]): Field => [7, fields]), [9, [[2, 18]]], [10, 'mine']],
];
const call = (name: string, from: string, to: string): Field => node(name, [from], [to], [[NODE.domain, 'mine']]);
/** As many calls of a function as are asked for, one behind the other. */
const calls = (name: string, count: number): Field[] =>
  Array.from({ length: count }, (_, i) => call(name, i === 0 ? 'x' : `t${i}`, i === count - 1 ? 'y' : `t${i + 1}`));

const refusal = (bytes: Uint8Array): string => {
  try {
    parseGraph(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error('the model was accepted');
};

describe('functions', () => {
  it('that come to 10^10 nodes are refused before they are written out', () => {
    const tower = Array.from({ length: 10 }, (_, i) => fn(`f${i}`, i === 0 ? [node('Relu', ['x'], ['y'])] : calls(`f${i - 1}`, 10)));
    expect(refusal(model([...io, call('f9', 'x', 'y')], tower))).toBe(
      'The model is too large: with its functions written out it has more than 1,000,000 nodes.',
    );
    // Those of another version stay calls for us, and onnxruntime would write them out.
    const old = tower.map(([number, fields]): Field => [
      number,
      (fields as Field[]).map((f) => (f[0] === 9 ? ([9, [[2, 17]]] as Field) : f)),
    ]);
    expect(refusal(model([...io, call('f9', 'x', 'y')], old))).toContain('too large');
    const lower = tower.slice(0, 4);
    expect(parseGraph(model([...io, call('f3', 'x', 'y')], lower)).nodes).toHaveLength(1000);
  });

  it('that call themselves, by way of others and in bodies too, are named', () => {
    expect(refusal(model([...io, call('a', 'x', 'y')], [fn('a', calls('b', 1)), fn('b', calls('a', 2))]))).toBe(
      'The model cannot be used: its function a calls itself, which ONNX does not allow.',
    );
    const body: Field = [
      NODE.attribute,
      [
        [ATTRIBUTE.name, 'body'],
        [ATTRIBUTE.g, calls('a', 1)],
        [ATTRIBUTE.type, 5],
      ],
    ];
    expect(refusal(model([...io, call('a', 'x', 'y')], [fn('a', [node('Scan', ['x'], ['y'], [body])])]))).toContain(
      'its function a calls itself',
    );
  });

  it('that call each other very deep are refused', () => {
    const chain = Array.from({ length: 5000 }, (_, i) => fn(`f${i}`, i === 0 ? [node('Relu', ['x'], ['y'])] : calls(`f${i - 1}`, 1)));
    const message = 'The model cannot be used: its functions call one another more than 100 deep.';
    expect(refusal(model([...io, call('f4999', 'x', 'y')], chain))).toBe(message);
    // However they are come upon.
    expect(refusal(model([...io, ...chain.slice(0, 200).map((_, i) => call(`f${i}`, 'x', i === 199 ? 'y' : `u${i}`))], chain))).toBe(
      message,
    );
  });
});

describe('tensors', () => {
  it.each<[string, (number | bigint)[]]>([
    ['negative dimensions', [-4]],
    ['two of them', [-2, -1]],
    ['more elements than there are numbers', [2n ** 62n, 4]],
  ])('of %s are refused', (_, dims) => {
    const message = refusal(
      model([...io, initializer('w', dims as number[], [[TENSOR.rawData, floats([1, 2])]]), node('Mul', ['x', 'w'], ['y'])]),
    );
    expect(message).toMatch(/^Tensor w has the shape \[.*\], which no tensor can have: the model file is damaged\.$/);
  });

  it('that claim a billion elements and hold two are shorter than they say, before room is made for them', () => {
    for (const content of [[[TENSOR.rawData, floats([1, 2])]], [[TENSOR.floatData, floats([1, 2])]], []] as Field[][]) {
      const graph = parseGraph(model([...io, initializer('w', [1_000_000_000_000], content), node('Mul', ['x', 'w'], ['y'])]));
      expect(() => tensorNumbers(graph.initializers.get('w')!, graph)).toThrow(
        'Tensor w is shorter than its shape says: the model file is damaged.',
      );
    }
  });
});

describe('bodies', () => {
  const identity: Field[] = [node('Identity', ['x'], ['z']), [GRAPH.output, value('z', [2])]];
  const nested = (depth: number): Field[] => {
    let body = identity;
    for (let i = 0; i < depth; i++)
      body = [
        node(
          'If',
          ['c'],
          ['z'],
          [
            [
              NODE.attribute,
              [
                [ATTRIBUTE.name, 'then_branch'],
                [ATTRIBUTE.g, body],
                [ATTRIBUTE.type, 5],
              ],
            ],
          ],
        ),
        [GRAPH.output, value('z', [2])],
      ];
    return body;
  };

  it('deeper inside each other than onnxruntime reads them are refused, of any depth', () => {
    for (const depth of [40, 1000])
      expect(refusal(model([...io, ...nested(depth)]))).toBe(
        'The model nests its bodies deeper than onnxruntime reads them: export it without so many loops inside each other.',
      );
    expect(saveGraph(parseGraph(model([...io, ...nested(20)]))).bytes.length).toBeGreaterThan(500);
  });

  it('of loops in loops are not written out without end', () => {
    const steps = initializer('n', [], [[TENSOR.int64Data, 256]], 7);
    const yes = initializer('c', [], [[TENSOR.int32Data, 1]], 9);
    let body: Field[] = [[GRAPH.output, value('go', [], 9)]];
    for (let depth = 0; depth < 5; depth++)
      body = [
        [GRAPH.input, value('i', [], 7)],
        [GRAPH.input, value('go', [], 9)],
        node(
          'Loop',
          ['n', 'c'],
          [],
          [
            [
              NODE.attribute,
              [
                [ATTRIBUTE.name, 'body'],
                [ATTRIBUTE.g, body],
                [ATTRIBUTE.type, 5],
              ],
            ],
          ],
        ),
        [GRAPH.output, value('go', [], 9)],
      ];
    const graph = parseGraph(model([...io, steps, yes, ...body.filter(([number]) => number === GRAPH.node), node('Relu', ['x'], ['y'])]));
    expect(() => unroll(graph, new Map())).toThrow('The model is too large: with its loops written out it has more than 100,000 nodes.');
  });

  it('whose condition goes round in a circle are left as they are', () => {
    const body: Field[] = [
      [GRAPH.input, value('i', [], 7)],
      [GRAPH.input, value('go', [], 9)],
      node('Identity', ['b'], ['a']),
      node('Identity', ['a'], ['b']),
      [GRAPH.output, value('a', [], 9)],
    ];
    const loop = node(
      'Loop',
      ['n', ''],
      ['y'],
      [
        [
          NODE.attribute,
          [
            [ATTRIBUTE.name, 'body'],
            [ATTRIBUTE.g, body],
            [ATTRIBUTE.type, 5],
          ],
        ],
      ],
    );
    const graph = parseGraph(model([...io, initializer('n', [], [[TENSOR.int64Data, 3]], 7), loop]));
    expect(unroll(graph, new Map()).nodes.map((n) => n.opType)).toEqual(['Loop']);
  });
});

describe('hundreds of thousands', () => {
  const names = (i: number): string => (i === 0 ? 'x' : i === MANY ? 'y' : `t${i}`);

  it('of nodes in a chain, given backwards, are sorted, told and saved', () => {
    const chain = Array.from({ length: MANY }, (_, i) => node('Sub', [names(i), 's'], [names(i + 1)])).reverse();
    const graph = parseGraph(model([...io, initializer('s', [], [[TENSOR.rawData, floats([1])]]), ...chain]));
    expect(graph.nodes[0]!.input[0]).toBe('x');
    expect(leadingNormalisation(graph, 'x').operators).toEqual(['Sub']);
    expect(inspectGraph(graph).operators).toEqual({ Sub: MANY });
    prune(graph);
    expect(graph.nodes).toHaveLength(MANY);
  });

  it('of inputs of one node, and of names in one body', () => {
    const many = Array.from({ length: MANY }, (_, i) => `t${i}`);
    const wide = parseGraph(model([...io, node('Sum', many, ['y']), ...many.map((name) => node('Relu', ['x'], [name]))]));
    expect(wide.nodes.at(-1)!.opType).toBe('Sum');
    const body: Field = [
      NODE.attribute,
      [
        [ATTRIBUTE.name, 'then_branch'],
        [ATTRIBUTE.g, [node('Sum', many, ['z']), [GRAPH.output, value('z', [2])]]],
        [ATTRIBUTE.type, 5],
      ],
    ];
    expect(
      parseGraph(model([...io, ...many.map((name) => node('Relu', ['x'], [name])), node('If', ['c'], ['y'], [body])])).nodes.at(-1)!.opType,
    ).toBe('If');
  });

  it('of initializers', () => {
    const graph = parseGraph(
      model([
        ...io,
        ...Array.from({ length: MANY }, (_, i) => initializer(`w${i}`, [1], [[TENSOR.rawData, floats([i])]])),
        node('Relu', ['x'], ['y']),
      ]),
    );
    expect(inspectGraph(graph).parameters).toBe(MANY);
  });
});

describe('inputs of a size that nobody has', () => {
  const graph = (dims: readonly number[]) =>
    parseGraph(
      model([
        [GRAPH.input, value('x', [1, 3, 8, 8])],
        [GRAPH.input, value('other', dims)],
        [GRAPH.output, value('y', [1])],
        node('Relu', ['x'], ['y']),
      ]),
    );

  it('beside the image get no values', () => {
    const large = graph([2_000_000_000]);
    const { others, batch } = findImageInput(large, 'x');
    expect(() => fixInputs(large, others, 1, batch)).toThrow(
      "The model's input other takes 2,000,000,000 values (2000000000), more than the 268,435,456 that Hairline gives: export it smaller.",
    );
  });

  it('that take the image get none either', () => {
    const preprocessing = Preprocessing.parse({ geometry: 'none' });
    const input = { name: 'x', type: 1, dims: [null, 3, 100_000, 100_000], batch: null, batched: true, others: [] };
    expect(() => networkInput(input, preprocessing, { channels: 3, height: 100_000, width: 100_000 }, 1)).toThrow(
      /^The model reads 30,000,000,000 values at once \(1 x 3 x 100000 x 100000\), more than the 268,435,456 that Hairline gives/,
    );
  });
});
