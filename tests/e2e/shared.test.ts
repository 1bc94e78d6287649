import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Results } from '../../shared/results.ts';
import { encodePng, openImages } from '../../src-main/images/index.ts';
import { browser, poll, session, step } from './session.ts';
import { titleOf } from './tiles.ts';

/** Published models, a data set and a folder of pictures, where they lie beside the repository. */
const SHARED = join(import.meta.dirname, '../../../shared');
const MODEL = join(SHARED, 'models/converted-from-weights/mnist_sigmazero_smallcnn_ddn.onnx');
const DIGITS = ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'].map((name) => join(SHARED, 'data/mnist', name));
const LARGE = join(SHARED, 'models/classify-imagenet/winml_SqueezeNet_fp16.onnx');
const FOLDER = join(SHARED, 'data/imagenet-sample');
const missing = [MODEL, LARGE, FOLDER, ...DIGITS].find((path) => !existsSync(path));

describe.skipIf(!browser || missing)(`published models and pictures${missing ? ' (skipped: ../shared is not there)' : ''}`, () => {
  const here = session('shared');
  const { good } = here;
  let page: Page;
  beforeAll(() => ({ page } = here));

  it('are taken in: what the model reads, and the pictures of a data set with their labels', async () => {
    await page.locator('input[type=file]').first().setInputFiles(MODEL);
    await page.getByText('mnist_sigmazero_smallcnn_ddn.onnx').first().waitFor();
    await page
      .getByText(/28 × 28/)
      .first()
      .waitFor();
    await step(page, 'Images').click();
    await page.locator('input[type=file][multiple]:not([webkitdirectory])').setInputFiles(DIGITS);
    await page.locator('[data-at]').first().waitFor();
    await page.getByLabel('Use at most').fill('4');
    await page.getByLabel('Use at most').press('Enter');
    await page.getByText('4 of 10,000 images').waitFor();
    // They are drawn, and each has the label of its place in the data set.
    const set = await openImages({ paths: [DIGITS[0]!], labels: null, offset: 0, limit: null });
    for (const tile of [0, 1, 2, 3]) {
      const [, index, label] = /#(\d+)[^]* (\d)\D*$/.exec(await titleOf(page, tile))!;
      expect(Number(label), `#${index}`).toBe(set.items[Number(index)]!.label);
    }
    await good('images');
  });

  it('are audited to numbers near those that the robust network is known for', { timeout: 180_000 }, async () => {
    // The first four, which the libraries were measured on: 7, 2, 1, 0.
    const { items } = await openImages({ paths: [DIGITS[0]!], labels: null, offset: 0, limit: 4 });
    const four = await Promise.all(
      items.map(async (item) => ({
        name: `${item.at}.png`,
        mimeType: 'image/png',
        buffer: Buffer.from(await encodePng(await item.read())),
      })),
    );
    const labels = {
      name: 'labels.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(items.map(({ at, label }) => `${at}.png,${label}\n`).join('')),
    };
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.locator('input[type=file][multiple]:not([webkitdirectory])').setInputFiles([...four, labels]);
    await page.getByText('4 images').first().waitFor();
    await step(page, 'Threat model').click();
    await page.getByRole('button', { name: 'Start audit' }).click();
    await page.getByRole('button', { name: 'See results' }).click({ timeout: 150_000 });
    await page.getByRole('heading', { name: 'Robust accuracy' }).waitFor();
    await good('results');
    await step(page, 'Export').click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save: Results' }).click();
    const results = Results.parse(JSON.parse(readFileSync(await (await download).path(), 'utf8')));
    // They come in as they are read.
    const images = results.images.toSorted((a, b) => Number.parseInt(a.source, 10) - Number.parseInt(b.source, 10));
    expect(images.map(({ label, prediction }) => [label, prediction])).toEqual([
      [7, 7],
      [2, 2],
      [1, 1],
      [0, 0],
    ]);
    // What the libraries reach on these four images, by ../shared/oracles, is never far below what is found here.
    for (const [norm, attack, measure] of [
      ['l0', 'sigmazero-1000', 'l0_features'],
      ['l2', 'al-ddn-1000', 'l2'],
    ] as const) {
      const file = join(SHARED, `oracles/mnist_sigmazero_smallcnn_ddn.${attack}.json`);
      const { indices, per_sample } = JSON.parse(readFileSync(file, 'utf8')) as { indices: number[]; per_sample: Record<string, number[]> };
      const threat = results.threats.findIndex((one) => one.norm === norm);
      images.forEach((image, i) => {
        const best = Math.min(
          ...results.findings
            .filter((f) => f.image === image.id && f.threat === threat && f.state === 'broken')
            .map((f) => f.eightBit![norm]),
        );
        expect(best, `${norm} of image ${i}`).toBeLessThanOrEqual(1.25 * per_sample[measure]![indices.indexOf(i)]! + 1);
      });
    }
  });

  it('come as a folder, too, and in sixteen bits', async () => {
    await step(page, 'Model').click();
    await page.locator('input[type=file]').first().setInputFiles(LARGE);
    await page.getByText('winml_SqueezeNet_fp16.onnx').first().waitFor();
    await step(page, 'Images').click();
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.locator('input[webkitdirectory]').setInputFiles(FOLDER);
    const pictures = readdirSync(FOLDER).filter((name) => name.endsWith('.JPEG')).length;
    await poll(() => page.getByRole('heading', { level: 1 }).locator('..').innerText()).toMatch(new RegExp(`${pictures} images`));
    await good('folder');
    await step(page, 'Model').click();
    await page.getByText('Passed', { exact: false }).first().waitFor();
    await good('model');
  });
});
