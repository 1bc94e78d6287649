import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CALLS, RunEvent } from '../../shared/contract.ts';
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts';
import { EngineService } from '../../src-main/engine/service.ts';
import { saveGraph } from '../../src-main/graph/index.ts';
import { MODEL, ROOT } from '../cli/hairline.ts';
import { SAMPLE_PLAN } from '../cli/samplePlan.ts';
import { slow } from '../model/networks.ts';

let root: string;
let model: string;
let service: EngineService;
const events: RunEvent[] = [];
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hairline-checks-'));
  model = join(root, 'slow.onnx');
  writeFileSync(model, saveGraph(slow()).bytes);
  service = new EngineService({ host: 'test', audits: root, assets: join(ROOT, 'assets') }, join(ROOT, 'out/main/worker.js'));
  service.listen((event) => events.push(RunEvent.parse(event)));
});
afterAll(async () => {
  await service.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

async function call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
  return CALLS[name].out.parse(await service.call(name, CALLS[name].in.parse(input) as CallIn<N>)) as CallOut<N>;
}

/** Begins a check of the slow model, and comes back once it says how far it is. */
async function begin(): Promise<{ answer: Promise<CallOut<'gradcheck'>>; settled: () => boolean }> {
  const from = events.length;
  let over = false;
  const answer = call('gradcheck', { model, preprocessing: {}, images: [] }).finally(() => (over = true));
  while (!events.slice(from).some((event) => event.type === 'check' && event.model === model)) await sleep(20);
  return { answer, settled: () => over };
}

it('another model is looked at while a check is at work, which ends for it', { timeout: 120_000 }, async () => {
  const { answer, settled } = await begin();
  const [card] = await Promise.all([call('inspect', { model: MODEL }), call('unclearInputs', { model })]);
  expect(card.classes).toBe(10);
  expect(await answer).toBeNull();
  expect(settled()).toBe(true);
});

it(
  'the same model is looked at meanwhile, another check takes the place, and a stop leaves what is known',
  { timeout: 120_000 },
  async () => {
    const first = await begin();
    await call('inspect', { model });
    expect(first.settled()).toBe(false);
    const second = await begin();
    expect(await first.answer).toBeNull();
    await call('gradcheckStop', {});
    const stopped = await second.answer;
    expect(stopped).toMatchObject({ wanted: 5, compared: 1, stopped: true });
    expect(['partly', 'unchecked']).toContain(stopped!.verdict);
    expect(stopped!.directions).toBeLessThan(5);
    // Nothing to stop is no mistake.
    await call('gradcheckStop', {});
  },
);

it('an audit begins while a check is at work, and says that it checks the gradient itself', { timeout: 120_000 }, async () => {
  const { answer } = await begin();
  const from = events.length;
  const { audit } = await call('start', { plan: { ...SAMPLE_PLAN, limit: 2 } });
  expect((await answer)?.verdict).not.toBe('passed');
  while (!events.slice(from).some((event) => event.type === 'finished' && event.audit === audit)) await sleep(20);
  const said = events.slice(from).flatMap((event) => (event.type === 'status' ? [event.status] : []));
  expect(said.filter(({ message }) => /^Checking the gradient \(\d+ %\)$/.test(message)).length).toBeGreaterThan(0);
  expect((await call('results', { audit })).gradientCheck).toMatchObject({ ok: true, verdict: 'passed', directions: 2, wanted: 2 });
});
