import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditPlanInput } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import { encodePng } from '../../src-main/images/index.ts';
import { Here } from './here.ts';
import { louder, other, plain, seven, write } from './models.ts';

let root: string;
let n = 0;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hairline-transfer-'));
  mkdirSync(join(root, 'images'));
  for (let k = 0; k < 6; k++) {
    const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * (k + 3) * 31 + k * 97) % 251);
    writeFileSync(join(root, 'images', `${k}.png`), await encodePng({ width: 32, height: 32, channels: 3, data }));
  }
  for (const [name, bytes] of Object.entries({ plain, louder, other, seven })) write(join(root, `${name}.onnx`), bytes());
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Knowledge = NonNullable<AuditPlanInput['threats'][number]['knowledge']>;
const from = (...names: string[]): Knowledge => ({ kind: 'transfer', surrogates: names.map((name) => ({ model: `${name}.onnx` })) });

async function audit(
  knowledge: Knowledge,
  folder = join(root, `audit ${++n}`),
  resume = false,
): Promise<{ results: Results; folder: string }> {
  const threats: AuditPlanInput['threats'] = [
    { norm: 'linf', eps: [1 / 255, 3 / 255], knowledge, attacks: [{ id: 'fgsm', options: { loss: 'margin' } }] },
  ];
  const plan = checkPlan({ model: 'plain.onnx', preprocessing: {}, images: ['images'], threats }, root);
  const pool = new Here();
  return {
    folder,
    results: await runAudit({
      plan,
      folder,
      resume,
      pool,
      control: pool.control,
      onImage: () => {},
      onFinding: () => {},
      onProgress: () => {},
    }),
  };
}

describe('a transfer attack', () => {
  it('with gradients that point the same way finds the very pictures of the white box', async () => {
    const white = await audit({ kind: 'white-box' });
    const grey = await audit(from('louder'));
    const broken = white.results.findings.filter((finding) => finding.state === 'broken');
    expect(broken.length).toBeGreaterThan(2);
    expect(grey.results.findings.map(({ state }) => state)).toEqual(white.results.findings.map(({ state }) => state));
    const bytes = (audit: { folder: string }, file: string) => readFileSync(join(audit.folder, file));
    for (const { file } of broken) expect(bytes(grey, file!)).toEqual(bytes(white, file!));
    expect(grey.results.surrogates.map(({ sha256 }) => sha256)).not.toEqual([white.results.model.sha256]);
    expect(grey.results.model).toEqual(white.results.model);
  });

  it('with gradients of an unrelated model breaks fewer, and the model itself is the judge', async () => {
    const white = await audit({ kind: 'white-box' });
    const { results } = await audit(from('other'));
    const count = ({ findings }: Results) => findings.filter((finding) => finding.state === 'broken').length;
    expect(count(results)).toBeLessThan(count(white.results));
    for (const { state, prediction, image } of results.findings)
      if (state === 'broken') expect(prediction).not.toBe(results.images.find(({ id }) => id === image)!.label);
  });

  it('from several models follows their mean: the model among strangers still leads', async () => {
    const { results } = await audit(from('louder', 'other'));
    expect(results.surrogates).toHaveLength(2);
    const alone = await audit(from('other'));
    const count = ({ findings }: Results) => findings.filter((finding) => finding.state === 'broken').length;
    expect(count(results)).toBeGreaterThan(count(alone.results));
  });

  it('refuses a surrogate of other classes, and one that is not there', async () => {
    await expect(audit(from('seven'))).rejects.toThrow(
      /seven\.onnx tells 7 classes apart and the model 10: take one with the same classes/,
    );
    await expect(audit(from('absent'))).rejects.toThrow(/absent\.onnx/);
  });

  it('does not go on with another surrogate than it began with', async () => {
    write(join(root, 'mine.onnx'), louder());
    const { folder } = await audit(from('mine'));
    write(join(root, 'mine.onnx'), other());
    await expect(audit(from('mine'), folder, true)).rejects.toThrow(/mine\.onnx is not the model this audit began with/);
  });
});
