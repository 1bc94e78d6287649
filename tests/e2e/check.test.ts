import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { saveGraph } from '../../src-main/graph/index.ts';
import { slow } from '../model/networks.ts';
import { browser, poll, session, step } from './session.ts';

describe.skipIf(!browser)('the gradient check of a slow network', () => {
  const here = session('check');
  let page: Page;
  beforeAll(() => ({ page } = here));
  const panel = () => page.getByRole('region', { name: 'Gradient check' });

  it('holds nobody up: what the model is stands there before it ends, and other screens open', async () => {
    await step(page, 'Model').click();
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles({ name: 'slow.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from(saveGraph(slow()).bytes) });
    await panel().getByRole('progressbar', { name: 'Progress of the gradient check' }).waitFor();
    await page.getByText('slow.onnx').first().waitFor();
    await step(page, 'Images').click();
    await page.getByRole('heading', { level: 1, name: 'Images' }).waitFor();
    await step(page, 'Model').click();
  });

  it('ends with Stop, and says how far it was', async () => {
    await panel().getByRole('button', { name: 'Stop' }).click();
    await poll(() => panel().getByRole('status').innerText()).toMatch(/^Stopped(: \d of 5 directions| before the first direction)$/);
    await panel()
      .getByText(/The check was stopped before all directions were tried/)
      .waitFor();
    expect(await panel().getByRole('progressbar').count()).toBe(0);
    await here.good('stopped');
  });

  it('can be asked for again', async () => {
    await panel().getByRole('button', { name: 'Check again' }).click();
    await panel().getByRole('button', { name: 'Stop' }).click();
  });
});
