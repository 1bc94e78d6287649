import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { AuditPlan } from '../../shared/plan.ts';
import { ASSETS, outputs, planes, pngs, SAMPLES } from './pictures.ts';

const classes = readFileSync(join(SAMPLES, 'classes.txt'), 'utf8').trimEnd().split('\n');
const signs = (name: string): string[] => pngs('images', name);

function indexOfMax(values: number[]): number {
  return values.indexOf(Math.max(...values));
}

describe('sample pictures', () => {
  test('have one folder for each class, in the order of classes.txt', () => {
    expect(readdirSync(join(SAMPLES, 'images')).sort()).toEqual(classes);
  });

  test.each(classes)('there are at least five of %s', (name) => {
    expect(signs(name).length).toBeGreaterThanOrEqual(5);
  });

  test('are 40 or more, and no two are the same', () => {
    const all = classes.flatMap(signs).map((file) => readFileSync(file, 'base64'));
    expect(all.length).toBeGreaterThanOrEqual(40);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('sample model', () => {
  test('knows 95 % or more of the sample pictures, singly and as a batch', async () => {
    const predict = async (pictures: number[][]): Promise<number[]> => {
      const { rows, dims } = await outputs('signs.onnx', pictures, [3, 32, 32]);
      expect(dims).toEqual([pictures.length, classes.length]);
      return rows.map(indexOfMax);
    };

    const labels = classes.flatMap((name, label) => signs(name).map(() => label));
    const pictures = await Promise.all(classes.flatMap(signs).map((file) => planes(file, 32, 3)));
    const together = await predict(pictures);
    const right = together.filter((found, i) => found === labels[i]).length;
    expect(right / labels.length).toBeGreaterThanOrEqual(0.95);
    expect(await predict([pictures[0]!])).toEqual([together[0]]);
  });
});

describe('files', () => {
  test('each model is under 600 kB and all samples together under 2 MB', () => {
    for (const model of ['signs.onnx', 'autoencoder.onnx', 'colorizer.onnx']) expect(statSync(join(SAMPLES, model)).size, model).toBeLessThan(600_000);
    const files = readdirSync(SAMPLES, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    expect(bytes).toBeLessThan(2_000_000);
  });

  test('the demo plan is a valid plan of files that are there', () => {
    const path = join(SAMPLES, 'demo-plan.json');
    const plan = AuditPlan.parse(JSON.parse(readFileSync(path, 'utf8')));
    for (const file of [plan.model, plan.classNames!, ...plan.images]) {
      expect(() => statSync(join(dirname(path), file)), file).not.toThrow();
    }
    expect(plan.threats.map((threat) => threat.norm)).toEqual(['l0', 'l2', 'linf']);
    for (const { eps } of plan.threats) expect(eps).toEqual([...eps].sort((a, b) => a - b));
  });

  test('the icon is 1024 pixels square with clear corners', async () => {
    const { data, info } = await sharp(join(ASSETS, 'icon.png')).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([1024, 1024]);
    expect(data[3]).toBe(0);
    expect(data[4 * (512 * 1024 + 512) + 3]).toBe(255);
  });
});
