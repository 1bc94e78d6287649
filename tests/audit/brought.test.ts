import { create } from '@bufbuild/protobuf';
import { StringStringEntryProtoSchema } from 'onnx-buf';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AuditPlanInput } from '../../shared/plan.ts';
import { settledClasses } from '../../src-main/audit/classes.ts';
import { inspectModel } from '../../src-main/explore/inspect.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { openSet, prepare } from '../../src-main/audit/prepare.ts';
import type { Setup } from '../../src-main/audit/records.ts';
import { loadGraph, saveGraph } from '../../src-main/graph/index.ts';
import { encodePng } from '../../src-main/images/index.ts';
import { png, scratch } from '../images/files.ts';
import { warmth } from './models.ts';

/** What a model of two classes, 0 where blue is more and 1 where red is, makes of what lies around it. */
const { folder, file } = scratch();
const plain = file('plain.onnx', warmth());
const picture = (red: number, blue: number) =>
  encodePng({ width: 32, height: 32, channels: 3, data: Uint8Array.from({ length: 3072 }, (_, i) => [red, 60, blue][i % 3]! + (i % 7)) });
const [warm, cold] = [await picture(200, 50), await picture(50, 200)];

function named(metadata: Record<string, string>): string {
  const graph = loadGraph(plain);
  for (const [key, value] of Object.entries(metadata)) graph.model.metadataProps.push(create(StringStringEntryProtoSchema, { key, value }));
  return file('named.onnx', saveGraph(graph).bytes);
}

const planOf = (more: Partial<AuditPlanInput> & Pick<AuditPlanInput, 'images'>) =>
  checkPlan({ model: plain, preprocessing: {}, threats: [{ norm: 'linf', eps: [2 / 255], attacks: [{ id: 'fgsm' }] }], ...more }, folder);
/** What an audit settles, and the labels that it goes on with. */
async function settled(plan: ReturnType<typeof planOf>): Promise<{ setup: Setup; labels: (number | null)[] }> {
  const { setup } = await prepare(plan, undefined);
  const { items } = await openSet(plan, setup.classes, await settledClasses(plan, setup), { foldersByOrder: !setup.folders });
  return { setup, labels: items.map(({ label }) => label) };
}

// Sorted, amber comes first; the model has it last.
for (const i of [0, 1])
  for (const [name, bytes] of [
    ['amber', warm],
    ['zinc', cold],
  ] as const)
    file(`folders/${name}/${i}.png`, bytes);

it('takes the names that the model holds, says so, and finds class folders by them', async () => {
  const model = named({ names: "{0: 'zinc', 1: 'amber'}" });
  const { setup, labels } = await settled(planOf({ model, images: [join(folder, 'folders')] }));
  expect([setup.classNames, setup.folders, labels]).toEqual([['zinc', 'amber'], 'by-name', [1, 1, 0, 0]]);
  expect(setup.warnings).toEqual(['The class names come from the model itself (its metadata "names"): --class-names takes others.']);
  expect((await inspectModel(model)).classNames).toEqual(['zinc', 'amber']);
});

it('calls the order of class folders a guess where nothing names the classes', async () => {
  const { setup, labels } = await settled(planOf({ images: [join(folder, 'folders')] }));
  expect([labels, setup.warnings[0]]).toEqual([[0, 0, 1, 1], expect.stringMatching(/by their order, which is a guess/)]);
});

it('goes on with WordNet ids that only the file of names has', async () => {
  for (const [name, bytes] of [
    ['n00000002', warm],
    ['n00000001', cold],
  ] as const)
    file(`wordnet/${name}/a.png`, bytes);
  const classNames = file('index.json', '{"0": ["n00000009", "nothing"], "1": ["n00000002", "amber"]}');
  const { setup, labels } = await settled(planOf({ images: [join(folder, 'wordnet')], classNames }));
  expect([setup.classNames, labels, setup.files!.map(({ role }) => role)]).toEqual([['nothing', 'amber'], [null, 1], ['classNames']]);
});

it('says which files nobody named, and keeps their hashes', async () => {
  file('beside/1.png', warm);
  file('beside/2.png', cold);
  const labels = file('beside/labels.csv', 'file,label\n1.png,1\n2.png,0\n');
  const found = await settled(planOf({ images: [join(folder, 'beside')], labels, beside: ['labels'] }));
  expect([found.labels, found.setup.warnings, found.setup.files]).toEqual([
    [1, 0],
    ['The labels come from labels.csv, which lies beside the images: --labels takes another file, or none.'],
    [expect.objectContaining({ file: 'labels.csv' })],
  ]);
});

it('tells in the warnings what of the pictures is reduced', async () => {
  const words = Array.from({ length: 32 }, (_, y) => Array.from({ length: 32 * 3 * 2 }, (_, i) => (i % 2 ? 0 : 40 + y)));
  const { setup } = await settled(planOf({ images: [file('deep.png', png(32, 32, 16, 2, words))] }));
  // Settled with the audit, which goes on by it.
  expect(setup.bits).toBe(16);
  expect(setup.warnings).toEqual([expect.stringMatching(/^1 of 1 images have more than 8 bits a value and were reduced to 8/)]);
});
