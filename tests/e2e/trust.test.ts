import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../shared/canonical.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import { Here } from '../audit/here.ts';
import { writeModel, writePictures, zeroGradient } from '../checks/planted.ts';
import { browser, poll, session, step } from './session.ts';

/** The real window on an audit of a model whose gradient is zero. */
describe.skipIf(!browser)('the page of checks', () => {
  const here = session('trust');
  let page: Page;
  beforeAll(async () => {
    ({ page } = here);
    const folder = join(here.folder, 'data/audits/2026-03-01-trust');
    mkdirSync(folder, { recursive: true });
    const pictures = join(here.folder, 'pictures');
    await writePictures(pictures, 2);
    const model = writeModel(join(here.folder, 'flat.onnx'), zeroGradient());
    const threats = [{ norm: 'linf' as const, eps: [8 / 255], attacks: [{ id: 'fgsm' }] }];
    const plan = checkPlan(
      { name: 'Flat', model, preprocessing: { channels: 'grey' }, images: [pictures], threats, checks: { images: 5 } },
      here.folder,
    );
    const pool = new Here();
    const quiet = () => {};
    const results = await runAudit({
      plan,
      folder,
      resume: false,
      pool,
      control: pool.control,
      onImage: quiet,
      onFinding: quiet,
      onProgress: quiet,
    });
    writeFileSync(join(folder, 'results.json'), canonicalJson(results));
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: /Flat Finished/ }).click();
  });

  it('says which checks failed, each with its figure', async () => {
    const panel = page.getByRole('region', { name: 'Can I trust this?' });
    await panel.scrollIntoViewIfNeeded();
    const text = async () => (await panel.innerText()).replaceAll(/\s+/g, ' ');
    await poll(text).toContain('checks failed: do not rely on what is said to hold before you know why.');
    expect(await text()).toContain('Measured on 5 images under ℓ∞, with budgets of 8/255, 16/255, 32/255.');
    expect(await text()).toMatch(/Gradients are there, and are numbers: failed Of 5 images the gradient is zero on 5/);
    expect(await text()).toMatch(/Many steps do better than one: passed/);
    await here.goodInBoth('results');
  });

  it('says how far the results carry beside them', async () => {
    const aside = async () => (await page.getByRole('complementary').innerText()).replaceAll(/\s+/g, ' ');
    await poll(aside).toMatch(/Confidence: \d+ held: tentative, page of checks not clean/);
  });

  it('is asked for beside the threat model', async () => {
    await step(page, 'Threat model').click();
    const field = page.getByLabel('Images to check trust on');
    await field.waitFor();
    await here.good('threat');
  });
});
