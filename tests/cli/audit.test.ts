import { Ajv2020 } from 'ajv/dist/2020.js';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { RunEvent } from '../../shared/contract.ts';
import { Results } from '../../shared/results.ts';
import { png, readPng } from '../images/files.ts';
import { hairline, MODEL, scratch, untimed } from './hairline.ts';
import type { Ended } from './hairline.ts';
import { SAMPLE_PLAN, writePlan } from './samplePlan.ts';
import { part } from '../part.ts';

const folder = scratch();
const base = join(folder, 'one by one');
const plan = join(folder, 'plan.json');
let ended: Ended;
let results: Results;

beforeAll(async () => {
  writePlan(plan);
  ended = await hairline(['audit', plan, '--out', base, '--workers', '1', '--batch', '1']);
  expect(ended.err + ended.out.slice(-500), 'the audit').toContain('Written to');
  results = Results.parse(JSON.parse(readFileSync(join(base, 'results.json'), 'utf8')));
}, 90_000);

/** Class of a picture by onnxruntime on the model file, the picture read by the test's own decoder. */
async function classify(session: InferenceSession, file: string): Promise<{ predicted: number; pixels: Uint8Array }> {
  const { width, height, channels, data } = readPng(readFileSync(file));
  const plane = width * height;
  const input = new Float32Array(3 * plane);
  for (let p = 0; p < plane; p++) for (let c = 0; c < 3; c++) input[c * plane + p] = data[p * channels + (channels === 3 ? c : 0)]! / 255;
  const out = await session.run({ [session.inputNames[0]!]: new Tensor('float32', input, [1, 3, height, width]) });
  const scores = Array.from(out[session.outputNames[0]!]!.data as Float32Array);
  return { predicted: scores.indexOf(Math.max(...scores)), pixels: data };
}

describe('an audit of the sample from the command line', () => {
  it('ends with 0, tells valid events as JSON lines, and keeps the tables off stdout', () => {
    expect(ended.code).toBe(0);
    const lines = ended.out
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const events = lines.slice(0, -1).map((line) => RunEvent.parse(line));
    expect(lines.at(-1)).toMatchObject({ type: 'summary', folder: base });
    expect(events.filter((e) => e.type === 'image')).toHaveLength(12);
    expect(events.filter((e) => e.type === 'finding')).toHaveLength(results.findings.length);
    expect(events.at(-1)).toMatchObject({ type: 'finished', folder: base });
    expect(ended.err).toMatch(/robust accuracy/);
  });

  it('writes every document, and nothing half written', () => {
    const files = readdirSync(base, { recursive: true, encoding: 'utf8' });
    for (const name of ['plan.json', 'journal.jsonl', 'results.json', 'results.schema.json', 'results.csv', 'report.pdf'])
      expect(files).toContain(name);
    expect(files.filter((name) => /\.(part|tmp)$/.test(name))).toEqual([]);
    expect(readFileSync(join(base, 'report.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    const broken = results.findings.filter((f) => f.state === 'broken');
    expect(files.filter((name) => name.startsWith('adversarial') && name.endsWith('.png'))).toHaveLength(broken.length);
  });

  it('gives results that another validator finds to be as `hairline schema` says', async () => {
    const schema = await hairline(['schema']);
    expect(schema.code).toBe(0);
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(JSON.parse(schema.out) as object);
    validate(JSON.parse(readFileSync(join(base, 'results.json'), 'utf8')));
    expect(validate.errors).toBeNull();
    expect(JSON.parse(readFileSync(join(base, 'results.schema.json'), 'utf8'))).toEqual(JSON.parse(schema.out));
  });

  it.each(
    part(
      [
        ['2', '8'],
        ['2', '32'],
      ] as const,
      2,
    ),
  )('gives the same results.json byte for byte with %s workers and batches of %s', async (workers, batch) => {
    const other = join(folder, `${workers} and ${batch}`);
    const run = await hairline(['audit', plan, '--out', other, '--workers', workers, '--batch', batch]);
    expect(run.code).toBe(0);
    expect(untimed(other)).toBe(untimed(base));
    const { timing } = JSON.parse(readFileSync(join(other, 'results.json'), 'utf8')) as Results;
    expect(timing).toMatchObject({ workers: Number(workers), batch: Number(batch) });
    for (const { file } of results.findings)
      if (file) expect(readFileSync(join(other, file)).equals(readFileSync(join(base, file))), file).toBe(true);
  });

  it('chooses the rows of a kernel by pictures and their number, not by --batch', () => {
    // A few rows in a block, whatever the batch.
    expect(results.kernelBatch).toBe(4);
  });
});

describe('the successes, seen from outside', () => {
  it('all break the original model, are as far as told, and within the pixels of 8 bits', async () => {
    const session = await InferenceSession.create(MODEL);
    const broken = results.findings.filter((f) => f.state === 'broken');
    expect(broken.length).toBeGreaterThan(20);
    for (const { file, image: id, prediction, eightBit, threat } of broken) {
      const image = results.images.find((i) => i.id === id)!;
      const clean = await classify(session, join(base, image.file));
      const attacked = await classify(session, join(base, file!));
      expect(clean.predicted, id).toBe(image.label);
      expect(attacked.predicted, file!).toBe(prediction);
      expect(attacked.predicted, file!).not.toBe(image.label);
      const delta = Array.from(attacked.pixels, (level, i) => (level - clean.pixels[i]!) / 255);
      const norms = {
        l0: delta.filter((d) => d !== 0).length,
        l1: delta.reduce((sum, d) => sum + Math.abs(d), 0),
        l2: Math.hypot(...delta),
        linf: Math.max(...delta.map(Math.abs)),
      };
      for (const norm of ['l0', 'l1', 'l2', 'linf'] as const) expect(eightBit![norm], `${norm} of ${file}`).toBeCloseTo(norms[norm], 5);
      const outcome = image.outcomes[threat]!;
      expect(outcome.distance, id).toBeLessThanOrEqual(eightBit![results.threats[threat]!.norm]);
    }
    await session.release();
  });

  it('make up the robust accuracy that is told', () => {
    results.threats.forEach((threat, t) => {
      for (const point of threat.points) {
        const right = results.images.filter(
          (i) => i.prediction === i.label && !(i.outcomes[t]!.distance !== null && i.outcomes[t]!.distance <= point.eps + 1e-6),
        );
        expect(point, `${threat.norm} ${point.eps}`).toMatchObject({ right: right.length, total: 12 });
      }
    });
  });
});

describe('hairline verify', () => {
  it('finds no difference, and says what rests on trust', async () => {
    const run = await hairline(['verify', base, '--json']);
    expect(run).toMatchObject({ code: 0, err: '' });
    const broken = results.findings.filter((f) => f.state === 'broken').length;
    expect(JSON.parse(run.out)).toMatchObject({ pictures: 12, successes: broken, repeated: 0, problems: [], notes: [] });
    const again = await hairline(['verify', base, '--repeat', '2']);
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).toMatch(
      /^12 clean pictures and \d+ adversarial ones checked, 2 images attacked again: no difference\. On trust: .*\n$/,
    );
    expect(again.out).not.toMatch(/everything/);
  });

  it('names pictures that were changed, replaced or removed, and ends with 1', async () => {
    const copy = join(folder, 'tampered');
    cpSync(base, copy, { recursive: true });
    const [first, second, third] = results.findings.filter((f) => f.state === 'broken').map((f) => f.file!);
    const { width, height, data } = readPng(readFileSync(join(copy, first!)));
    data[0] = data[0]! ^ 64;
    const rows = Array.from({ length: height }, (_, y) => Array.from(data.subarray(3 * width * y, 3 * width * (y + 1))));
    writeFileSync(join(copy, first!), png(width, height, 8, 2, rows));
    const image = results.images.find((i) => basename(second!) === `${i.id}.png`)!;
    cpSync(join(copy, image.file), join(copy, second!));
    writeFileSync(join(copy, third!), deflateSync(Buffer.from('no picture')));
    const run = await hairline(['verify', copy]);
    expect(run.code).toBe(1);
    expect(run.out).toContain(`${first}: l1 is`);
    expect(run.out).toContain(`${second} does not break the model`);
    expect(run.out).toContain(`${third} is missing or damaged`);
  });

  it('refuses another model, by its hash', async () => {
    const other = join(folder, 'other.onnx');
    const bytes = readFileSync(MODEL);
    bytes[bytes.length - 1] = bytes[bytes.length - 1]! ^ 1;
    writeFileSync(other, bytes);
    const run = await hairline(['verify', base, '--model', other]);
    expect(run.code).toBe(2);
    expect(run.err).toMatch(/^hairline: .*\n$/);
  });
});

describe('a folder that holds an audit', () => {
  it('is not written over, nor mixed with another plan', async () => {
    const again = await hairline(['audit', plan, '--out', base]);
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/^hairline: .*already holds an audit: go on with it \(--resume\), or choose another folder\.\n$/);
    const mixed = await hairline(['audit', plan, '--seed', '4', '--resume', '--out', base]);
    expect(mixed.code).toBe(2);
    expect(mixed.err).toMatch(/^hairline: .*holds an audit with another plan: choose another folder\.\n$/);
  });

  it('is judged again by --resume and --fail-under, without the plan and without work', async () => {
    const before = untimed(base);
    const strict = await hairline(['audit', '--resume', '--out', base, '--fail-under', '99%']);
    expect(strict.code).toBe(1);
    expect(strict.out).not.toContain('"type":"finding"');
    const mild = await hairline(['audit', '--resume', '--out', base, '--fail-under', '0']);
    expect(mild.code).toBe(0);
    expect(untimed(base)).toBe(before);
  });

  it('gets its documents anew by hairline report', async () => {
    const copy = join(folder, 'report');
    cpSync(base, copy, { recursive: true });
    writeFileSync(join(copy, 'results.csv'), '');
    const run = await hairline(['report', copy]);
    expect(run.code).toBe(0);
    expect(readFileSync(join(copy, 'results.csv'), 'utf8')).toBe(readFileSync(join(base, 'results.csv'), 'utf8'));
    expect(existsSync(join(copy, 'report.pdf'))).toBe(true);
    expect(run.out).toContain(`${basename(String(SAMPLE_PLAN.model))}: 12 images`);
  });
});
