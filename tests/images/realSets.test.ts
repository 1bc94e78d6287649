import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openImages } from '../../src-main/images/index.ts';

const data = '../shared/data';
const all = { labels: null, offset: 0, limit: null };

describe('published data sets (skipped where they are not beside the repository)', () => {
  it.skipIf(!existsSync(`${data}/mnist`))('MNIST test set: 10,000 digits, 980 of them zeros, the first a 7', async () => {
    const images = `${data}/mnist/t10k-images-idx3-ubyte.gz`;
    const set = await openImages({ ...all, paths: [images], labels: `${data}/mnist/t10k-labels-idx1-ubyte.gz`, classes: 10 });
    expect([set.total, set.items.length, set.items[0]!.label]).toEqual([10_000, 10_000, 7]);
    expect(set.items.filter((item) => item.label === 0)).toHaveLength(980);
    expect(set.warnings).toEqual([]);
    const beside = await openImages({ ...all, paths: [images] });
    expect(beside.items.map((item) => item.label)).toEqual(set.items.map((item) => item.label));
    const seven = await set.items[0]!.read();
    expect([seven.width, seven.height, seven.channels]).toEqual([28, 28, 1]);
    // The horizontal stroke of the 7 in row 8, as the IDX file itself has it at byte 16 + 8 * 28 + 12.
    expect(Array.from(seven.data.subarray(8 * 28 + 6, 8 * 28 + 10))).toEqual([222, 254, 254, 254]);
  });

  it.skipIf(!existsSync(`${data}/cifar10`))('CIFAR-10 test batch: 1,000 of each class, names from beside it', async () => {
    const set = await openImages({ ...all, paths: [`${data}/cifar10/test_batch.bin`], classes: 10 });
    const counts = new Array<number>(10).fill(0);
    for (const item of set.items) counts[item.label!]!++;
    expect(counts).toEqual(new Array(10).fill(1000));
    // The first test picture is the well-known cat.
    expect(set.classNames![set.items[0]!.label!]).toBe('cat');
    const mean = await Promise.all(
      set.items.slice(0, 200).map(async (item) => (await item.read()).data.reduce((a, b) => a + b) / 3072 / 255),
    );
    expect(mean.reduce((a, b) => a + b) / 200).toBeCloseTo(0.47, 1);
  });

  it.skipIf(!existsSync(`${data}/imagenet-sample`))('ImageNet sample: labels by file name out of a table', async () => {
    const folder = `${data}/imagenet-sample`;
    const set = await openImages({ ...all, paths: [folder], labels: `${folder}/labels.csv`, classes: 1000 });
    expect(set.total).toBe(143);
    expect(set.items.find((item) => item.source.includes('tench'))).toMatchObject({
      label: 0,
      id: '00000-n01440764_tench',
      width: 500,
      height: 375,
      channels: 3,
    });
    expect(set.items.find((item) => item.source.includes('n02749479'))!.channels).toBe(1);
  });
});
