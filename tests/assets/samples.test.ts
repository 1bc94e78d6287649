import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { AuditPlan } from '../../shared/plan.ts';

// The pictures are read with sharp and onnxruntime alone, so that a fault in Hairline's own reading of
// pictures or models cannot hide a fault in the samples, nor the other way round.
const assets = fileURLToPath(new URL('../../assets/', import.meta.url));
const samples = join(assets, 'samples');
const classes = readFileSync(join(samples, 'classes.txt'), 'utf8').trimEnd().split('\n');

function pngs(name: string): string[] {
  const folder = join(samples, 'images', name);
  return readdirSync(folder).filter((file) => file.endsWith('.png')).sort().map((file) => join(folder, file));
}

/** Interleaved 8-bit RGB as planes of [0,1]: (3, 32, 32) as the network reads it. */
async function pixels(file: string): Promise<number[]> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  expect({ width: info.width, height: info.height, channels: info.channels }, file).toEqual({ width: 32, height: 32, channels: 3 });
  return [0, 1, 2].flatMap((c) => Array.from({ length: 32 * 32 }, (_, i) => data[3 * i + c]! / 255));
}

function indexOfMax(values: number[]): number {
  return values.indexOf(Math.max(...values));
}

describe('sample pictures', () => {
  test('have one folder for each class, in the order of classes.txt', () => {
    expect(readdirSync(join(samples, 'images')).sort()).toEqual(classes);
  });

  test.each(classes)('there are at least five of %s', (name) => {
    expect(pngs(name).length).toBeGreaterThanOrEqual(5);
  });

  test('are 40 or more, and no two are the same', () => {
    const all = classes.flatMap(pngs).map((file) => readFileSync(file, 'base64'));
    expect(all.length).toBeGreaterThanOrEqual(40);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('sample model', () => {
  test('knows 95 % or more of the sample pictures, singly and as a batch', async () => {
    const session = await InferenceSession.create(join(samples, 'signs.onnx'));
    const input = session.inputNames[0]!;
    const output = session.outputNames[0]!;
    const predict = async (pictures: number[][]): Promise<number[]> => {
      const feed = new Tensor('float32', Float32Array.from(pictures.flat()), [pictures.length, 3, 32, 32]);
      const logits = (await session.run({ [input]: feed }))[output]!;
      expect(logits.dims).toEqual([pictures.length, classes.length]);
      const rows = Array.from(logits.data as Float32Array);
      return pictures.map((_, i) => indexOfMax(rows.slice(i * classes.length, (i + 1) * classes.length)));
    };

    const labels = classes.flatMap((name, label) => pngs(name).map(() => label));
    const pictures = await Promise.all(classes.flatMap(pngs).map(pixels));
    const together = await predict(pictures);
    const right = together.filter((found, i) => found === labels[i]).length;
    expect(right / labels.length).toBeGreaterThanOrEqual(0.95);
    expect(await predict([pictures[0]!])).toEqual([together[0]]);
    await session.release();
  });
});

describe('files', () => {
  test('the model is under 300 kB and all samples together well under 3 MB', () => {
    expect(statSync(join(samples, 'signs.onnx')).size).toBeLessThan(300_000);
    const files = readdirSync(samples, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    expect(bytes).toBeLessThan(1_500_000);
  });

  test('the demo plan is a valid plan of files that are there', () => {
    const path = join(samples, 'demo-plan.json');
    const plan = AuditPlan.parse(JSON.parse(readFileSync(path, 'utf8')));
    for (const file of [plan.model, plan.classNames!, ...plan.images]) {
      expect(() => statSync(join(dirname(path), file)), file).not.toThrow();
    }
    expect(plan.threats.map((threat) => threat.norm)).toEqual(['l0', 'l2', 'linf']);
    for (const { eps } of plan.threats) expect(eps).toEqual([...eps].sort((a, b) => a - b));
  });

  test('the icon is 1024 pixels square with clear corners', async () => {
    const { data, info } = await sharp(join(assets, 'icon.png')).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([1024, 1024]);
    expect(data[3]).toBe(0);
    expect(data[4 * (512 * 1024 + 512) + 3]).toBe(255);
  });
});
