import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';
import { faultOf } from './suite.ts';
import { SUITES } from './suites.ts';

/** The beginning of what `npm run fuzz` does whole: no crash, no hang, and every refusal a sentence. */
const folder = mkdtempSync(join(tmpdir(), 'hairline-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

it.each(SUITES.map((suite) => [suite.name, suite] as const))(
  '%s, mutated at random, are answered or refused in a sentence',
  { timeout: 180_000 },
  async (_, suite) => {
    const limits = { seconds: 20, gigabytes: 2 };
    const tally = await fuzz(suite, { count: suite.short, seed: 1, limits, folder });
    expect(tally.faults).toEqual([]);
    expect(tally.refused, 'some were wrong').toBeGreaterThan(0);
    expect(tally.accepted, 'and some were not').toBeGreaterThan(0);
    // What is taken between two looks at a process comes on top of its limit.
    expect(tally.peak).toBeLessThan(1.5 * limits.gigabytes * 1e9);
  },
);

it.each<[string, Parameters<typeof faultOf>[0]['end'], string]>([
  ['a crash', 'crashed', 'signal SIGSEGV'],
  ['a hang', 'hung', 'no end'],
  ['a failure', 'failed', 'exit 3: The engine failed.'],
  ['an error of the language', 'refused', 'Invalid typed array length: -1.'],
  ['a missing member', 'refused', "Cannot read properties of undefined (reading 'x')."],
  ['a list of issues', 'refused', '['],
  ['two lines', 'refused', 'The model is wrong.\nThe second line is not.'],
  ["a terminal's sequence", 'refused', 'The model \u001b[2J is wrong.'],
  ['a direction of writing', 'refused', 'The model \u202egnp.exe is wrong.'],
  ['half a sentence', 'refused', 'The model is'],
])('the judge takes %s for a fault', (_, end, sentence) => expect(faultOf({ what: '', end, sentence, ms: 0 })).not.toBeNull());

it('the judge takes a sentence for none', () =>
  expect(
    faultOf({ what: '', end: 'refused', sentence: 'm.onnx is no ONNX model, or was cut short: export or copy it again.', ms: 0 }),
  ).toBeNull());
