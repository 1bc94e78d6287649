import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFile } from '../../src-main/images/index.ts';
import { hairline, hairlineHere, IMAGES, MODEL, SAMPLES, scratch } from './hairline.ts';

const picture = join(IMAGES, 'arrow', '01.png');
const out = scratch();

describe('hairline map', () => {
  it('draws and writes a classifier’s map and its best single-subset attack', async () => {
    const [png, csv, json, best] = ['map.png', 'map.csv', 'map.json', 'best.png'].map((name) => join(out, name));
    const {
      code,
      out: said,
      err,
    } = await hairline([
      'map',
      MODEL,
      picture,
      '--eps',
      '1',
      '--partition',
      'superpixel',
      '--superpixels',
      '12',
      '--out',
      png!,
      csv!,
      json!,
      '--picture',
      best!,
    ]);
    expect([code, err]).toEqual([0, '']);
    expect(said).toMatch(/^\d+ subsets, \d+ tried within ε = 1\nbest {6}subset \d+ at x \d+, y \d+: [\d.]+ logits of margin\n/);
    const values = JSON.parse(readFileSync(json!, 'utf8')) as {
      subsets: number;
      best: { subset: number; moved: number };
      moved: (number | null)[];
      of: number[];
      width: number;
      height: number;
    };
    expect(Math.max(...values.moved.map((v) => v ?? 0))).toBe(values.best.moved);
    expect(readFileSync(csv!, 'utf8').trim().split('\n').length).toBe(values.subsets + 1);
    const drawn = await decodeFile(png!, png!);
    expect([drawn.channels, drawn.width % values.width, drawn.width >= 560]).toEqual([3, 0, true]);
    // The attack changes its subset and nothing else.
    const [clean, attacked] = [await decodeFile(picture, picture), await decodeFile(best!, best!)];
    const changed = new Set<number>();
    clean.data.forEach((v, i) => v !== attacked.data[i] && changed.add(values.of[Math.floor(i / clean.channels)]!));
    expect([...changed]).toEqual([values.best.subset]);
  });
  it.skipIf(!existsSync(join(SAMPLES, 'colorizer.onnx')))('maps an output by its columns too', async () => {
    const grey = join(SAMPLES, 'grey');
    const args = [
      'map',
      join(SAMPLES, 'colorizer.onnx'),
      join(grey, readdirSync(grey)[0]!),
      '--partition',
      'block',
      '--block',
      '8',
      '--probes',
      '8',
      '--tries',
      '2',
      '--by',
      'quadratic',
      '--json',
    ];
    const { code, out: said, err } = await hairline(args);
    expect([code, err]).toEqual([0, '']);
    const values = JSON.parse(said) as { quadratic: number[]; moved: (number | null)[]; best: { moved: number }; unit: string };
    expect(values.unit).toBe('root mean square of the output');
    expect(values.moved.filter((v) => v !== null).length).toBe(2);
    expect(Math.min(...values.quadratic)).toBeGreaterThan(0);
  });
  it('says in a sentence what it cannot use', async () => {
    for (const [args, says] of [
      [['--eps', '-1'], /above 0/],
      [['--out', 'map.gif'], /writes .png, .json or .csv, not map.gif/],
      [['--by', 'quadratic'], /of outputs/],
      [['--partition', 'triangle'], /pixel, feature/],
    ] as const) {
      const { code, err } = await hairlineHere(['map', MODEL, picture, ...args, '--tries', '1']);
      expect([code, err]).toEqual([2, expect.stringMatching(says)]);
    }
  });
});
