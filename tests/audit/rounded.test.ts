import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Goal } from '../../shared/plan.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import { DType, emptyGraph, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import { Here, writePicture } from './here.ts';
import { write } from './models.ts';

const root = mkdtempSync(join(tmpdir(), 'hairline-rounded-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const SIDE = 8;
const FEATURES = SIDE * SIDE;

/**
 * Three classes in 16 bits: 0 for dark pictures; for bright ones 1 and 2 score alike but for a 500th in favour of 2. Scores lie near 8,
 * where 16 bits tell 128ths apart, so the model itself mostly sees a tie, which is class 1; attacks work in 32 bits and see class 2.
 */
function nearlyAlike(): Uint8Array {
  const b = new GraphBuilder(emptyGraph('nearly alike'));
  b.input('pixels', DType.float16, ['N', 1, SIDE, SIDE]);
  const half = (values: number[], dims: number[]) => b.node('Cast', [b.constant(values, dims)], { to: DType.float16 });
  const flat = b.node('Flatten', ['pixels'], { axis: 1 });
  const matrix = half(
    Array.from({ length: FEATURES * 3 }, (_, i) => (i % 3 === 0 ? 0 : 8 / FEATURES)),
    [FEATURES, 3],
  );
  const scores = b.node('Add', [b.node('MatMul', [flat, matrix]), half([8, 4, 4], [3])]);
  b.node('Add', [scores, half([0, 0, 0.002], [3])], {}, { outputs: ['scores'] });
  b.output('scores', DType.float16, ['N', 3]);
  return saveGraph(b.graph).bytes;
}

it.each<[string, Goal]>([
  ['towards a class', { kind: 'targeted', target: 2 }],
  ['away from its own', { kind: 'untargeted' }],
])('a success %s counts only where the model as it is sees it, too', async (name, goal) => {
  const images = join(root, `images ${name}`);
  mkdirSync(images);
  for (let i = 0; i < 6; i++)
    await writePicture(
      join(images, `${i}.png`),
      Array.from({ length: FEATURES }, (_, j) => 0.4 - ((i + 7 * j) % 11) / 60),
      1,
      SIDE,
    );
  const pool = new Here();
  const results = await runAudit({
    plan: checkPlan(
      {
        model: write(join(root, 'model.onnx'), nearlyAlike()),
        preprocessing: { channels: 'grey' },
        images: [images],
        threats: [{ norm: 'linf', eps: [0.5], goal, attacks: [{ id: 'fmn', options: { steps: 30 } }] }],
      },
      root,
    ),
    folder: join(root, `audit ${name}`),
    resume: false,
    pool,
    control: pool.control,
    onImage: () => {},
    onFinding: () => {},
    onProgress: () => {},
  });
  expect(results.images.map(({ prediction }) => prediction)).toEqual([0, 0, 0, 0, 0, 0]);
  const { findings } = results;
  const reasons = new Set(findings.flatMap(({ reason }) => reason ?? []));
  if (goal.kind === 'untargeted') return expect(findings.map(({ state }) => state)).toEqual(findings.map(() => 'broken'));
  expect(findings.filter(({ state }) => state === 'failed').length).toBeGreaterThan(0);
  expect([...reasons]).toEqual(['the original model takes the exported picture for class 1, so the success does not count']);
  for (const { state, prediction, file } of findings)
    expect([prediction, file === null]).toEqual(state === 'broken' ? [2, false] : [null, true]);
});
