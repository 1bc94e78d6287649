import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditPlan } from '../../../shared/plan.ts';
import type { Goal } from '../../../shared/plan.ts';
import type { Finding } from '../../../shared/results.ts';
import { pngFile, writeFile } from '../../../src-main/audit/picture.ts';
import type { ImageRecord } from '../../../src-main/audit/records.ts';
import { AuditState } from '../../../src-main/audit/state.ts';
import { openJudge } from '../../../src-main/audit/verify/judge.ts';
import { checkPictures, reader } from '../../../src-main/audit/verify/pictures.ts';
import { loadGraph } from '../../../src-main/graph/index.ts';
import { decodeFile, pictureHash, toUnit } from '../../../src-main/images/index.ts';
import type { Picture } from '../../../src-main/images/index.ts';
import { distances } from '../../../src-main/norms/distances.ts';
import { finding, image, setup } from '../records.ts';
import { warmth, write } from '../models.ts';

/* Pictures of an audit against what is told of them, and against a model of two classes: 0 where a picture has more blue, 1 more red. */

const root = mkdtempSync(join(tmpdir(), 'hairline-pictures-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const SIDE = 32;
const ID = '00000-a';
const CLEAN = 'clean/00000-a.png';
const FOUND = 'adversarial/00000-a.png';
let model: string;

const painted = (red: number, blue: number, width = SIDE): Picture => {
  const data = new Uint8Array(3 * width * SIDE);
  for (let p = 0; p < width * SIDE; p++) data.set([red, 100, blue], 3 * p);
  return { width, height: SIDE, channels: 3, data };
};
const [blue, red] = [painted(90, 110), painted(110, 90)];

beforeAll(async () => {
  model = write(join(root, 'warmth.onnx'), warmth());
  mkdirSync(join(root, 'clean'));
  mkdirSync(join(root, 'adversarial'));
  writeFile(root, await pngFile(CLEAN, blue));
  writeFile(root, await pngFile(FOUND, red));
});

/** What is found wrong with one image and its one success. */
async function said(
  change: { image?: Partial<ImageRecord>; finding?: Partial<Finding>; found?: Picture; clean?: Picture; goal?: Goal } = {},
): Promise<string[]> {
  writeFile(root, await pngFile(CLEAN, change.clean ?? blue));
  writeFile(root, await pngFile(FOUND, change.found ?? red));
  const plan = AuditPlan.parse({
    model,
    preprocessing: {},
    images: ['i'],
    threats: [{ norm: 'linf', eps: [0.2], goal: change.goal ?? { kind: 'untargeted' }, attacks: [{ id: 'fgsm' }] }],
  });
  const graph = loadGraph(model);
  const settled = { ...setup([ID]), input: 'pixels', classes: 2 };
  delete (settled as { scores?: unknown }).scores;
  const first = { width: SIDE, height: SIDE, channels: 3 };
  const judge = await openJudge(graph, plan, settled, first, reader(root));
  try {
    // The logits are ±20 times the mean difference of red and blue, by hand.
    const scores = (prediction: 0 | 1) => {
      const logit = (20 * 20) / 255;
      const probability = 1 / (1 + Math.exp(-2 * logit));
      return [
        { class: prediction, logit, probability },
        { class: 1 - prediction, logit: -logit, probability: 1 - probability },
      ];
    };
    const record: ImageRecord = {
      ...image(ID, 0),
      ...{ width: SIDE, height: SIDE, channels: 3, file: CLEAN, top: scores(0), hash: pictureHash(blue), leastLikely: 1 },
      ...change.image,
    };
    const eightBit = distances(toUnit(red), toUnit(blue), 3);
    const one: Finding = {
      ...finding(ID, 'fgsm', 'broken', 0.1),
      ...{ file: FOUND, prediction: 1, top: scores(1), eightBit },
      ...change.finding,
    };
    const state = new AuditState([
      { type: 'image', image: record },
      { type: 'finding', finding: one },
    ]);
    return (await checkPictures({ setup: settled, state }, judge, reader(root), () => undefined)).problems;
  } finally {
    await judge.close();
  }
}

describe('pictures of an audit', () => {
  it('of which all that is told is true give nothing to say', async () => {
    expect((await decodeFile(join(root, CLEAN), CLEAN)).channels).toBe(3);
    expect(await said()).toEqual([]);
    expect(await said({ goal: { kind: 'targeted', target: 1 } })).toEqual([]);
  });

  it('have the hash that is told', async () => {
    expect(await said({ image: { hash: 'f'.repeat(64) } })).toEqual([`${CLEAN} is not the picture of the report: its hash differs.`]);
  });

  it('have the size that is told', async () => {
    expect(await said({ image: { width: 16 } })).toEqual([`${CLEAN} is 32 x 32 with 3 channels, the report says 16 x 32 with 3 channels.`]);
    expect(await said({ found: painted(110, 90, 16) })).toEqual([`${FOUND} has another size than the clean picture.`]);
  });

  it('lie as far apart as is told, in every norm', async () => {
    const eightBit = distances(toUnit(red), toUnit(blue), 3);
    for (const norm of ['l0', 'l0Pixels', 'l1', 'l2', 'linf'] as const)
      expect(await said({ finding: { eightBit: { ...eightBit, [norm]: eightBit[norm] * 0.99 } } })).toEqual([
        expect.stringMatching(new RegExp(`^${FOUND}: ${norm} is ${eightBit[norm]}, the report says`)),
      ]);
  });

  it('break the model, and reach their target where they have one', async () => {
    const eightBit = distances(toUnit(blue), toUnit(blue), 3);
    expect(await said({ found: blue, finding: { eightBit } })).toContain(`${FOUND} does not break the model: it still says 0.`);
    expect(await said({ goal: { kind: 'targeted', target: 0 } })).toEqual([
      `${FOUND} does not reach its target: the model says class 1, and class 0 was to be reached.`,
    ]);
  });

  it('have the class that is told, and the scores', async () => {
    expect(await said({ finding: { prediction: 0 } })).not.toEqual([]);
    expect(await said({ image: { label: 1, labelGiven: false } })).toContain(
      `${CLEAN}: no label was given, so class 0 counts as right, and the report says 1.`,
    );
    expect(await said({ image: { leastLikely: 0 } })).toEqual([expect.stringContaining('class 0 is the least likely')]);
  });

  it('are there, both', async () => {
    expect(await said({ finding: { file: null } })).toEqual([`${ID}: a success of fgsm without a picture.`]);
    expect(await said({ finding: { file: 'adversarial/none.png' } })).toEqual(['adversarial/none.png is missing or damaged.']);
    expect(await said({ image: { file: 'clean/none.png' } })).toEqual(['clean/none.png is missing or damaged.']);
  });
});
