import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gaussian, randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { encodeNpy, openImages } from '../../src-main/images/index.ts';
import { part } from '../part.ts';
import { hairline, hairlineHere } from './hairline.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairline-linear-'));
const file = (name: string): string => join(folder, name);
const COUNT = 480;
const SIDE = 5;

/** Grey pictures of three classes, 2, 5 and 7: bright above, bright below, and neither. */
beforeAll(() => {
  const random = randomStream('linear command');
  const labels = Array.from({ length: COUNT }, (_, i) => [2, 5, 7][i % 3]!);
  const pixels = labels.flatMap((label) =>
    Array.from({ length: SIDE * SIDE }, (_, j) => {
      const lit = label === 2 ? j < 10 : label === 5 ? j >= 15 : false;
      return Math.max(0, Math.min(255, Math.round((lit ? 150 : 70) + 55 * gaussian(random))));
    }),
  );
  writeFileSync(file('images.npy'), encodeNpy(Uint8Array.from(pixels), [COUNT, SIDE, SIDE]));
  writeFileSync(file('labels.txt'), labels.join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const data = (): string[] => ['--images', file('images.npy'), '--labels', file('labels.txt')];

interface Model {
  name: string;
  value: number;
  bound: number;
  clean: number;
  robust: number;
}

it('writes pictures as .npy that open as they were', async () => {
  const { items } = await openImages({ paths: [file('images.npy')], labels: file('labels.txt'), offset: 0, limit: null });
  expect(items.length).toBe(COUNT);
  const bytes = readFileSync(file('images.npy'));
  const { data: third } = await items[3]!.read();
  expect([...third]).toEqual([...bytes.subarray(bytes.length - (COUNT - 3) * SIDE * SIDE).subarray(0, SIDE * SIDE)]);
  expect(() => encodeNpy(new Uint8Array(3), [2, 2])).toThrow(RangeError);
});

it.each(
  part(
    [
      ['two classes against l∞', ['--classes', '5,2', '--norm', 'linf', '--eps', '24/255'], 'linf', '24/255'],
      ['all classes against l2, logistic', ['--norm', 'l2', '--eps', '0.4', '--loss', 'logistic'], 'l2', '0.4'],
    ] as const,
    2,
  ),
)('trains %s, draws the curves, and audits agree', async (_, flags, norm, eps) => {
  const out = file(norm);
  const trained = await hairline(['linear', 'train', ...data(), ...flags, '--gap', '0.01', '--out', out, '--json']);
  expect(trained.code, trained.err).toBe(0);
  const { models } = JSON.parse(trained.out) as { models: Model[] };
  expect(models.map(({ name }) => name)).toEqual(['plain', 'svm', 'adversarial']);
  for (const { value, bound } of models) expect(value - bound).toBeLessThanOrEqual(0.01 * value);
  expect(models[2]!.robust).toBeGreaterThan(models[0]!.robust);
  expect(readFileSync(join(out, 'curves.svg'), 'utf8')).toMatch(/^<svg[^]*adversarial[^]*<\/svg>/);
  expect(readFileSync(join(out, 'curves.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
  const curve = readFileSync(join(out, 'curves.csv'), 'utf8')
    .trim()
    .split('\r\n')
    .slice(1)
    .map((row) => row.split(','));
  expect(curve.filter(([name, at]) => name === 'svm' && Number(at) === 0).map((row) => Number(row[2]))).toEqual([models[1]!.clean]);

  // The file is recognised, and its own exact accuracy is that of the training's report.
  const test = ['--images', join(out, 'test-images.npy'), '--labels', join(out, 'test-labels.txt'), '--preset', 'unit'];
  const exact = await hairline(['linear', 'exact', join(out, 'adversarial.onnx'), ...test, '--eps', `${norm}=${eps}`, '--json']);
  expect(exact.code, exact.err).toBe(0);
  const found = JSON.parse(exact.out) as {
    affine: string;
    confidence: string;
    clean: number;
    norms: { norm: string; points: { accuracy: number }[] }[];
  };
  expect(found.affine).toBe('proven');
  expect(found.confidence).toBe('certain');
  expect(found.clean).toBeCloseTo(models[2]!.clean, 6);
  expect(found.norms.find((one) => one.norm === norm)!.points[0]!.accuracy).toBeCloseTo(models[2]!.robust, 2);

  // And no audit finds it less robust than that.
  const audit = await hairline([
    'audit',
    '--model',
    join(out, 'adversarial.onnx'),
    ...test,
    '--norm',
    norm,
    '--eps',
    eps,
    '--attacks',
    'fmn',
    '--steps',
    '30',
    '--workers',
    '1',
    '--out',
    join(out, 'audit'),
    '--json',
  ]);
  expect(audit.code, audit.err).toBe(0);
  const results = JSON.parse(readFileSync(join(out, 'audit/results.json'), 'utf8')) as { threats: { points: { accuracy: number }[] }[] };
  expect(results.threats[0]!.points[0]!.accuracy).toBeGreaterThanOrEqual(models[2]!.robust - 1e-9);
});

it.each([
  ['no images', ['linear', 'train'], /--images/],
  ['one class', ['linear', 'train', '--images', 'x', '--classes', '3'], /two or more/],
  ['a class that is not there', ['linear', 'train', ...data(), '--classes', '2,9'], /class 9/],
  ['a ridge of 0', ['linear', 'train', ...data(), '--ridge', '0'], /--ridge/],
])('answers %s with a sentence', async (_, args, sentence) => {
  const { code, err } = await hairlineHere(args);
  expect(code).toBe(2);
  expect(err).toMatch(sentence);
});
