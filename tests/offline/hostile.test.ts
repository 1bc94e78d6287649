import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { interrupt } from '../fuzz/folders.ts';
import { BIN, hairline, IMAGES, MODEL, scratch } from '../cli/hairline.ts';
import { AUDIT, INSTALLATION, Run, TEMPORARY, violations } from './run.ts';
import { lacking } from './strace.ts';
import { part } from '../part.ts';

/**
 * Audit folders that somebody else has made, looked at, reported and taken up under strace: nothing outside of them is opened,
 * whatever they name and wherever their links lead. The last test opens what they lead to, and is found out.
 */
const why = lacking();
const folder = scratch();
const whole = join(folder, 'whole');
const outside = join(folder, 'outside');
const ROW = join(IMAGES, 'star');

beforeAll(async () => {
  if (why !== null) return;
  mkdirSync(outside);
  const { code, err } = await hairline([
    'audit',
    '--model',
    MODEL,
    '--images',
    ROW,
    '--limit',
    '3',
    '--norm',
    'linf',
    '--attacks',
    'fgsm',
    '--workers',
    '1',
    '--out',
    whole,
  ]);
  expect(code, err).toBe(0);
});

/** What stands inside goes outside, and a link to it takes its place: it is what it says, only not there. */
function link(audit: string, name: string): void {
  const target = join(outside, `${readdirSync(outside).length}-${name.replaceAll('/', '-')}`);
  renameSync(join(audit, name), target);
  symlinkSync(target, join(audit, name));
}

const rewrite = (audit: string, name: string, change: (text: string) => string): void =>
  writeFileSync(join(audit, name), change(readFileSync(join(audit, name), 'utf8')));
const pictures = (audit: string): string[] =>
  readdirSync(audit, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png'));

const FOLDERS: [string, (audit: string) => void][] = [
  ['whose plan is a link', (audit) => link(audit, 'plan.json')],
  ['whose results are a link', (audit) => link(audit, 'results.json')],
  ['whose journal is a link', (audit) => link(audit, 'journal.jsonl')],
  ['whose folders of pictures are links', (audit) => ['clean', 'adversarial'].forEach((name) => link(audit, name))],
  [
    'all of whose pictures and documents are links',
    (audit) => {
      for (const name of [...pictures(audit), 'results.csv', 'report.pdf', 'results.schema.json', 'audit.hairline']) link(audit, name);
      for (const name of ['plan.json', 'results.json', 'results.csv', 'report.pdf', 'audit.hairline'])
        symlinkSync(join(outside, 'made'), join(audit, `${name}.part`));
    },
  ],
  [
    'whose pictures are named outside of it',
    (audit) => {
      cpSync(join(audit, pictures(audit)[0]!), join(outside, 'secret.png'));
      for (const name of ['results.json', 'journal.jsonl'])
        rewrite(audit, name, (text) => text.replaceAll(/"(clean|adversarial)\/[^"]*\.png"/g, '"../outside/secret.png"'));
    },
  ],
  [
    'whose images are called by a way out',
    (audit) => {
      const ids = readdirSync(join(audit, 'clean')).map((name) => name.replace(/\.png$/, ''));
      for (const name of ['results.json', 'journal.jsonl'])
        rewrite(audit, name, (text) => ids.reduce((all, id) => all.replaceAll(`"${id}"`, `"../../outside/${id}"`), text));
      interrupt(audit);
    },
  ],
  [
    'whose plan names files outside of it',
    (audit) => {
      cpSync(MODEL, join(outside, 'model.onnx'));
      cpSync(ROW, join(outside, 'pictures'), { recursive: true });
      writeFileSync(join(outside, 'names.txt'), 'a\nb\n');
      for (const name of ['plan.json', 'results.json'])
        rewrite(audit, name, (text) =>
          text
            .replaceAll(JSON.stringify(MODEL), JSON.stringify(join(outside, 'model.onnx')))
            .replaceAll(JSON.stringify(ROW), JSON.stringify(join(outside, 'pictures')))
            .replaceAll('"classNames": null', `"classNames": ${JSON.stringify(join(outside, 'names.txt'))}`),
        );
    },
  ],
];

describe.skipIf(why !== null)(`an audit's folder${why ? ` (skipped: ${why})` : ''}`, () => {
  it.each(part(FOLDERS, 4))('%s keeps its readers inside', { timeout: 120_000 }, async (_, spoil) => {
    const run = new Run(folder);
    const audit = run.at('audit');
    cpSync(whole, audit, { recursive: true });
    spoil(audit);
    const commands = [`verify "$3" --model "$4"`, 'verify "$3"', 'report "$3"', 'audit --resume --out "$3" --workers 1 --json'];
    const { err } = await run.start([
      'sh',
      '-c',
      commands.map((words) => `"$1" "$2" ${words}`).join('; '),
      'sh',
      process.execPath,
      BIN,
      audit,
      MODEL,
    ]).ended;
    expect(err, 'what is wrong is told').toMatch(/^hairline: \S.*\.$/m);
    const deeds = run.deeds();
    expect([...deeds.read].filter((path) => path.startsWith(outside))).toEqual([]);
    expect(
      violations(deeds, [
        [audit, AUDIT],
        [run.at('data/hairline'), INSTALLATION],
        [run.at('tmp'), TEMPORARY],
      ]),
    ).toEqual([]);
    expect([...deeds.read].filter((path) => path.startsWith(audit)).length, 'the folder was looked at').toBeGreaterThan(0);
  });

  it('that is read by who follows links is found out', async () => {
    const run = new Run(folder);
    rmSync(run.at('audit'), { recursive: true, force: true });
    cpSync(whole, run.at('audit'), { recursive: true });
    link(run.at('audit'), 'results.csv');
    const { code } = await run.start(['sh', '-c', 'cat "$1" > /dev/null && echo >> "$1"', 'sh', run.at('audit/results.csv')]).ended;
    expect(code).toBe(0);
    const deeds = run.deeds();
    expect([...deeds.read].filter((path) => path.startsWith(outside))).toHaveLength(1);
    expect(violations(deeds, [[run.at('audit'), AUDIT]])).toHaveLength(1);
  });
});
