import { describe, expect, it } from 'vitest';
import { DType, emptyGraph, GraphBuilder, producersOf } from '../../src-main/graph/index.ts';
import { eachByItself } from '../../src-main/model/eachByItself.ts';
import { findLogits, scoreNotes } from '../../src-main/model/output.ts';
import { ownLabels } from '../../src-main/model/ownLabel.ts';
import { readScores } from '../../src-main/model/scores.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';

const ROWS = 2;

/** A model whose input `x` [rows, width] goes through `body`, and its scores. */
async function found(width: number, body: (b: GraphBuilder) => void) {
  const b = new GraphBuilder(emptyGraph('g', 18));
  b.input('x', DType.float32, ['N', width]);
  b.node('Relu', ['x'], {}, { outputs: ['z'] });
  body(b);
  const facts = await traceFacts(b.graph, { x: [ROWS, width] });
  return { graph: b.graph, output: findLogits(b.graph, facts, ROWS) };
}

const out = (b: GraphBuilder, value: string, name: string, type: DType = DType.float32, dims: (number | string)[] = ['N', '?']) => {
  b.node('Identity', [value], {}, { outputs: [name] });
  b.output(name, type, dims);
};
const gemm = (b: GraphBuilder, value: string, from: number, to: number): string => {
  const weights = Array.from({ length: from * to }, (_, i) => Math.sin(i));
  return b.node('Gemm', [value, b.constant(weights, [from, to])]);
};
const p = (b: GraphBuilder) => b.node('Softmax', ['z'], {}, { outputs: ['p'] });
const order = (b: GraphBuilder, row: string, largest = 1) => (
  b.node('TopK', [row, b.ints([5])], { axis: 1, largest }, { outputs: ['values', 'places'] }),
  'places'
);

describe('scores that the file puts in order', () => {
  it.each<[string, (b: GraphBuilder) => void]>([
    ['by their own order', (b) => out(b, b.node('GatherElements', [p(b), order(b, 'p')], { axis: 1 }), 'sorted')],
    ['by the order of logits', (b) => out(b, b.node('GatherElements', [p(b), order(b, 'z')], { axis: 1 }), 'sorted')],
    [
      'by the least of them turned round',
      (b) => out(b, b.node('GatherElements', [p(b), order(b, b.node('Neg', ['p']), 0)], { axis: 1 }), 'sorted'),
    ],
    [
      'with their places beside them',
      (b) => (out(b, b.node('GatherElements', [p(b), order(b, 'p')], { axis: 1 }), 'sorted'), out(b, 'places', 'classes', DType.int64)),
    ],
    ['in percent', (b) => out(b, b.node('Mul', [b.node('GatherElements', [p(b), order(b, 'p')], { axis: 1 }), b.scalar(100)]), 'sorted')],
  ])('are taken as they were before: %s', async (_, body) => {
    const { output } = await found(5, body);
    expect(output).toMatchObject({ name: 'p', logits: 'z', kind: 'softmax', classes: 5 });
    expect(output.smallest).toBeUndefined();
    expect(output.others).toBeUndefined();
  });

  it('are found behind a label and its score in one row', async () => {
    const label = (b: GraphBuilder) => b.node('Cast', [b.node('ArgMax', [p(b)], { axis: 1 })], { to: DType.float32 });
    const best = (b: GraphBuilder) => b.node('ReduceMax', ['p', b.ints([1])], { keepdims: 1 });
    const { output } = await found(5, (b) => out(b, b.node('Concat', [label(b), best(b)], { axis: 1 }), 'answer'));
    expect(output).toMatchObject({ name: 'p', kind: 'softmax', classes: 5 });
  });

  it('are a row of their own where two heads stand side by side', async () => {
    const { output } = await found(5, (b) => out(b, b.node('Concat', [gemm(b, 'z', 5, 2), gemm(b, 'z', 5, 3)], { axis: 1 }), 'y'));
    expect(output).toMatchObject({ name: 'y', classes: 5 });
  });
});

describe('a label by a threshold of the file', () => {
  const one = (b: GraphBuilder) => b.node('Identity', [gemm(b, 'z', 7, 1)], {}, { outputs: ['logit'] });
  const probability = (b: GraphBuilder) => b.node('Sigmoid', [one(b)], {}, { outputs: ['q'] });
  const label = (b: GraphBuilder, value: string) => out(b, b.node('Cast', [value], { to: DType.int64 }), 'label', DType.int64, ['N', 1]);

  it.each<[string, (b: GraphBuilder) => void, { name: string; threshold: number; kind: string; below?: true }]>([
    ['p > 0.9', (b) => label(b, b.node('Greater', [probability(b), b.scalar(0.9)])), { name: 'q', threshold: 0.9, kind: 'sigmoid' }],
    [
      'p < 0.3',
      (b) => label(b, b.node('Less', [probability(b), b.scalar(0.3)])),
      { name: 'q', threshold: 0.3, kind: 'sigmoid', below: true },
    ],
    [
      '0.3 > p',
      (b) => label(b, b.node('Greater', [b.scalar(0.3), probability(b)])),
      { name: 'q', threshold: 0.3, kind: 'sigmoid', below: true },
    ],
    ['logit > 1.5', (b) => label(b, b.node('Greater', [one(b), b.scalar(1.5)])), { name: 'logit', threshold: 1.5, kind: 'logits' }],
    [
      'the logit, beside its probability',
      (b) => (out(b, probability(b), 'prob'), label(b, b.node('Greater', ['logit', b.scalar(1.5)]))),
      { name: 'logit', threshold: 1.5, kind: 'logits' },
    ],
    [
      'the probability, beside it',
      (b) => (out(b, probability(b), 'prob'), label(b, b.node('GreaterOrEqual', ['q', b.scalar(0.75)]))),
      { name: 'prob', threshold: 0.75, kind: 'sigmoid' },
    ],
    [
      'not p > 0.9',
      (b) => label(b, b.node('Not', [b.node('Greater', [probability(b), b.scalar(0.9)])])),
      { name: 'q', threshold: 0.9, kind: 'sigmoid', below: true },
    ],
    [
      'where p > 0.9, 0, else 1',
      (b) => label(b, b.node('Where', [b.node('Greater', [probability(b), b.scalar(0.9)]), b.scalar(0), b.scalar(1)])),
      { name: 'q', threshold: 0.9, kind: 'sigmoid', below: true },
    ],
    ['p rounded', (b) => label(b, b.node('Round', [probability(b)])), { name: 'q', threshold: 0.5, kind: 'sigmoid' }],
    ['the sign', (b) => label(b, b.node('Sign', [one(b)])), { name: 'logit', threshold: 0, kind: 'logits' }],
    [
      'the label and its probability in one row',
      (b) =>
        out(
          b,
          b.node('Concat', [b.node('Cast', [b.node('Greater', [probability(b), b.scalar(0.9)])], { to: DType.float32 }), 'q'], { axis: 1 }),
          'y',
        ),
      { name: 'q', threshold: 0.9, kind: 'sigmoid' },
    ],
  ])('counts as it stands there: %s', async (_, body, { below, ...expected }) => {
    const { output, graph } = await found(7, body);
    expect(output).toMatchObject({ ...expected, threshold: expect.closeTo(expected.threshold, 6), classes: 2, own: true });
    const [under, over] = [-0.01, 0.01].map((step) => readScores([expected.threshold + step], output));
    expect([under!.prediction, over!.prediction]).toEqual(below ? [1, 0] : [0, 1]);
    // What attacks descend decides as the number itself does.
    for (const { logits, prediction } of [under!, over!]) expect(logits[1]! > logits[0]! ? 1 : 0).toBe(prediction);
    expect(scoreNotes(output).join(' ')).toContain(
      `${below ? 'below' : 'above'} ${output.threshold} it stands for class 1, else for class 0, as the label that the file makes of it.`,
    );
    expect(ownLabels(graph, output)).toEqual([]);
  });

  it('is held against the threshold that is said', async () => {
    const b = new GraphBuilder(emptyGraph('g', 18));
    b.input('x', DType.float32, ['N', 7]);
    b.node('Relu', ['x'], {}, { outputs: ['z'] });
    label(b, b.node('Greater', [probability(b), b.scalar(0.9)]));
    const output = findLogits(b.graph, await traceFacts(b.graph, { x: [ROWS, 7] }), ROWS, { output: null, threshold: 0.2 });
    expect(output).toMatchObject({ threshold: 0.2 });
    expect(output.own).toBeUndefined();
  });

  it('of a best score says whether there is any class, and is named', async () => {
    const { output, graph } = await found(5, (b) => {
      out(b, p(b), 'probs');
      label(b, b.node('Greater', [b.node('ReduceMax', ['p', b.ints([1])], { keepdims: 1 }), b.scalar(0.6)]));
    });
    expect(output).toMatchObject({ name: 'probs', classes: 5 });
    expect(output.threshold).toBeUndefined();
    expect(ownLabels(graph, output)).toMatchObject([{ name: 'label', through: ['Greater'] }]);
  });

  it('beside a row that ends as class scores do is about something else', async () => {
    const { output } = await found(5, (b) => {
      out(b, b.node('Softmax', [gemm(b, 'z', 5, 4)]), 'y');
      label(b, b.node('Greater', [gemm(b, 'z', 5, 1), b.scalar(0.5)]));
    });
    expect(output).toMatchObject({ name: 'y', classes: 4 });
  });

  it('that two make together is not told by one of them, and is named', async () => {
    const { output, graph } = await found(7, (b) => {
      out(b, probability(b), 'prob');
      label(b, b.node('And', [b.node('Greater', ['q', b.scalar(0.2)]), b.node('Less', ['q', b.scalar(0.7)])]));
    });
    expect(output).toMatchObject({ name: 'prob', kind: 'sigmoid' });
    expect(output.threshold).toBeUndefined();
    expect(ownLabels(graph, output)).toMatchObject([{ name: 'label', through: ['Greater', 'And'] }]);
  });
});

it('is looked for along each way once, however often ways meet', async () => {
  const { output } = await found(2, (b) => {
    let value = 'z';
    // Sixteen ways at each of eight steps: four thousand million in all.
    for (let i = 0; i < 8; i++)
      value = b.node('ReduceSum', [b.node('Concat', Array<string>(16).fill(value), { axis: 1 }), b.ints([1])], { keepdims: 1 });
    b.node('Reshape', [b.node('Concat', Array<string>(12).fill(value), { axis: 1 }), b.ints([-1, 3, 2, 2])], {}, { outputs: ['picture'] });
    b.output('picture', DType.float32, ['N', 3, 2, 2]);
    out(b, b.node('Sigmoid', ['z']), 'y');
  });
  expect(output).toMatchObject({ name: 'y' });
});

describe('several labels at once', () => {
  const c = (b: GraphBuilder, value: number) => b.scalar(value);
  it.each<[string, (b: GraphBuilder) => string]>([
    ['percent', (b) => b.node('Mul', [b.node('Sigmoid', ['z']), c(b, 100)])],
    ['rounded', (b) => b.node('Clip', [b.node('Sigmoid', ['z']), c(b, 0.01), c(b, 0.99)])],
    [
      'put together of several heads',
      (b) => b.node('Concat', [b.node('Sigmoid', [gemm(b, 'z', 5, 2)]), b.node('Sigmoid', [gemm(b, 'z', 5, 3)])], { axis: 1 }),
    ],
    ['of straight pieces', (b) => b.node('HardSigmoid', ['z'])],
    ['written out', (b) => b.node('Reciprocal', [b.node('Add', [b.node('Exp', [b.node('Neg', ['z'])]), c(b, 1)])])],
    ['written out as a quotient', (b) => b.node('Div', [c(b, 1), b.node('Add', [c(b, 1), b.node('Exp', [b.node('Neg', ['z'])])])])],
    ['written out by softplus', (b) => b.node('Exp', [b.node('Neg', [b.node('Softplus', [b.node('Neg', ['z'])])])])],
    ['written out by tanh', (b) => b.node('Mul', [b.node('Add', [b.node('Tanh', [b.node('Mul', ['z', c(b, 0.5)])]), c(b, 1)]), c(b, 0.5)])],
    ['the mean of two networks', (b) => b.node('Mean', [b.node('Sigmoid', ['z']), b.node('Sigmoid', [gemm(b, 'z', 5, 5)])])],
  ])('are told by a sigmoid for each class: %s', async (_, body) => {
    const { output } = await found(5, (b) => out(b, body(b), 'y'));
    expect(output).toMatchObject({ name: 'y', each: true });
    expect(scoreNotes(output)).toEqual([expect.stringMatching(/^The output y ends in a sigmoid for each of 5 classes/)]);
  });

  it.each<[string, (b: GraphBuilder) => string]>([
    ['scores that sum to 1', (b) => b.node('Softmax', ['z'])],
    [
      'sigmoids divided by their sum',
      (b) => {
        const s = b.node('Sigmoid', ['z']);
        return b.node('Div', [s, b.node('ReduceSum', [s, b.ints([1])], { keepdims: 1 })]);
      },
    ],
    ['a gate', (b) => b.node('Mul', ['z', b.node('Sigmoid', ['z'])])],
    ['a gate written out', (b) => b.node('Div', ['z', b.node('Add', [b.scalar(1), b.node('Exp', [b.node('Neg', ['z'])])])])],
    ['tanh', (b) => b.node('Tanh', ['z'])],
    ['a layer after sigmoids', (b) => gemm(b, b.node('Sigmoid', ['z']), 5, 5)],
  ])('are not %s', async (_, body) => {
    const b = new GraphBuilder(emptyGraph('g', 18));
    b.input('x', DType.float32, ['N', 5]);
    b.node('Relu', ['x'], {}, { outputs: ['z'] });
    const value = body(b);
    expect(eachByItself(value, { graph: b.graph, producers: producersOf(b.graph.nodes) })).toBe(false);
  });

  it('may be outputs of one number each, split from one sigmoid', async () => {
    const { output } = await found(5, (b) => {
      const names = ['cat', 'dog', 'owl'];
      b.node('Split', [b.node('Sigmoid', [gemm(b, 'z', 5, 3)]), b.ints([1, 1, 1])], { axis: 1 }, { outputs: names });
      for (const name of names) b.output(name, DType.float32, ['N', 1]);
    });
    expect(output).toMatchObject({ name: 'cat', classes: 2, threshold: 0.5, others: ['dog', 'owl'] });
    expect(scoreNotes(output)[0]).toMatch(/^The outputs cat, dog, owl are a single number each, by a sigmoid.*here cat alone counts/);
  });
});

describe('a single number whose range is known', () => {
  it.each<[string, (b: GraphBuilder) => string, string]>([
    ['percent', (b) => b.node('Mul', [b.node('Sigmoid', [gemm(b, 'z', 7, 1)]), b.scalar(100)]), '50'],
    [
      'written out',
      (b) => b.node('Reciprocal', [b.node('Add', [b.node('Exp', [b.node('Neg', [gemm(b, 'z', 7, 1)])]), b.scalar(1)])]),
      '0.5',
    ],
  ])('has its middle for a threshold, or is asked for it: %s', async (_, body, middle) => {
    const output = await found(7, (b) => out(b, body(b), 'y')).then(
      (one) => one.output,
      (error: Error) => error.message,
    );
    if (typeof output === 'string') expect(output).toContain(`--threshold ${middle}`);
    else expect(output.threshold).toBe(Number(middle));
  });
});
