import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verdictWords } from '../../shared/gradientCheck.ts';
import type { AuditPlanInput } from '../../shared/plan.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import type { Results } from '../../shared/results.ts';
import { Here, writePicture } from './here.ts';
import { noRule, plain, write } from './models.ts';

const root = mkdtempSync(join(tmpdir(), 'hairline-access-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const images = join(root, 'images');

beforeAll(async () => {
  mkdirSync(images);
  for (let i = 0; i < 3; i++)
    await writePicture(
      join(images, `${i}.png`),
      Float64Array.from({ length: 3 * 32 * 32 }, (_, j) => ((j * (i + 3) * 31) % 251) / 250),
      3,
      32,
    );
});

async function run(name: string, bytes: Uint8Array, ids: string[]): Promise<Results> {
  const pool = new Here();
  const input: AuditPlanInput = {
    model: write(join(root, `${name}.onnx`), bytes),
    preprocessing: {},
    images: [images],
    threats: [{ norm: 'linf', eps: [0.5], attacks: ids.map((id) => ({ id, options: id === 'random' ? { draws: 5 } : {} })) }],
  };
  return runAudit({
    plan: checkPlan(input, root),
    folder: join(root, `${name} ${ids.join()}`),
    resume: false,
    pool,
    control: pool.control,
    onImage: () => {},
    onFinding: () => {},
    onProgress: () => {},
    onResults: () => Promise.resolve(),
  });
}

it('a model without a gradient is audited by attacks that need none, its forward pass held against the original', async () => {
  const { gradientCheck, findings, warnings } = await run('hardmax', noRule(), ['random']);
  expect(gradientCheck).toMatchObject({ ok: true, verdict: 'unneeded', directions: 0, wanted: 0, compared: 3 });
  expect(gradientCheck.forwardError).toBeLessThan(1e-5);
  expect(verdictWords(gradientCheck)).toMatch(/^not needed/);
  expect(findings).toHaveLength(3);
  expect(findings.every(({ state, backwards }) => ['broken', 'held'].includes(state) && backwards === 0)).toBe(true);
  expect(warnings.join()).not.toMatch(/gradient/i);
});

it('with one attack that follows gradients beside it, the same model is refused by the operator', async () => {
  await expect(run('hardmax both', noRule(), ['random', 'fgsm'])).rejects.toThrow(/Hardmax/);
});

it('a model with a gradient is not checked for what nobody asks', async () => {
  expect((await run('plain', plain(), ['random'])).gradientCheck).toMatchObject({ verdict: 'unneeded', directions: 0 });
  expect((await run('plain', plain(), ['random', 'fgsm'])).gradientCheck).toMatchObject({
    verdict: 'passed',
    directions: expect.any(Number) as number,
  });
});
