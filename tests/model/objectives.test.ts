import { expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';

/** f = W x over grey pictures of 2 x 3 pixels, four classes. */
const W = Float32Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) / 4 - 1);

it('difference is f_y - f_t and logit f_y or -f_t, with their gradients', async () => {
  const b = new GraphBuilder(emptyGraph('linear'));
  b.input('pixels', DType.float32, ['N', 1, 2, 3]);
  const flat = b.node('Reshape', ['pixels', b.ints([-1, 6])]);
  b.node('MatMul', [flat, b.constant(W, [6, 4])], {}, { outputs: ['scores'] });
  b.output('scores', DType.float32, ['N', 4]);
  const model = await openDifferentiable({
    graph: b.graph,
    input: findImageInput(b.graph, null),
    preprocessing: Preprocessing.parse({ channels: 'grey' }),
    picture: { channels: 1, height: 2, width: 3 },
    rows: 2,
    provider: 'cpu',
  });
  const x = Float32Array.from({ length: 12 }, (_, i) => i / 12);
  const label = Int32Array.of(1, 3);
  const goal = Int32Array.of(2, 0);
  const f = (row: number, k: number): number =>
    Array.from({ length: 6 }, (_, j) => W[j * 4 + k]! * x[row * 6 + j]!).reduce((a, c) => a + c, 0);
  const w = (k: number): number[] => Array.from({ length: 6 }, (_, j) => W[j * 4 + k]!);
  const cases = [
    ['difference', goal, (r: number) => f(r, label[r]!) - f(r, goal[r]!), (r: number) => w(label[r]!).map((v, j) => v - w(goal[r]!)[j]!)],
    ['logit', null, (r: number) => f(r, label[r]!), (r: number) => w(label[r]!)],
    ['logit', goal, (r: number) => -f(r, goal[r]!), (r: number) => w(goal[r]!).map((v) => -v)],
  ] as const;
  for (const [objective, target, value, slope] of cases) {
    const out = await model.gradient(objective, x, label, target);
    for (const r of [0, 1]) {
      expect(out.loss[r]).toBeCloseTo(value(r), 5);
      slope(r).forEach((s, j) => expect(out.gradient[r * 6 + j]).toBeCloseTo(s, 5));
    }
  }
  await expect(model.gradient('difference', x, label, null)).rejects.toThrow('needs a target class');
  await model.close();
});
