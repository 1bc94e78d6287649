import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Cancelled, UserError } from '../../shared/errors.ts';
import type { AuditPlan, AuditPlanInput } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import { Journal } from '../../src-main/audit/journal.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import type { RunRequest } from '../../src-main/audit/auditRun.ts';
import { verifyAudit } from '../../src-main/audit/verify/index.ts';
import { decodeFile, encodePng } from '../../src-main/images/index.ts';
import { Here, OURS } from './here.ts';
import { beside, plain, write } from './models.ts';

let root: string;
let folder: string;
let images: string;
let model: string;
let plan: AuditPlan;
let n = 0;

/** A picture of the size that the models read, another one for every seed. */
async function picture(file: string, seed: number): Promise<void> {
  const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * (seed + 3) * 31 + seed * 97) % 251);
  writeFileSync(file, await encodePng({ width: 32, height: 32, channels: 3, data }));
}

function planOf(more: Partial<AuditPlanInput> = {}): AuditPlan {
  const threats: AuditPlanInput['threats'] = [
    { norm: 'linf', eps: [2 / 255], attacks: [{ id: 'fgsm' }, { id: 'pgd', options: { steps: 3 } }] },
  ];
  return checkPlan({ model, preprocessing: {}, images: [images], threats, batch: 2, ...more }, root);
}

async function run(pool = new Here(), more: Partial<RunRequest> = {}): Promise<Results> {
  return runAudit({
    plan,
    folder,
    resume: false,
    pool,
    control: pool.control,
    onImage: () => {},
    onFinding: () => {},
    onProgress: () => {},
    ...more,
  });
}

const without = ({ timing: _, ...rest }: Results) => rest;

beforeAll(() => void (root = mkdtempSync(join(tmpdir(), 'hairline-run-'))));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = join(root, `audit ${++n}`);
  images = join(root, `images ${n}`);
  model = write(join(root, `model ${n}.onnx`), plain());
  mkdirSync(images);
  for (let i = 0; i < 5; i++) await picture(join(images, `${i}.png`), i);
  plan = planOf();
});

describe('an audit', () => {
  it('has every image, finding and picture on the disk before it tells of it', async () => {
    let told = 0;
    const results = await run(new Here(), {
      onImage: (image) => {
        told++;
        expect(Journal.read(folder).records.at(-1)).toEqual({ type: 'image', image });
        expect(existsSync(join(folder, image.file))).toBe(true);
      },
      onFinding: (finding) => {
        told++;
        expect(Journal.read(folder).records.at(-1)).toEqual({ type: 'finding', finding });
        if (finding.file) expect(existsSync(join(folder, finding.file))).toBe(true);
      },
    });
    expect(told).toBe(results.images.length + results.findings.length);
    expect(results.findings).toHaveLength(10);
  });

  it('changes nothing of a picture where the network does not look', async () => {
    const [width, height] = [70, 40];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 31 + (i >> 7)) % 251);
    writeFileSync(join(images, 'wide.png'), await encodePng({ width, height, channels: 3, data }));
    // The shorter side becomes 32, so that the 40 pixels in the middle are read of 70, and a few more by the antialiased kernel.
    const attacks = [
      { id: 'pgd', options: { steps: 3 } },
      { id: 'ddn', options: { steps: 5 } },
    ];
    plan = planOf({
      preprocessing: { geometry: 'centre-crop', width: 32, height: 32 },
      images: [join(images, 'wide.png')],
      threats: [{ norm: 'l2', eps: [20], attacks }],
    });
    const { findings } = await run(new Here());
    expect(findings.map(({ state }) => state)).toEqual(['broken', 'broken']);
    for (const { file, eightBit } of findings) {
      const { data: broken } = await decodeFile(join(folder, file!), file!);
      const changed = Array.from({ length: width }, (_, x) => x).filter((x) =>
        Array.from({ length: height * 3 }, (_, i) => 3 * (Math.floor(i / 3) * width + x) + (i % 3)).some((at) => broken[at] !== data[at]),
      );
      expect(changed.length).toBeGreaterThan(10);
      expect([Math.min(...changed), Math.max(...changed)].every((x) => x >= 13 && x <= 56)).toBe(true);
      // What is told of it is of the whole picture.
      expect(eightBit!.l0).toBe(data.filter((level, at) => broken[at] !== level).length);
    }
  });

  it('tells a progress that never falls and ends at the whole', async () => {
    const seen: [number, number][] = [];
    await run(new Here(), { onProgress: (done, total) => seen.push([done, total]) });
    expect(seen[0]).toEqual([0, 0]);
    expect(seen.at(-1)).toEqual([10, 10]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
  });

  it('goes on after a cancel with what is missing only, to the same results', async () => {
    const whole = await run();
    folder = join(root, 'other');
    const pool = new Here();
    // prepare, three batches of clean images, then the first attack.
    pool.before = (_, count) => count === 6 && pool.control.cancel();
    const part = await run(pool);
    expect(part.findings).toHaveLength(2);
    expect(part.images[4]!.outcomes[0]!.state).toBe('unfinished');
    const again = new Here();
    const results = await run(again, { resume: true });
    expect(again.asked.every((name) => name === 'job')).toBe(true);
    expect(again.asked).toHaveLength(5);
    expect(results.timing.resumed).toBe(2);
    expect([whole.timing.oneGo, part.timing.oneGo, results.timing.oneGo]).toEqual([true, true, false]);
    expect(without(results)).toEqual(without(whole));
  });

  it('is over at once when cancelled while the model is loaded', async () => {
    const pool = new Here();
    pool.before = () => sleep(60_000, undefined, { ref: false });
    const over = run(pool);
    setTimeout(() => pool.control.cancel(), 50);
    await expect(over).rejects.toBeInstanceOf(Cancelled);
  });

  it('takes its time by no clock that can be set back', async () => {
    const { now } = Date;
    const pool = new Here();
    // Two days back while it runs; a negative time would spoil the journal.
    pool.before = (_, count) => count === 3 && (Date.now = () => now() - 2 * 86_400_000);
    try {
      const { timing } = await run(pool);
      expect(timing.seconds).toBeGreaterThan(0);
      expect(timing.seconds).toBeLessThan(3600);
      expect(Journal.read(folder).records.at(-1)).toMatchObject({ type: 'session', end: 'finished' });
    } finally {
      Date.now = now;
    }
    await run(new Here(), { resume: true });
  });

  it('is an audit before its model is even loaded, and says in its journal how each session ended', async () => {
    const ends = () =>
      Journal.read(folder).records.flatMap((record) =>
        record.type === 'session' ? record.end : record.type === 'resumed' ? record.type : [],
      );
    const pool = new Here();
    const hired = run(pool, { pool: async () => Promise.reject(new UserError('It cannot be loaded.')) } as never);
    await expect(hired).rejects.toThrow('It cannot be loaded.');
    expect([existsSync(join(folder, 'plan.json')), ends()]).toEqual([true, ['failed']]);
    const stopped = new Here();
    stopped.before = (_, count) => count === 6 && stopped.control.interrupt();
    await run(stopped, { resume: true });
    expect(ends()).toEqual(['failed', 'resumed', 'interrupted']);
    const cancelled = new Here();
    cancelled.before = (_, count) => count === 1 && cancelled.control.cancel();
    await run(cancelled, { resume: true });
    await run(new Here(), { resume: true });
    expect(ends()).toEqual(['failed', 'resumed', 'interrupted', 'resumed', 'cancelled', 'resumed', 'finished']);
  });

  it('writes its plan again when it was killed before that was there', async () => {
    await run();
    const file = join(folder, 'plan.json');
    const text = readFileSync(file, 'utf8');
    rmSync(file);
    await run(new Here(), { resume: true });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describe('an audit that was begun', () => {
  const refuses = async (says: RegExp, more: Partial<RunRequest> = { resume: true }): Promise<void> => {
    const error: unknown = await run(new Here(), more).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(says);
  };

  it('is not begun again without being asked', async () => {
    await run();
    await refuses(/already holds an audit: go on with it \(--resume\)/, {});
  });

  it('does not go on with another plan', async () => {
    await run();
    plan = planOf({ seed: 1 });
    await refuses(/another plan/);
  });

  it('does not go on with another model', async () => {
    await run();
    const bytes = plain();
    bytes[bytes.length - 40] = bytes[bytes.length - 40]! ^ 1;
    write(model, bytes);
    await refuses(/is not the model this audit began with/);
    rmSync(model);
    await refuses(/cannot be read/);
  });

  it('does not go on with other weights in the file beside the model', async () => {
    const { bytes, data } = beside('weights.bin');
    const file = write(join(root, 'weights.bin'), new Uint8Array(data.buffer));
    write(model, bytes);
    const results = await run();
    expect(results.model.weights).toMatchObject([{ file: 'weights.bin', bytes: data.byteLength }]);
    data[0]! += 1;
    write(file, new Uint8Array(data.buffer));
    await refuses(/weights\.bin is not the model this audit began with/);
    await expect(verifyAudit(folder, results, {}, OURS)).rejects.toThrow(
      /not the model of this audit: the sha256 of its weights in weights\.bin differs/,
    );
  });

  it('does not go on with other images, be it their number, their names or their pixels', async () => {
    const pool = new Here();
    pool.before = (_, count) => count === 6 && pool.control.cancel();
    await run(pool);
    cpSync(images, `${images} kept`, { recursive: true });
    await picture(join(images, '5.png'), 5);
    await refuses(/images are not the ones/);
    rmSync(join(images, '5.png'));
    await picture(join(images, '4.png'), 9);
    await refuses(/4\.png is not the picture this audit began with/);
    cpSync(join(`${images} kept`, '4.png'), join(images, '4.png'));
    expect((await run(new Here(), { resume: true })).findings).toHaveLength(10);
  });

  it('does not go on with other labels', async () => {
    const labels = join(root, `labels ${n}.txt`);
    const predictions = (await run()).images.map((i) => i.prediction);
    folder += ' labelled';
    writeFileSync(labels, predictions.join('\n'));
    plan = planOf({ labels });
    await run();
    writeFileSync(labels, predictions.map((p) => (p + 1) % 10).join('\n'));
    await refuses(/The label of .*0\.png is not the one/);
  });

  it('may be begun again when it found its input wrong', async () => {
    const labels = join(root, `few labels ${n}.txt`);
    writeFileSync(labels, '0\n1\n');
    plan = planOf({ labels });
    await refuses(/holds 2 labels/, {});
    plan = planOf({ threats: [{ norm: 'l2', eps: [1], goal: { kind: 'targeted', target: 10 }, attacks: [{ id: 'ddn' }] }] });
    await refuses(/class 10 does not exist/, {});
    plan = planOf();
    expect((await run()).findings).toHaveLength(10);
    expect(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'))).toEqual(plan);
  });

  it('starts where there is nothing to go on with, and cuts a torn line off', async () => {
    const whole = await run(new Here(), { resume: true });
    const file = join(folder, 'journal.jsonl');
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, lines.slice(0, 9).join('\n'));
    appendFileSync(file, '\n{"type":"finding","finding":{"image":"0000');
    expect(without(await run(new Here(), { resume: true }))).toEqual(without(whole));
  });
});

describe('when something goes wrong', () => {
  it('ends only when no worker is at work any more, so that nobody writes into a closed journal', async () => {
    const pool = new Here(2);
    let late = false;
    pool.before = async (_, count) => {
      // The first two attacks run side by side, after the model and three batches of clean images.
      if (count === 5) {
        await sleep(50);
        throw new Error('the machine is on fire');
      }
      if (count === 6) {
        await sleep(300);
        late = true;
      }
    };
    await expect(run(pool)).rejects.toThrow('the machine is on fire');
    expect(late).toBe(true);
    expect(pool.control.cancelled).toBe(true);
    // Whatever is in the journal is whole.
    expect(Journal.read(folder).records.length).toBeGreaterThan(2);
  });

  it('leaves out a picture that cannot be decoded, and names it', async () => {
    const file = join(images, '3.png');
    writeFileSync(file, readFileSync(file).subarray(0, 200));
    const { leftOut, images: taken } = await run(new Here(2));
    expect(taken.map(({ id }) => id)).toEqual(['00000-0', '00001-1', '00002-2', '00004-4']);
    expect(leftOut).toMatchObject({ total: 1 });
    expect(JSON.stringify(leftOut)).toMatch(/3\.png/);
  });
});
