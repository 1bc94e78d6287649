import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditPlanInput } from '../../shared/plan.ts';
import { inspectModel } from '../../src-main/explore/inspect.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { prepare } from '../../src-main/audit/prepare.ts';
import { DType, emptyGraph, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import { encodePng } from '../../src-main/images/index.ts';
import { scratch } from '../images/files.ts';

/** What clean pictures tell of an answer that the file does not tell, on red pictures and blue ones. */
const { folder, file } = scratch();
for (const [i, colour] of [
  [200, 50, 40],
  [40, 60, 210],
  [120, 60, 115],
].entries())
  file(
    `pictures/${i}.png`,
    await encodePng({ width: 8, height: 8, channels: 3, data: Uint8Array.from({ length: 192 }, (_, k) => colour[k % 3]! + (k % 5)) }),
  );

/** Red less blue, times a factor, and its opposite: a row of two scores `z`. */
function model(name: string, body: (b: GraphBuilder) => void, factor = 4): string {
  const b = new GraphBuilder(emptyGraph('colours'));
  b.input('x', DType.float32, ['N', 3, 8, 8]);
  const mean = b.node('ReduceMean', ['x', b.ints([2, 3])], { keepdims: 0 });
  b.node('MatMul', [mean, b.constant([factor, -factor, 0, 0, -factor, factor], [3, 2])], {}, { outputs: ['z'] });
  body(b);
  return file(`${name}.onnx`, saveGraph(b.graph).bytes);
}

async function warnings(path: string, more: Partial<AuditPlanInput> = {}): Promise<string[]> {
  const plan = checkPlan(
    {
      model: path,
      preprocessing: {},
      images: [join(folder, 'pictures')],
      threats: [{ norm: 'linf', eps: [2 / 255], attacks: [{ id: 'fgsm' }] }],
      ...more,
    },
    folder,
  );
  return (await prepare(plan, undefined)).setup.warnings;
}
const label = (b: GraphBuilder, value: string) => {
  b.node('Identity', [value], {}, { outputs: ['label'] });
  b.output('label', DType.int64, ['N']);
};
const chosen = (b: GraphBuilder) => b.node('ArgMax', ['z'], { axis: 1, keepdims: 0 });
const sure = (b: GraphBuilder) =>
  b.node('Greater', [b.node('ReduceMax', [b.node('Softmax', ['z'], { axis: 1 }), b.ints([1])], { keepdims: 0 }), b.scalar(0.7)]);

describe('a label of the file itself', () => {
  it('that may be none is named, and held against the largest score', async () => {
    const path = model('reject', (b) => label(b, b.node('Where', [sure(b), chosen(b), b.constant([-1], [], DType.int64)])));
    const note =
      'The file makes its own label (label) by Greater, Where, and so may answer otherwise than the class scores, such as with none; here the class scores alone count.';
    expect((await inspectModel(path)).notes).toContain(note);
    const found = await warnings(path);
    expect(found).toContain(note);
    expect(found.join()).toContain("At 1 of 3 images looked at the file's own label label is not the class of the largest score, but -1:");
  });

  it.each<[string, (b: GraphBuilder) => string]>([
    ['that is the best class', chosen],
    ['that counts from 1', (b) => b.node('Add', [chosen(b), b.constant([1], [], DType.int64)])],
  ])('%s needs no word', async (name, body) => {
    expect((await warnings(model(`label ${name}`, (b) => label(b, body(b))))).join()).not.toContain('label');
  });
});

describe('a threshold', () => {
  const probability = (b: GraphBuilder) => {
    b.node('Gather', [b.node('Softmax', ['z'], { axis: 1 }), b.constant([1], [], DType.int64)], { axis: 1 }, { outputs: ['p'] });
    b.output('p', DType.float32, ['N', 1]);
  };
  it.each([
    [0.5, false],
    [0.001, true],
  ])('%d that all pictures are on one side of is said', async (threshold, said) => {
    const found = await warnings(model('second', probability), { answer: { output: null, threshold } });
    expect(found.some((one) => /^All 3 images looked at lie above the threshold 0\.001 of p, from 0\.0\d* to 0\.9\d*:/.test(one))).toBe(
      said,
    );
  });
});

it('probabilities that nothing in the file shows to be some are called so', async () => {
  const path = model('own softmax', (b) => {
    const e = b.node('Exp', ['z']);
    b.node('Div', [e, b.node('ReduceSum', [e, b.ints([1])], { keepdims: 1 })], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 2]);
  });
  expect((await warnings(path)).join()).toContain('The numbers of y are no logits');
  const logits = model('plain', (b) => (b.node('Identity', ['z'], {}, { outputs: ['y'] }), b.output('y', DType.float32, ['N', 2])));
  expect((await warnings(logits)).join()).not.toContain('no logits');
});

it('an input beside the image that nobody gave a value is named', async () => {
  const path = model('gain', (b) => {
    b.input('gain', DType.float32, [1]);
    b.node('Add', ['z', 'gain'], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 2]);
  });
  const note = 'The input gain of the model holds 0 for every image, since nothing was said of it: --fix NAME=VALUE gives another value.';
  expect(await warnings(path)).toContain(note);
  expect(await warnings(path, { fixed: { gain: 0 } })).not.toContain(note);
});
