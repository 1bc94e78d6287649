import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inspectModel, modelValues, unclearInputs } from '../../src-main/audit/inspect.ts';
import { plain, twoInputs } from './models.ts';
import { singular } from './singular.ts';

/** What a person may say of a model's ends, and what the model then is. */
let folder: string;
const files: Record<string, string> = {};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-inspect-'));
  for (const [name, bytes] of Object.entries({ plain: plain(), two: twoInputs(), gain: singular(16, { gain: true }).bytes })) {
    files[name] = join(folder, `${name}.onnx`);
    writeFileSync(files[name], bytes);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('names the inputs to choose from only where it is not clear which takes the image', async () => {
  expect([unclearInputs(files['plain']!), unclearInputs(files['two']!), unclearInputs(files['gain']!)]).toEqual([[], ['pixels', 'other'], []]);
  await expect(inspectModel(files['two']!)).rejects.toThrow(/not clear which takes the image/);
  const card = await inspectModel(files['two']!, { input: 'other' });
  expect(card).toMatchObject({ input: 'other', imageInputs: ['pixels', 'other'], inputs: [{ name: 'pixels', dims: [null, 3, 32, 32] }], classes: 10 });
});

it('lists every value that can be taken as the output, and no other', async () => {
  const values = await modelValues(files['two']!, { input: 'other' });
  expect(values[0]).toEqual({ name: 'scores', dims: [10] });
  // The other input's branch hangs on no picture.
  expect(values).toHaveLength(4);
  for (const { name, dims } of values) {
    const { field, output } = await inspectModel(files['two']!, { input: 'other', output: name });
    expect([output, field!.name, field!.dims]).toEqual(['values', name, dims]);
  }
  await expect(inspectModel(files['two']!, { input: 'other', output: 'nothing' })).rejects.toThrow(/no output or inner value called nothing/);
  await expect(inspectModel(files['gain']!, { fixed: { gain: [1, 2] } })).rejects.toThrow(/takes 1 values an image/);
});
