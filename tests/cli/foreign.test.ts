/* eslint-disable @typescript-eslint/no-explicit-any -- what is damaged has no type any more */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Results } from '../../shared/results.ts';
import { hairline, hairlineHere, IMAGES, MODEL, SAMPLES, scratch, start, untimed } from './hairline.ts';
import { part } from '../part.ts';
import { SAMPLE_PLAN, writePlan } from './samplePlan.ts';

/*
 * An audit's folder as somebody else may send it. Every case starts from a real audit; the one who looks for harm is a listing
 * of what lies beside the folder, and of the folder itself where nothing may be written.
 */
const root = scratch();
const plan = join(root, 'plan.json');
const whole = join(root, 'whole');
const classes = join(SAMPLES, 'classes.txt');
let n = 0;
let folder: string;

beforeAll(async () => {
  writePlan(plan, {
    ...SAMPLE_PLAN,
    limit: 3,
    threats: [{ norm: 'linf', eps: [8 / 255], attacks: [{ id: 'pgd', options: { steps: 10 } }] }],
  });
  expect((await hairline(['audit', plan, '--out', whole])).code).toBe(0);
}, 120_000);

/** A copy to do harm to; `half`: with all of its work still to be done. */
function copy(half = false): string {
  folder = join(root, `copy ${++n}`);
  cpSync(whole, folder, { recursive: true });
  if (half) {
    const file = join(folder, 'journal.jsonl');
    writeFileSync(file, `${readFileSync(file, 'utf8').split('\n').slice(0, 2).join('\n')}\n`);
    for (const name of ['clean', 'adversarial', 'results.json']) rmSync(join(folder, name), { recursive: true });
  }
  return folder;
}

const listing = (at: string): string[] =>
  readdirSync(at, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(at, name));
      return `${name} ${size} ${mtimeMs}`;
    });

function edit(name: string, change: (json: never) => void, at = folder): void {
  const json = JSON.parse(readFileSync(join(at, name), 'utf8')) as never;
  change(json);
  writeFileSync(join(at, name), JSON.stringify(json));
}

/** One sentence, exit code 2. */
function refused({ code, err }: { code: number | null; err: string }, says = /./): void {
  expect(err).toMatch(/^hairline: [^\n]+\.\n$/);
  expect(err).toMatch(says);
  expect(err).not.toMatch(/hairline: \[|Invalid|undefined|TypeError|E[A-Z]{4,}/);
  expect(code).toBe(2);
}

const resume = (...more: string[]) => hairline(['audit', '--resume', '--out', folder, '--workers', '1', ...more]);

describe.runIf(process.platform !== 'win32')('links inside', () => {
  it.each(
    part(
      [
        'journal.jsonl',
        'plan.json',
        'audit.hairline',
        'results.json',
        'clean',
        'results.csv',
        'report.pdf',
        'results.schema.json',
        'adversarial',
      ],
      5,
    ),
  )('%s is not followed by resume, report or verify', { timeout: 90_000 }, async (name) => {
    copy(true);
    const outside = join(root, `outside ${n}`);
    mkdirSync(outside);
    for (const sub of ['clean', 'adversarial']) cpSync(join(whole, sub), join(outside, sub), { recursive: true });
    if (existsSync(join(folder, name))) renameSync(join(folder, name), join(outside, name));
    else if (!existsSync(join(outside, name))) cpSync(join(whole, name), join(outside, name));
    symlinkSync(join(outside, name), join(folder, name));
    const before = listing(outside);
    refused(await resume(), name === 'audit.hairline' ? /begun elsewhere/ : /is a link, and no link inside/);
    for (const command of ['report', 'verify']) {
      const ended = await hairlineHere([command, folder]);
      if (name === 'results.json') refused(ended, /is a link/);
      else expect(ended.code).toBe(2);
    }
    expect(listing(outside)).toEqual(before);
  });

  it('where files are written first, and of pictures that are verified, neither', { timeout: 90_000 }, async () => {
    copy(true);
    const outside = join(root, `outside ${n}`);
    mkdirSync(join(folder, 'clean'));
    mkdirSync(outside);
    const id = (JSON.parse(readFileSync(join(whole, 'results.json'), 'utf8')) as Results).findings.find(
      ({ state }) => state === 'broken',
    )!.image;
    for (const name of ['plan.json', `clean/${id}.png`, 'results.json', 'report.pdf']) {
      writeFileSync(join(outside, 'theirs'), 'theirs');
      symlinkSync(join(outside, 'theirs'), join(folder, `${name}.part`));
    }
    const before = listing(outside);
    const gone = await resume();
    expect(gone.code, gone.err).toBe(0);
    expect(untimed(folder)).toBe(untimed(whole));
    expect(listing(outside)).toEqual(before);

    copy();
    renameSync(join(folder, 'clean', `${id}.png`), join(outside, 'one.png'));
    symlinkSync(join(outside, 'one.png'), join(folder, 'clean', `${id}.png`));
    refused(await hairlineHere(['verify', folder]), /is a link/);
    refused(await hairlineHere(['report', folder]), /is a link/);
  });

  it.each(part(['journal.jsonl', 'plan.json', 'audit.hairline', 'results.json'], 3))(
    'a pipe or a device as %s is waited for by nobody',
    { timeout: 90_000 },
    async (name) => {
      copy();
      rmSync(join(folder, name));
      execFileSync('mkfifo', [join(folder, name)]);
      refused(await resume());
      if (name === 'results.json') for (const command of ['report', 'verify']) refused(await hairlineHere([command, folder]), /is a pipe/);
    },
  );
});

describe('results that were changed', () => {
  const CHANGES: [string, (r: any) => void][] = [
    ['an id that leads out', (r) => (r.images[0].id = '../../x')],
    ['a picture that leads out', (r) => (r.images[0].file = '../x.png')],
    ['an absolute picture', (r) => (r.images[0].file = '/etc/passwd')],
    ['a finding that leads out', (r) => (r.findings[0].file = 'clean/../../../x.png')],
    ['an output that leads out', (r) => (r.findings[0].output = { figures: { psnr: 1, ssim: 1 }, file: 'C:\\x.png' })],
    ['an attack that leads out', (r) => (r.findings[0].attack = '../../x')],
    ['a null byte', (r) => (r.images[0].id = 'a\0b')],
    ['a new line', (r) => (r.images[0].id = 'a\nb')],
    ['a bad date', (r) => (r.timing.started = 'yesterday')],
    ['a date beyond time', (r) => (r.timing.started = '9999-99-99T00:00:00Z')],
    ['no plan', (r) => delete r.plan],
    ['a plan that is a list', (r) => (r.plan = [])],
    ['a plan without threats', (r) => (r.plan.threats = [])],
    ['a norm that is none', (r) => (r.plan.threats[0].norm = 'l3')],
    [
      'options nested deep',
      (r) =>
        (r.threats[0].attacks[0].options = r.plan.threats[0].attacks[0].options =
          JSON.parse(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`)),
    ],
    ['a distance below zero', (r) => (r.images[0].outcomes[0].distance = -1)],
    ['a size beyond any', (r) => (r.images[0].width = 1e15)],
    ['a share above one', (r) => (r.threats[0].points[0].accuracy = 1e300)],
  ];
  /** What the schema allows is no reason for `verify` to look no further. */
  const UNFIT: [string, (r: any) => void, RegExp][] = [
    [
      'a threat that is not there',
      (r) => (r.findings[0].threat = 7),
      /finding of pgd on \S+ under threat model 8: the report has one, its journal none/,
    ],
    [
      'an image that is not there',
      (r) => (r.findings[0].image = '00099-x'),
      /finding of pgd on 00099-x under linf: the report has one, its journal none/,
    ],
    ['an image twice', (r) => r.images.push(r.images[0]), /image \S+: the report has it 2 times, its journal one/],
    ['an outcome without its finding', (r) => (r.findings = []), /finding of pgd on \S+ under linf: the report has none, its journal one/],
    ['a class that is not there', (r) => (r.images[0].prediction = 1e6), /prediction: the report says 1000000/],
    ['names of other classes', (r) => r.classNames.pop(), /classNames, number \d+: the report says nothing/],
  ];
  it.each(part(CHANGES, 4))('%s is told in one sentence by verify and report, and nothing is written', async (_, change) => {
    copy();
    edit('results.json', change);
    const before = listing(root);
    for (const command of ['verify', 'report']) refused(await hairlineHere([command, folder]), /results\.json is damaged/);
    expect(listing(root)).toEqual(before);
  });

  it.each(part(UNFIT, 4))('%s is named by verify, and refused by report', async (_, change, says) => {
    copy();
    edit('results.json', change);
    const before = listing(root);
    const verified = await hairlineHere(['verify', folder]);
    expect(verified.code, verified.err).toBe(1);
    expect(verified.out).toMatch(says);
    refused(await hairlineHere(['report', folder]), /results\.json is damaged/);
    expect(listing(root)).toEqual(before);
  });

  it('a picture that is gone is told by report, and the older PDF stays', async () => {
    copy();
    const file = (JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as { findings: { file: string | null }[] }).findings.find(
      (finding) => finding.file,
    )!.file!;
    rmSync(join(folder, file));
    const before = readFileSync(join(folder, 'report.pdf'));
    refused(await hairlineHere(['report', folder]), new RegExp(`${file}, which the report shows, is not there`));
    expect(readFileSync(join(folder, 'report.pdf')).equals(before)).toBe(true);
  });

  it.each(part(['', 'null', '[]', '{', '"x"', '{"a":1e999}', '['.repeat(200_000), '{"plan":'.repeat(200_000)], 3))(
    'a file of %.10s is told as well',
    async (text) => {
      copy();
      writeFileSync(join(folder, 'results.json'), text);
      for (const command of ['verify', 'report']) refused(await hairlineHere([command, folder]), /results\.json is damaged/);
    },
  );
});

describe('a journal or a plan that was changed', { timeout: 90_000 }, () => {
  const journal = (change: (records: any[]) => void) => {
    const file = join(folder, 'journal.jsonl');
    const records = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    change(records);
    writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  };
  const of = (records: any[], type: string) => records.find((record) => record.type === type)[type];
  const CHANGES: [string, () => void][] = [
    ['an id that leads out', () => journal((r) => (of(r, 'image').id = '../../x'))],
    ['ids of the setup', () => journal((r) => (of(r, 'setup').images[0] = '../../x'))],
    ['a finding of another threat', () => journal((r) => (of(r, 'finding').threat = 9))],
    ['other rows', () => journal((r) => (of(r, 'setup').rows = 2))],
    ['more classes than memory', () => journal((r) => (of(r, 'setup').scores.width = 2 ** 40))],
    ['another value inside', () => journal((r) => (of(r, 'setup').scores.logits = 'none'))],
    ['no setup', () => journal((r) => r.splice(1, 1))],
    ['a bad date', () => journal((r) => (r[0].started = 'never'))],
    ['a plan of other pictures', () => edit('plan.json', (p: any) => (p.images = ['/dev/zero']))],
    ['a plan of another model', () => edit('plan.json', (p: any) => (p.model = '/dev/zero'))],
    ['a plan without a model', () => edit('plan.json', (p: any) => delete p.model)],
    ['a plan that is none', () => writeFileSync(join(folder, 'plan.json'), '[')],
  ];
  it.each(part(CHANGES, 6))('%s is told in one sentence', async (_, change) => {
    copy();
    change();
    const before = listing(join(folder, 'clean'));
    refused(await resume());
    expect(listing(join(folder, 'clean'))).toEqual(before);
  });
});

describe('an audit that was begun elsewhere', { timeout: 120_000 }, () => {
  const named = ['--model', MODEL, '--images', IMAGES, '--class-names', classes];

  it('opens nothing that its plan names: a pipe there is not even looked at', async () => {
    copy(true);
    const pipe = join(root, `pipe ${n}`);
    if (process.platform !== 'win32') execFileSync('mkfifo', [pipe]);
    edit('plan.json', (p: any) => ((p.model = pipe), (p.images = [pipe]), (p.classNames = pipe)));
    refused(await resume(), /begun elsewhere, so no file that it names is opened: name them yourself \(--model, --images, --class-names\)/);
    refused(await resume('--model', MODEL), /name them yourself \(--images, --class-names\)/);
    copy();
    edit('results.json', (r: any) => (r.plan.model = pipe));
    // This installation wrote plan.json, so that one counts.
    const forged = await hairlineHere(['verify', folder]);
    expect(forged.code, forged.err).toBe(1);
    expect(forged.out).toMatch(/plan, model: the report says ".*pipe/);
    edit('audit.hairline', (mark: any) => delete mark.seal);
    refused(await hairlineHere(['verify', folder]), /begun elsewhere.*\(--model\)/);
    expect((await hairlineHere(['verify', folder, '--model', MODEL])).code).toBe(1);
  });

  it("goes on with the files that are named, to the same bytes, and stays somebody else's", async () => {
    copy(true);
    edit('audit.hairline', (mark: any) => delete mark.seal);
    refused(await hairline(['audit', join(folder, 'plan.json'), '--resume', '--out', folder]), /begun elsewhere/);
    expect((await resume(...named)).code).toBe(0);
    expect(untimed(folder)).toBe(untimed(whole));
    refused(await hairlineHere(['verify', folder]), /begun elsewhere/);
    expect((await hairlineHere(['report', folder])).code).toBe(0);
    refused(await resume(...named, '--labels', classes), /has no file for --labels/);
    refused(
      await resume('--model', join(SAMPLES, 'autoencoder.onnx'), '--images', IMAGES, '--class-names', classes),
      /is not the model this audit began with/,
    );
  });

  it('an own one is copied elsewhere and goes on without a word', async () => {
    copy(true);
    expect((await resume()).code).toBe(0);
    expect(untimed(folder)).toBe(untimed(whole));
    expect((await hairlineHere(['verify', folder])).code).toBe(0);
  });
});

it('of two audits that are started at once in one folder, exactly one is made', { timeout: 120_000 }, async () => {
  const other = writePlan(join(root, 'other.json'), {
    ...(JSON.parse(readFileSync(plan, 'utf8')) as typeof SAMPLE_PLAN),
    seed: 9,
    limit: 2,
  });
  const at = join(root, 'both');
  const ends = await Promise.all([plan, other].map((one) => start(['audit', one, '--out', at]).ended));
  expect(ends.map(({ code }) => code).sort()).toEqual([0, 2]);
  refused(
    ends.find(({ code }) => code === 2)!,
    /Another Hairline is writing|already holds an audit/,
  );
  const made = JSON.parse(readFileSync(join(at, 'plan.json'), 'utf8')) as { seed: number };
  const results = JSON.parse(readFileSync(join(at, 'results.json'), 'utf8')) as { seed: number; images: unknown[] };
  expect([results.seed, results.images.length]).toEqual(made.seed === 9 ? [9, 2] : [3, 3]);
  expect(readdirSync(at).filter((name) => name.includes('lock'))).toEqual([]);
  expect((await hairlineHere(['verify', at])).code).toBe(0);
});
