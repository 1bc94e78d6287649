import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { GradientCheck } from '../../shared/results.ts';
import { saveGraph } from '../../src-main/graph/index.ts';
import { slow } from '../model/networks.ts';
import { engineOf, hairline, scratch, start } from './hairline.ts';

const model = join(scratch(), 'slow.onnx');
beforeAll(() => writeFileSync(model, saveGraph(slow()).bytes));

/** What a check says that ended before all of its directions were tried. */
function short(out: string): GradientCheck {
  const check = GradientCheck.parse(JSON.parse(out));
  expect(['partly', 'unchecked']).toContain(check.verdict);
  expect(check.directions).toBeLessThan(check.wanted ?? Infinity);
  return check;
}

describe('hairline gradcheck on a slow network', () => {
  it('ends after --seconds with what it has, and says how to go on', { timeout: 90_000 }, async () => {
    const run = await hairline(['gradcheck', model, '--seconds', '0.2', '--json']);
    expect(run.code, run.err).toBe(short(run.out).ok ? 0 : 1);
    const words = await hairline(['gradcheck', model, '--seconds', '0.2']);
    expect(words.err).toContain('Give it longer with --seconds.');
  });

  it.each(['0', '-1', 'long', '1e9'])('takes no --seconds of %s', async (seconds) => {
    const run = await hairline(['gradcheck', model, '--seconds', seconds]);
    expect([run.code, run.err]).toEqual([2, expect.stringMatching(/--seconds takes a number above 0/)]);
  });

  it.runIf(process.platform === 'linux')('Ctrl+C ends it with 130, and prints what is known', { timeout: 90_000 }, async () => {
    const run = start(['gradcheck', model, '--seconds', '3600', '--json']);
    while (engineOf(run.child.pid!) === null) await sleep(20);
    // Until something is known, on a machine that has other things to do.
    await sleep(5000);
    run.child.kill('SIGINT');
    const { code, out, err } = await run.ended;
    expect(code, err).toBe(130);
    short(out);
  });
});
