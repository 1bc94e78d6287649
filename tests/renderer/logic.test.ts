import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Preprocessing } from '../../shared/plan.ts';
import { axisEnd, at, budgetTicks, ticks } from '../../src-renderer/logic/axis.ts';
import { largestChange, signedDifference, type Pixels } from '../../src-renderer/logic/difference.ts';
import { emptyImage, liveBounds, countDone, tileState, type LiveImage } from '../../src-renderer/logic/runProgress.ts';
import { parseNumber, parseNumbers, readable, tidyBudgets } from '../../src-renderer/logic/numbers.ts';
import { PRESETS, presetOf } from '../../src-renderer/logic/presets.ts';
import { fieldsOf, initialOf } from '../../src-renderer/logic/schema.ts';
import { baseName, sortPaths, withFolder } from '../../src-renderer/logic/sort.ts';

describe('numbers as people type them', () => {
  it('takes fractions, decimals and exponents, and nothing else', () => {
    expect(parseNumber('8/255')).toBe(8 / 255);
    expect(parseNumber(' 0,5 ')).toBe(0.5);
    expect(parseNumber('1e-3')).toBe(0.001);
    for (const text of ['', '/', '1/', '1/2/3', '8/0', 'eight', '1 2', 'Infinity']) expect(parseNumber(text), text).toBeNull();
    expect(parseNumbers('0.1, 0.2;0.3 1/2')).toEqual([0.1, 0.2, 0.3, 0.5]);
    expect(parseNumbers('0.1, x')).toBeNull();
  });

  it('writes them with a minus sign, to as many digits as are asked for', () => {
    expect([readable(-3.2149), readable(0.5), readable(-3.2149, 4), readable(0)]).toEqual(['−3.21', '0.5', '−3.215', '0']);
  });

  it('keeps budgets ascending, positive and single; counts whole', () => {
    expect(tidyBudgets('linf', [0.5, 0.1, 0.5, 0, -1])).toEqual([0.1, 0.5]);
    expect(tidyBudgets('l0', [2.4, 10, 1.6, 0.2])).toEqual([2, 10]);
  });
});

describe('the form of an attack', () => {
  // Written as an attack writes it, so that a change of zod's output shows here.
  const schema = z.toJSONSchema(
    z.strictObject({
      steps: z.number().int().min(1).max(1000).default(40).describe('Gradient steps.'),
      stepSize: z.number().positive().nullable().default(null),
      loss: z.enum(['margin', 'ce']).default('margin'),
      restart: z.boolean().default(true),
      list: z.array(z.number()).default([1]),
      free: z.number().int().optional(),
    }),
    { io: 'input' },
  ) as Record<string, unknown>;

  it('comes from its JSON Schema', () => {
    const fields = Object.fromEntries(fieldsOf(schema).map((field) => [field.key, field]));
    expect(fields['steps']).toMatchObject({
      kind: 'integer',
      min: 1,
      max: 1000,
      initial: 40,
      description: 'Gradient steps.',
      nullable: false,
      title: 'Steps',
    });
    expect(fields['stepSize']).toMatchObject({ kind: 'number', min: 0, initial: null, nullable: true, title: 'Step size' });
    expect(fields['loss']).toMatchObject({ kind: 'choice', choices: ['margin', 'ce'] });
    expect(fields['restart']).toMatchObject({ kind: 'boolean', initial: true });
    expect(fields['list']).toMatchObject({ kind: 'json' });
    // Bounds that only say "a safe integer" are no help.
    expect(fields['free']).toMatchObject({ min: null, max: null, initial: undefined });
    expect(initialOf(schema)).toEqual({ steps: 40, stepSize: null, loss: 'margin', restart: true, list: [1] });
  });
});

describe('presets', () => {
  it('name themselves again', () => {
    for (const preset of PRESETS) expect(presetOf(Preprocessing.parse(preset.values))).toBe(preset.id);
    expect(presetOf(Preprocessing.parse({ mean: [0.123] }))).toBeNull();
  });

  it('leave size and layout alone, and the plain ranges the channels, too', () => {
    for (const { values } of PRESETS)
      expect(Object.keys(values).filter((key) => !['channels', 'scale', 'mean', 'std'].includes(key))).toEqual([]);
    expect(PRESETS.filter(({ values }) => values.channels === undefined).map(({ id }) => id)).toEqual(['unit', '0..255', '-1..1']);
  });
});

describe('the axis', () => {
  it('has round ticks, and l∞ in levels', () => {
    expect(ticks(10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(0, 5)).toEqual([0]);
    expect(budgetTicks('linf', 16 / 255, 4).map((tick) => tick.text)).toEqual(['0', '5', '10', '15']);
    expect(budgetTicks('l0', 2, 6).every((tick) => Number.isInteger(tick.eps))).toBe(true);
  });

  it('ends past the largest budget, and not far out for one robust image', () => {
    expect(axisEnd('l2', [], [])).toBe(1);
    expect(axisEnd('l2', [{ eps: 0, accuracy: 1 }], [1])).toBeCloseTo(1.2);
    expect(
      axisEnd(
        'l2',
        [
          { eps: 0, accuracy: 1 },
          { eps: 100, accuracy: 0 },
        ],
        [1],
      ),
    ).toBeCloseTo(4);
  });

  it('reads the curve at a budget from the last step', () => {
    const points = [
      { eps: 0, accuracy: 1 },
      { eps: 0.5, accuracy: 0.5 },
    ];
    expect(at(points, 0.49)?.accuracy).toBe(1);
    expect(at(points, 0.5)?.accuracy).toBe(0.5);
    expect(at([], 1)).toBeNull();
  });
});

describe('an audit under way', () => {
  const image = (id: string, change: Partial<LiveImage>): LiveImage => ({ ...emptyImage(id), ...change });
  const images = [
    image('broken', { right: true, distance: { 0: 2 }, states: { 0: ['held', 'broken'] } }),
    image('held', { right: true, states: { 0: ['held', 'held'] } }),
    image('open', { right: true, states: { 0: ['held'] } }),
    image('wrong', { right: false }),
    image('new', {}),
  ];

  const threat = { eps: [1, 2], attacks: 2, minimal: true };

  it('gives each tile its state at the largest budget', () => {
    expect(images.map((one) => tileState(one, [threat]))).toEqual(['broken', 'held', 'open', 'wrong-already', 'waiting']);
    expect(tileState(images[0]!, [{ ...threat, eps: [1] }])).toBe('beyond');
    // A larger change says nothing while an attack may still find a smaller one.
    expect(tileState(image('early', { right: true, distance: { 0: 2 }, states: { 0: ['broken'] } }), [{ ...threat, eps: [1] }])).toBe(
      'open',
    );
  });

  it('is failed or held by the same rule as the results, and shows the worst of several threat models', () => {
    const some = (...states: LiveImage['states'][number][]) => image('some', { right: true, states: { ...states } });
    expect(tileState(some(['held', 'failed']), [threat])).toBe('held');
    expect(tileState(some(['failed', 'failed']), [threat])).toBe('failed');
    expect(tileState(some(['held', 'held'], ['failed', 'failed']), [threat, threat])).toBe('failed');
    expect(tileState(some(['held', 'held'], ['held']), [threat, threat])).toBe('open');
  });

  it('leaves open what nobody knows yet: one image wrong and one broken of five do not make 33 % or 40 %', () => {
    const { points, marks } = liveBounds(images, 0, threat);
    // Sure to be right: the held one, and at ε = 1 the one that only breaks at 2. Lost: the wrong one, and at ε = 2 that one.
    expect(marks).toEqual([
      { eps: 1, accuracy: null, low: 2 / 5, high: 4 / 5 },
      { eps: 2, accuracy: null, low: 1 / 5, high: 3 / 5 },
    ]);
    expect(points.map(({ eps, low, high }) => [eps, low, high])).toEqual([
      [0, 2 / 5, 4 / 5],
      [2, 1 / 5, 3 / 5],
    ]);
    // The wrong one is never attacked, and the new one may be.
    expect(countDone(images, [threat])).toEqual({ done: 2, of: 4 });
    const wrong = Array.from({ length: 6 }, (_, i) => image(`w${i}`, { right: false, states: { 0: ['wrong-already', 'wrong-already'] } }));
    expect(countDone([...wrong, ...images], [threat])).toEqual({ done: 2, of: 4 });
    // Of its target already: never attacked either.
    expect(countDone([image('t', { right: true, states: { 0: ['target-already', 'target-already'] } })], [threat])).toEqual({
      done: 0,
      of: 0,
    });
    expect(liveBounds([images[4]!], 0, threat)).toEqual({ points: [], marks: [] });
  });

  it('gives a value once every attack is through with every image, and no line for budgets that nobody tried', () => {
    const over = images.slice(0, 2);
    expect(liveBounds(over, 0, threat).marks.map(({ accuracy }) => accuracy)).toEqual([1, 0.5]);
    expect(liveBounds(over, 0, { ...threat, minimal: false }).points).toEqual([]);
    const failed = image('failed', { right: true, states: { 0: ['held', 'failed'] } });
    expect(liveBounds([...over, failed], 0, threat).marks[1]).toEqual({ eps: 2, accuracy: null, low: 1 / 3, high: 2 / 3 });
  });
});

describe('the signed difference', () => {
  const pixels = (...data: number[]): Pixels => ({ width: data.length / 4, height: 1, data: new Uint8ClampedArray(data) });
  const clean = pixels(100, 100, 100, 255, 0, 0, 0, 255);
  const changed = pixels(104, 96, 100, 255, 0, 2, 0, 255);

  it('reaches white and black at the largest change, and grey at none', () => {
    expect(largestChange(clean, changed)).toBe(4);
    expect([...signedDifference(clean, changed, 4).data]).toEqual([255, 1, 128, 255, 128, 192, 128, 255]);
  });
});

describe('what was dropped', () => {
  it('is a model with its weights, labels, names and pictures', () => {
    expect(sortPaths(['/x/m.onnx', '/x/m.onnx.data', '/x/cats', '/x/labels.csv', '/x/classes.txt'])).toEqual({
      audit: null,
      model: '/x/m.onnx',
      labels: '/x/labels.csv',
      classNames: '/x/classes.txt',
      images: ['/x/cats'],
    });
    // A batch of CIFAR-10 ends in .bin, too.
    expect(sortPaths(['C:\\d\\test_batch.bin', 't10k-labels-idx1-ubyte.gz', 't10k-images-idx3-ubyte.gz'])).toEqual({
      audit: null,
      model: null,
      labels: 't10k-labels-idx1-ubyte.gz',
      classNames: null,
      images: ['C:\\d\\test_batch.bin', 't10k-images-idx3-ubyte.gz'],
    });
    expect(sortPaths(['/audits/a/audit.hairline'])).toEqual({
      audit: '/audits/a/audit.hairline',
      model: null,
      labels: null,
      classNames: null,
      images: [],
    });
    expect(baseName('C:\\a\\b\\')).toBe('b');
    expect([withFolder('C:\\a\\cats\\1.png'), withFolder('/a/cats/1.png'), withFolder('1.png')]).toEqual([
      'cats/1.png',
      'cats/1.png',
      '1.png',
    ]);
  });
});
