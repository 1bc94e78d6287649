import { beforeAll, describe, expect, test } from 'vitest';
import { decibels, networkOutputWords } from '../../shared/outputs.ts';
import type { Goal } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import { renderPdf } from '../../src-main/report/index.ts';
import { makeFixture, png } from './fixture.ts';
import type { Fixture } from './fixture.ts';
import { open } from './reader.ts';
import type { ReadPdf } from './reader.ts';

/** The same audit as of an image-to-image network, with outputs that can be told apart. */
function asOutputs({ results, files, readPng }: Fixture, goal: Goal, picture = true): Fixture {
  const write = (file: string, value: number) => {
    files.set(file, png(16, 16, 1, new Uint8Array(256).fill(value)));
    return file;
  };
  const images = results.images.map((image, i) => ({
    ...image,
    ...{ label: 0, labelGiven: false, prediction: 0, top: [] },
    outputs: results.threats.map(() => ({
      figures: { psnr: 24 + i / 10, ...(picture && { ssim: 0.8 }) },
      file: picture ? write(`clean-output/${image.id}.png`, i) : null,
    })),
  }));
  const findings = results.findings.map((finding, i) => ({
    ...finding,
    top: [],
    prediction: finding.state === 'broken' ? 1 : null,
    output:
      finding.state === 'broken'
        ? {
            figures: { psnr: 19.9985, ...(picture && { ssim: 0.512 }) },
            file: picture ? write(`adversarial-output/${i}.png`, 255 - i) : null,
          }
        : null,
  }));
  const model = {
    ...results.model,
    inputs: [...results.model.inputs, { name: 'sigma', type: 'float32', shape: [1] }],
    outputs: [{ name: 'denoised', type: 'float32', shape: ['batch', 1, 16, 16] }],
  };
  const field = {
    name: 'denoised',
    dims: [1, 16, 16],
    width: 256,
    picture: picture ? { channels: 1, height: 16, width: 16, layout: 'nchw' as const } : null,
  };
  const plan = { ...(results.plan as object), input: 'input', fixed: { sigma: 0.25 } };
  return {
    results: {
      ...results,
      ...{ images, findings, model, plan, cleanAccuracy: null, classes: 2, classNames: ['unbroken', 'broken'], output: field },
      threats: results.threats.map((threat) => ({ ...threat, goal })),
      gradientCheck: { ...results.gradientCheck, tangentError: 0.00052 },
    },
    files,
    readPng,
  };
}

const NO_WORDS = /accurac|labels?\b(?!.*sha)|\bclass|predict|decision|softmax|logit|wrong/i;

describe('the report on a network that puts out pictures', () => {
  let results: Results;
  let read: ReadPdf;
  beforeAll(async () => {
    const fixture = asOutputs(makeFixture({ images: 8, norms: ['linf', 'l2'], labels: false }), {
      kind: 'deviation',
      reference: 'input',
      psnr: 20,
      peak: 1,
    });
    results = fixture.results;
    read = await open(await renderPdf(results, fixture.readPng));
  });

  test('speaks of outputs, never of classes', () => {
    const whole = read.pages.join('\n');
    // The plan and the results' own words stand at the end as they are.
    const text = whole.slice(0, whole.indexOf('How to repeat this audit'));
    expect(NO_WORDS.exec(text)?.[0]).toBeUndefined();
    expect(text).toContain('With changes of at most 2/255 in any pixel value the output for');
    expect(text).toContain('stays within 20 dB of the image itself');
    expect(text).toContain('outputs for the 8 clean images: PSNR 24.0 dB to 24.7 dB against the image itself.');
    expect(text).toContain('a picture of 16 × 16, grey (denoised)');
    expect(text).toContain('sigma = 0.25');
    expect(text).toContain('J’u from central differences by 0.00041, Jv by 0.00052');
  });

  test('shows five pictures of each example, and tells every image', () => {
    const broken = results.threats.map((_, t) => results.images.filter((image) => image.outcomes[t]!.state === 'broken').length);
    const examples = broken.reduce((sum, n) => sum + Math.min(5, n), 0);
    expect(examples).toBeGreaterThan(3);
    expect(read.images).toBe(5 * examples);
    expect(read.figures.filter((alt) => alt.includes('output for the clean one and for the adversarial one'))).toHaveLength(examples);
    const text = read.pages.join('\n');
    const table = text.slice(text.indexOf('Outputs, image by image'), text.indexOf('How to repeat'));
    for (const image of results.images) expect(table).toContain(`${image.id}.png`);
    // Below 20 dB never reads as 20.
    expect(table).toContain('19.99 dB');
    expect(text).not.toContain('20.00 dB');
    expect(read.outside).toEqual([]);
  });

  test('does without pictures of outputs where they are none, and names the goal of a match', async () => {
    const fixture = asOutputs(
      makeFixture({ images: 6, norms: ['l2'], labels: false }),
      { kind: 'match', picture: 'p.png', psnr: 30, peak: 1 },
      false,
    );
    const { pages, images } = await open(await renderPdf(fixture.results, fixture.readPng));
    const text = pages.join('\n');
    expect(text).toContain('could not be made to give an output within 30 dB of the one to be matched');
    expect(text).toContain('256 values (denoised [1, 16, 16])');
    expect(images).toBe(3 * fixture.results.images.filter((image) => image.outcomes[0]!.state === 'broken').length);
  });
});

test('words for outputs', () => {
  expect(decibels(19.9999)).toBe('19.99\u00a0dB');
  expect(decibels(-3.001)).toBe('-3.01\u00a0dB');
  expect(decibels(null)).toBe('∞\u00a0dB');
  expect(networkOutputWords({ name: 'v', dims: [7], width: 7, picture: null })).toBe('7 values (v [7])');
});
