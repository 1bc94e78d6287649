import { farther } from '../../src-main/goals/distance.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartitionChoice } from '../../shared/partitions.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { partitionOf } from '../../src-main/attacks/subsets/partitions.ts';
import { stageOf } from '../../src-main/attacks/registry.ts';
import { members, subsetReach } from '../../src-main/attacks/subsets/quadratic-subset.ts';
import { subsetsChanged } from '../../src-main/norms/partition.ts';
import type { OpenOutput } from '../../src-main/runtime/openOutput.ts';
import { smallField } from './fields.ts';
import { OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 4, width: 4 };
const CHOICE: PartitionChoice = { partition: 'pixel', block: 2, superpixels: 4, compactness: 10, mask: [] };

/** Largest ‖J_S η_S‖ over all corners of all subsets, from the dense Jacobian. */
function bestSubset(columns: Float64Array[], parts: readonly number[][], low: number[], high: number[]): { best: number; each: number[] } {
  const each = parts.map((features) => {
    let most = 0;
    for (let mask = 0; mask < 2 ** features.length; mask++) {
      const w = new Float64Array(columns[0]!.length);
      features.forEach((j, z) => columns[j]!.forEach((v, i) => (w[i]! += v * (mask & (1 << z) ? high[j]! : low[j]!))));
      most = Math.max(most, Math.sqrt(w.reduce((a, b) => a + b * b, 0)));
    }
    return most;
  });
  return { best: Math.max(...each), each };
}

describe('the quadratic subset attack', () => {
  const field = smallField('subset-linear', SHAPE, 0, 12);
  const bent = smallField('subset-bent', SHAPE, 20, 30);
  let [open, openBent]: OpenOutput[] = [];
  beforeAll(async () => void ([open, openBent] = [await field.open(), await bent.open()]));
  afterAll(async () => {
    await open!.close();
    await openBent!.close();
  });

  /** What the output is moved by, and how many subsets, for every image. τ is out of reach. */
  async function run(images: ProblemImage[], options: object, epsilon: number, norm: 'linf' | 'l0' | 'l0Pixels' = 'linf') {
    const attack = stageOf('quadratic-subset');
    const model = await open!.scored(farther(50));
    const seen: Float32Array[] = [];
    const problem = new CountedProblem(model, images, { norm, epsilon, stream: 's', limits: null, gate: OPEN });
    const query = problem.query.bind(problem);
    problem.query = (delta, only) => (seen.push(delta.slice()), query(delta, only));
    await attack.run(problem, { ...attack.options.parse(options), epsilon });
    return images.map(({ pixels, reference }, i) => {
      const all = seen.map((delta) => {
        const row = delta.subarray(i * 48, (i + 1) * 48);
        const there = field.output(pixels.map((x, k) => Math.min(1, Math.max(0, x + row[k]!))));
        return { row, distance: Math.sqrt(there.reduce((sum, v, k) => sum + (v - reference![k]!) ** 2, 0)) };
      });
      return all.reduce((a, b) => (b.distance > a.distance ? b : a));
    });
  }

  it.each([
    [{ partition: 'pixel' }, 0.2],
    [{ partition: 'feature' }, 0.2],
    [{ partition: 'block', block: 2, exact: 8 }, 0.1],
    [{ partition: 'row', exact: 12 }, 0.1],
    [{ partition: 'superpixel', superpixels: 8, exact: 16, candidates: 50 }, 0.1],
    [{ partition: 'mask', mask: [1, 1, 0, 2, 2, 0, 3, 3, 0, 0, 4, 4, 0, 0, 0, 5] }, 0.3],
  ] as const)('%o: the single subset is the best of all corners of all subsets', async (options, eps) => {
    for (const edge of [0, 0.7]) {
      const images = field.images(4, edge);
      const found = await run(images, { ...options, candidates: 50 }, eps);
      images.forEach(({ pixels }, i) => {
        const partition = partitionOf({ ...CHOICE, ...options, mask: 'mask' in options ? [...options.mask] : [] }, SHAPE, pixels);
        const low = Array.from(pixels, (x) => -Math.min(eps, x));
        const high = Array.from(pixels, (x) => Math.min(eps, 1 - x));
        const { best } = bestSubset(field.columns(pixels), members(partition), low, high);
        expect(subsetsChanged(partition, found[i]!.row)).toBe(1);
        // The greedy rule of larger subsets may end at another corner.
        expect(found[i]!.distance / best).toBeGreaterThan(options.partition === 'block' ? 0.9 : 0.9999);
        expect(found[i]!.distance / best).toBeLessThan(1.0001);
      });
    }
  });
  it('few candidates by random probes miss little', async () => {
    const images = field.images(6, 0.3);
    const all = await run(images, { candidates: 100 }, 0.2);
    const few = await run(images, { candidates: 3, dense: 0 }, 0.2);
    few.forEach(({ distance }, i) => expect(distance / all[i]!.distance).toBeGreaterThan(0.85));
  });
  it('the reach of a subset is never below what it does', () => {
    const pixels = field.images(1, 0.5)[0]!.pixels;
    const columns = field.columns(pixels);
    const partition = partitionOf(CHOICE, SHAPE, pixels);
    const [low, high] = [pixels.map((x) => -Math.min(0.2, x)), pixels.map((x) => Math.min(0.2, 1 - x))];
    const reach = subsetReach(
      partition,
      columns.map((c) => c.reduce((a, b) => a + b * b, 0)),
      null,
      low,
      high,
    );
    const { each } = bestSubset(columns, members(partition), [...low], [...high]);
    each.forEach((value, s) => expect(Math.sqrt(reach[s]!)).toBeGreaterThanOrEqual(value * (1 - 1e-6)));
  });
  it('adds one subset after another, none twice, and the output goes farther with each', async () => {
    const images = field.images(3, 0.3);
    const distances: number[][] = [];
    for (const subsets of [1, 2, 5]) {
      const found = await run(images, { subsets }, 0.2);
      found.forEach(({ row }) => expect(subsetsChanged(partitionOf(CHOICE, SHAPE, row), row)).toBe(subsets));
      distances.push(found.map(({ distance }) => distance));
    }
    images.forEach((_, i) => {
      expect(distances[1]![i]).toBeGreaterThan(distances[0]![i]!);
      expect(distances[2]![i]).toBeGreaterThan(distances[1]![i]!);
    });
    for (const norm of ['l0', 'l0Pixels'] as const)
      for (const { row } of await run(images, {}, norm === 'l0' ? 6 : 2, norm))
        expect(subsetsChanged(partitionOf(CHOICE, SHAPE, row), row)).toBe(2);
  });
  it('as an attack: the same bits alone and together, pictures change no other pixels', async () => {
    const model = await openBent!.scored(farther(0.08));
    const images = bent.images(5, 0.2);
    const job = (some: ProblemImage[]) =>
      attackBatch({
        model,
        images: some,
        norm: 'l0Pixels',
        eps: [1, 6],
        attack: 'quadratic-subset',
        options: { candidates: 4, dense: 0 },
        seed: 1,
        maxQueries: null,
        gate: OPEN,
      });
    const whole = await job(images);
    expect([...(await job(images.slice(0, 3))), ...(await job(images.slice(3)))]).toEqual(whole);
    expect(whole.map(({ state }) => state)).toEqual(images.map(() => 'broken'));
    for (const { eightBitDistances, epsilon } of whole) expect(eightBitDistances!.l0Pixels).toBeLessThanOrEqual(epsilon!);
  });
});
