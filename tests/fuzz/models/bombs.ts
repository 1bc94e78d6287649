import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTRIBUTE, floats, GRAPH, initializer, model, node, NODE, TENSOR, value } from '../../graph/wire.ts';
import type { Field } from '../../graph/wire.ts';
import type { Dice } from '../dice.ts';
import { TEXTS } from '../hostile.ts';

/** Models made to wear a reader out: small to write down, large or endless to load or run. Each writes its files and tells what it is. */
export type Bomb = (dice: Dice, folder: string) => { what: string; bytes: Uint8Array };

const io: Field[] = [
  [GRAPH.input, value('x', ['N', 3, 8, 8])],
  [GRAPH.output, value('y', ['N', 192])],
];
const shape = initializer(
  'shape',
  [2],
  [
    [TENSOR.int64Data, -1n],
    [TENSOR.int64Data, 192],
  ],
  7,
);
const flat = (to = 'f'): Field => node('Reshape', ['x', 'shape'], [to]);
const int64 = (name: string, values: readonly (number | bigint)[]): Field =>
  initializer(
    name,
    [values.length],
    values.map((v): Field => [TENSOR.int64Data, v]),
    7,
  );
const scalar = (name: string, v: number | bigint): Field => initializer(name, [], [[TENSOR.int64Data, v]], 7);
const yes = (name: string): Field => initializer(name, [], [[TENSOR.int32Data, 1]], 9);
const bodied = (name: string, body: readonly Field[]): Field => [
  NODE.attribute,
  [
    [ATTRIBUTE.name, name],
    [ATTRIBUTE.g, [[GRAPH.name, 'body'], ...body]],
    [ATTRIBUTE.type, 5],
  ],
];
const fn = (name: string, nodes: readonly Field[], version = 18): Field => [
  25,
  [[1, name], [4, 'x'], [5, 'y'], ...nodes.map(([, fields]): Field => [7, fields]), [9, [[2, version]]], [10, 'mine']],
];
const call = (name: string, from: string, to: string): Field => node(name, [from], [to], [[NODE.domain, 'mine']]);
const chain = (name: string, count: number): Field[] =>
  Array.from({ length: count }, (_, i) => call(name, i === 0 ? 'x' : `t${i}`, i === count - 1 ? 'y' : `t${i + 1}`));
const mine: Field = [
  8,
  [
    [1, 'mine'],
    [2, 1],
  ],
];

/** y = f + something huge that is made of little. */
const inflated = (nodes: readonly Field[], huge: string): Uint8Array =>
  model([
    ...io,
    shape,
    flat(),
    ...nodes,
    node(
      'ReduceMax',
      [huge],
      ['m'],
      [
        [
          NODE.attribute,
          [
            [ATTRIBUTE.name, 'keepdims'],
            [ATTRIBUTE.i, 0],
            [ATTRIBUTE.type, 2],
          ],
        ],
      ],
    ),
    node('Add', ['f', 'm'], ['y']),
  ]);

function loop(inner: readonly Field[], steps: number | bigint, depth: number): Field[] {
  let body = inner;
  for (let d = 0; d < depth; d++)
    body = [
      [GRAPH.input, value(`i${d}`, [], 7)],
      [GRAPH.input, value(`go${d}`, [], 9)],
      [GRAPH.input, value(`s${d}`, ['N', 192])],
      node('Identity', [`go${d}`], [`on${d}`]),
      ...(d === 0 ? [node('Relu', ['s0'], ['r0'])] : [node('Loop', ['n', 'c', `s${d}`], [`r${d}`], [bodied('body', body)])]),
      [GRAPH.output, value(`on${d}`, [], 9)],
      [GRAPH.output, value(`r${d}`, ['N', 192])],
    ];
  return [scalar('n', steps), yes('c'), node('Loop', ['n', 'c', 'f'], ['y'], [bodied('body', body)])];
}

const entry = (key: string, text: string): Field => [
  TENSOR.externalData,
  [
    [1, key],
    [2, text],
  ],
];
/** A model whose bias lies where the entries say, in the graph or in a body of it. */
const external = (entries: readonly Field[], inBody: boolean): Uint8Array => {
  const w = initializer('w', [192], [...entries, [TENSOR.dataLocation, 1]]);
  if (!inBody) return model([...io, shape, w, flat(), node('Add', ['f', 'w'], ['y'])]);
  const branch = [w, node('Add', ['f', 'w'], ['z']), [GRAPH.output, value('z', ['N', 192])]] as Field[];
  return model([...io, shape, flat(), yes('c'), node('If', ['c'], ['y'], [bodied('then_branch', branch), bodied('else_branch', branch)])]);
};

const MANY = [20_000, 300_000];

export const BOMBS: Record<string, Bomb> = {
  constant: (dice) => {
    const size = dice.pick([2n ** 28n, 2n ** 31n, 2n ** 40n, 2n ** 62n]);
    return { what: `ConstantOfShape ${size}`, bytes: inflated([int64('big', [size]), node('ConstantOfShape', ['big'], ['h'])], 'h') };
  },
  expand: (dice) => {
    const size = dice.pick([2n ** 15n, 2n ** 17n, 2n ** 20n]);
    return {
      what: `Expand ${size} x ${size}`,
      bytes: inflated(
        [int64('big', [size, size]), initializer('one', [1], [[TENSOR.rawData, floats([1])]]), node('Expand', ['one', 'big'], ['h'])],
        'h',
      ),
    };
  },
  tile: (dice) => {
    const size = dice.pick([2n ** 15n, 2n ** 20n, 2n ** 40n]);
    return { what: `Tile ${size}`, bytes: inflated([int64('times', [size, size]), node('Tile', ['f', 'times'], ['h'])], 'h') };
  },
  range: (dice) => {
    const size = dice.pick([2n ** 28n, 2n ** 33n, 2n ** 62n]);
    return {
      what: `Range ${size}`,
      bytes: inflated(
        [
          scalar('from', 0),
          scalar('to', size),
          scalar('by', 1),
          node('Range', ['from', 'to', 'by'], ['r']),
          node(
            'Cast',
            ['r'],
            ['h'],
            [
              [
                NODE.attribute,
                [
                  [ATTRIBUTE.name, 'to'],
                  [ATTRIBUTE.i, 1],
                  [ATTRIBUTE.type, 2],
                ],
              ],
            ],
          ),
        ],
        'h',
      ),
    };
  },
  loop: (dice) => {
    const [steps, depth] = [dice.pick([1000n, 10n ** 9n, 2n ** 62n]), dice.pick([1, 2, 5])];
    return { what: `${depth} loops of ${steps} steps`, bytes: model([...io, shape, flat(), ...loop([], steps, depth)]) };
  },
  constantLoop: () => {
    const body: Field[] = [
      [GRAPH.input, value('i', [], 7)],
      [GRAPH.input, value('go', [], 9)],
      node('Identity', ['go'], ['on']),
      [GRAPH.output, value('on', [], 9)],
    ];
    return {
      what: 'a loop of constants without end',
      bytes: model([...io, shape, yes('c'), node('Loop', ['', 'c'], [], [bodied('body', body)]), flat('y')]),
    };
  },
  functions: (dice) => {
    const [width, height, version] = [dice.pick([2, 10, 100]), dice.pick([4, 9, 40]), dice.pick([18, 17])];
    const tower = Array.from({ length: height }, (_, i) =>
      fn(`f${i}`, i === 0 ? [node('Relu', ['x'], ['y'])] : chain(`f${i - 1}`, width), version),
    );
    return {
      what: `functions that come to ${width}^${height - 1} nodes (version ${version})`,
      bytes: model([...io, shape, flat(), call(`f${height - 1}`, 'f', 'y')], [...tower, mine]),
    };
  },
  recursion: (dice) => {
    const length = dice.pick([1, 2, 50]);
    const ring = Array.from({ length }, (_, i) => fn(`f${i}`, chain(`f${(i + 1) % length}`, 1)));
    return { what: `a ring of ${length} functions`, bytes: model([...io, shape, flat(), call('f0', 'f', 'y')], [...ring, mine]) };
  },
  bodies: (dice) => {
    const depth = dice.pick([10, 30, 60, 1000]);
    let body: Field[] = [node('Relu', ['f'], ['z']), [GRAPH.output, value('z', ['N', 192])]];
    for (let i = 0; i < depth; i++)
      body = [
        node('If', ['c'], ['z'], [bodied('then_branch', body), bodied('else_branch', body.slice(-1))]),
        [GRAPH.output, value('z', ['N', 192])],
      ];
    return {
      what: `bodies ${depth} deep`,
      bytes: model([
        ...io,
        shape,
        flat(),
        yes('c'),
        node('If', ['c'], ['y'], [bodied('then_branch', body), bodied('else_branch', body)].slice(0, depth > 60 ? 1 : 2)),
      ]),
    };
  },
  nodes: (dice) => {
    const count = dice.pick(MANY);
    const names = (i: number) => (i === 0 ? 'f' : i === count ? 'y' : `t${i}`);
    return {
      what: `${count} nodes`,
      bytes: model([...io, shape, flat(), ...Array.from({ length: count }, (_, i) => node('Relu', [names(i)], [names(i + 1)]))]),
    };
  },
  initializers: (dice) => {
    const count = dice.pick(MANY);
    return {
      what: `${count} initializers`,
      bytes: model([
        ...io,
        shape,
        ...Array.from({ length: count }, (_, i) => initializer(`w${i}`, [1], [[TENSOR.rawData, floats([i])]])),
        flat(),
        node('Add', ['f', 'w7'], ['y']),
      ]),
    };
  },
  secondInput: (dice) => {
    const size = dice.pick([2_000_000_000, 2 ** 40, 2n ** 62n, 10_000_000]);
    return {
      what: `a second input of ${size}`,
      bytes: model([
        ...io,
        [GRAPH.input, value('other', [size as number])],
        shape,
        flat(),
        node('ReduceMax', ['other'], ['m']),
        node('Add', ['f', 'm'], ['y']),
      ]),
    };
  },
  largeInput: (dice) => {
    const [n, side] = [dice.pick([1, 1000]), dice.pick([20_000, 100_000, 2 ** 31])];
    return {
      what: `an input of ${n} x 3 x ${side} x ${side}`,
      bytes: model([
        [GRAPH.input, value('x', [n, 3, side, side])],
        [GRAPH.output, value('y', [n, 3, side, side])],
        node('Relu', ['x'], ['y']),
      ]),
    };
  },
  batch: (dice) => {
    const n = dice.pick([0, 100_000, 2 ** 31, 2n ** 62n]);
    return {
      what: `a batch of ${n}`,
      bytes: model([[GRAPH.input, value('x', [n as number, 3, 8, 8])], [GRAPH.output, value('y', [n as number, 192])], shape, flat('y')]),
    };
  },
  opset: (dice) => {
    const version = dice.pick([0, 1, 6, 99, 2n ** 62n, -1n]);
    return { what: `operator set ${version}`, bytes: model([...io, shape, flat(), node('Softmax', ['f'], ['y'])], [], version as number) };
  },
  names: (dice) => {
    const name = Buffer.from(dice.pick(TEXTS)).toString();
    const at = dice.pick(['value', 'operator', 'input', 'domain', 'producer']);
    const given = (here: string, otherwise: string) => (at === here ? name : otherwise);
    const more: Field[] =
      at === 'producer'
        ? [
            [2, name],
            [3, name],
          ]
        : [];
    return {
      what: `${at} called ${JSON.stringify(name).slice(0, 30)}`,
      bytes: model(
        [
          [GRAPH.input, value(given('input', 'x'), ['N', 3, 8, 8])],
          [GRAPH.output, value('y', ['N', 192])],
          shape,
          node('Reshape', [given('input', 'x'), 'shape'], [given('value', 'f')]),
          node(
            given('operator', 'Relu'),
            [given('value', 'f')],
            ['y'],
            [
              [NODE.domain, given('domain', '')],
              [3, given('value', 'n')],
            ],
          ),
        ],
        more,
      ),
    };
  },
  external: (dice, folder) => {
    const inBody = dice.chance(0.4);
    const put = dice.pick(['pipe', 'device', 'folder', 'dangling', 'circle', 'file', 'sparse', 'none'] as const);
    const file = join(folder, 'w.bin');
    if (put === 'pipe') execFileSync('mkfifo', [file]);
    if (put === 'device') symlinkSync(dice.pick(['/dev/zero', '/dev/random', '/dev/tty']), file);
    if (put === 'folder') mkdirSync(file);
    if (put === 'dangling') symlinkSync('nowhere', file);
    if (put === 'circle') symlinkSync('w.bin', file);
    if (put === 'file' || put === 'sparse') writeFileSync(file, new Uint8Array(768));
    const location =
      put === 'none'
        ? dice.pick([
            '/etc/passwd',
            '../w.bin',
            'a/../../w.bin',
            '/dev/zero',
            '',
            '.',
            'm.onnx',
            ...TEXTS.map((t) => Buffer.from(t).toString()),
          ])
        : 'w.bin';
    const offset = dice.pick(['0', '0', '0', '-8', '8', '1e3', '0x10', ' 4', '9223372036854775807', '99999999999999999999', 'here', '']);
    const length = dice.pick(['768', '768', '-1', '0', '4', '9223372036854775807', 'much', '']);
    return {
      what: `weights in ${JSON.stringify(location).slice(0, 30)} (${put}) from ${offset} on, ${length} long${inBody ? ', in a body' : ''}`,
      bytes: external([entry('location', location), entry('offset', offset), entry('length', length)], inBody),
    };
  },
};
