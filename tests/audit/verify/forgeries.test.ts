/* eslint-disable @typescript-eslint/no-explicit-any -- what is forged has no type */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Results } from '../../../shared/results.ts';
import { readAnyResults } from '../../../src-main/engine/documents.ts';
import { decodeFile, encodePng } from '../../../src-main/images/index.ts';
import { part } from '../../part.ts';
import { plain, write } from '../models.ts';
import { audit, copy, edit, folderOf, forgePdf, journal, picture, root, text, verify } from './forge.ts';

/*
 * Each forgery changes one file of an audit that is verified without a difference, as somebody would who wants a better report.
 * What is forged is known, so the sentence that names it is, too.
 */
const PICTURES = 7;
const labels = join(root, 'labels.txt');
const names = join(root, 'names.txt');
const images = folderOf('images');
let whole: string;
let other: string;
let results: Results;
let folder: string;

beforeAll(async () => {
  const model = write(join(root, 'model.onnx'), plain());
  for (let i = 0; i < PICTURES; i++) await picture(join(images, `${i}.png`), i);
  writeFileSync(join(images, 'damaged.png'), 'no picture');
  writeFileSync(names, Array.from({ length: 10 }, (_, k) => `class ${k}`).join('\n'));
  const threats = [
    { norm: 'linf' as const, eps: [0.4 / 255, 2 / 255], attacks: [{ id: 'fgsm' }, { id: 'pgd', options: { steps: 3 } }] },
    {
      norm: 'l2' as const,
      eps: [0.05, 0.3],
      goal: { kind: 'targeted' as const, target: 'next' as const },
      attacks: [{ id: 'ddn', options: { steps: 11 } }],
    },
  ];
  const plan = { name: 'Seven pictures', model, preprocessing: {}, images: [images], classNames: names, threats, seed: 5, maxQueries: 900 };
  // One label is wrong, so that clean accuracy is neither 0 nor 1.
  const first = readAnyResults(await audit(plan, join(root, 'unlabelled')));
  writeFileSync(labels, first.images.map((image, i) => `${i}.png,${i === 6 ? (image.prediction + 1) % 10 : image.prediction}`).join('\n'));
  whole = await audit({ ...plan, labels }, join(root, 'whole'));
  other = await audit({ ...plan, labels, name: 'Another one', seed: 6 }, join(root, 'other'));
  results = readAnyResults(whole);
}, 240_000);

const broken = (r: any, threat = 0): any => r.findings.find((f: any) => f.state === 'broken' && f.threat === threat);
const held = (r: any): any => r.findings.find((f: any) => f.state === 'held');
const of = (records: any[], type: string): any => records.find((record) => record.type === type);
const report = (change: (r: any) => unknown) => () => edit(folder, 'results.json', change);
const plan = (change: (p: any) => unknown) => () => edit(folder, 'plan.json', change);
const inJournal = (change: (records: any[]) => unknown) => () => journal(folder, change);
const files = (): string[] => results.findings.flatMap(({ file }) => file ?? []);
const at = (name: string): string => join(folder, name);

async function repaint(file: string): Promise<void> {
  const { data, ...shape } = await decodeFile(file, file);
  data[100] = data[100]! ^ 32;
  writeFileSync(file, await encodePng({ ...shape, data }));
}

/** A chunk before the end of a PNG, whole and with its checksum. */
function addChunk(file: string, type: string): void {
  const bytes = readFileSync(file);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), Buffer.from([0, 0, 177, 143])]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(4);
  sum.writeUInt32BE(crc32(body));
  writeFileSync(file, Buffer.concat([bytes.subarray(0, -12), length, body, sum, bytes.subarray(-12)]));
}

/** Bytes that no decoder unpacks, within the length of the first stream; every place behind them moves on. */
function hidePages(file: string): void {
  const old = readFileSync(file, 'latin1');
  const end = old.indexOf('\nendstream\n');
  const [hidden, start] = ['\n99 0 obj\n<< /Type /Catalog >>\nendobj\n', old.lastIndexOf('/Length ', end)];
  const size = Number(/\/Length (\d+)/.exec(old.slice(start))![1]);
  const grown = `/Length ${size + hidden.length}`;
  const by = hidden.length + grown.length - `/Length ${size}`.length;
  const added = `${old.slice(0, start)}${grown}${old.slice(start + `/Length ${size}`.length, end)}${hidden}${old.slice(end)}`;
  const moved = added.replace(/^(\d{10}) 00000 n /gm, (line, place: string) =>
    Number(place) > start ? `${String(Number(place) + by).padStart(10, '0')} 00000 n ` : line,
  );
  writeFileSync(
    file,
    moved.replace(/startxref\n(\d+)/, (_, place: string) => `startxref\n${Number(place) + by}`),
    'latin1',
  );
}

/** All broken images of a threat model are said to have held, with all that hangs on it in one file. */
function allHeld(r: any): void {
  for (const f of r.findings) Object.assign(f, { state: 'held', file: null, eightBit: null, prediction: null, top: [] });
  for (const image of r.images)
    for (const outcome of image.outcomes)
      if (outcome.state === 'broken') Object.assign(outcome, { state: 'held', best: null, distance: null });
}

const FORGERIES: [string, () => unknown, RegExp][] = [
  [
    'points raised to 100 %',
    report((r) => (r.threats[0].points[1].accuracy = 1)),
    /points of linf at 0\.0078\d*, accuracy: the report says 100 %, its journal gives [\d.]+ %/,
  ],
  [
    'images right at a budget',
    report((r) => (r.threats[1].points[0].right += 1)),
    /points of l2 at 0\.05, right: the report says \d, its journal gives \d/,
  ],
  ['an interval', report((r) => (r.threats[0].points[0].low = 0.99)), /points of linf at 0\.0015\d*, low: the report says 99 %/],
  ['the curve', report((r) => (r.threats[0].curve.at(-1).accuracy = 0.9)), /curve of linf at .*accuracy: the report says 90 %/],
  ['a curve cut short', report((r) => r.threats[0].curve.pop()), /curve of linf at .*: the report has none, its journal one/],
  ['the median', report((r) => (r.threats[1].median = 7)), /median of l2: the report says 7, its journal gives/],
  ['the mean', report((r) => (r.threats[0].mean *= 2)), /mean of linf: the report says/],
  [
    'a summary of an attack',
    report((r) => (r.threats[0].attackSummaries[1].broken = 0)),
    /attackSummaries of linf of pgd, broken: the report says 0/,
  ],
  [
    'a float median',
    report((r) => (r.threats[1].attackSummaries[0].floatMean = 3)),
    /attackSummaries of l2 of ddn, floatMean: the report says 3/,
  ],
  [
    'clean accuracy',
    report((r) => (r.cleanAccuracy.accuracy = 1)),
    /cleanAccuracy, accuracy: the report says 100 %, its journal gives 85\.7/,
  ],
  ['all broken made held', report(allHeld), /finding of pgd on \S+ under linf, state: the report says "held", its journal gives "broken"/],
  [
    'a finding removed',
    report((r) => r.findings.splice(1, 1)),
    /finding of pgd on 00000-0 under linf: the report has none, its journal one/,
  ],
  ['all findings removed', report((r) => (r.findings = [])), /finding of ddn on 00003-3 under l2: the report has none, its journal one/],
  [
    'a finding added',
    report((r) => r.findings.push({ ...held(r), image: '00006-6' })),
    /finding of \S+ on 00006-6 under \S+: the report has one, its journal none/,
  ],
  [
    'an image removed',
    report((r) => ((r.images = r.images.slice(1)), (r.findings = r.findings.filter((f: any) => f.image !== '00000-0')))),
    /image 00000-0: the report has none, its journal one/,
  ],
  [
    'an image doubled',
    report((r) => r.images.push({ ...r.images[1], id: '00009-9' })),
    /image 00009-9: the report has one, its journal none/,
  ],
  ['an image twice', report((r) => r.images.push(r.images[2])), /image 00002-2: the report has it 2 times/],
  ['images in another order', report((r) => r.images.reverse()), /images: the report has them in another order/],
  [
    'a label',
    report((r) => (r.images[6].label = r.images[6].prediction)),
    /image 00006-6, label: the report says \d, its journal gives \d/,
  ],
  ['a label that was not given', report((r) => (r.images[0].labelGiven = false)), /image 00000-0, labelGiven: the report says false/],
  ['a clean prediction', report((r) => (r.images[6].prediction = r.images[6].label)), /image 00006-6, prediction: the report says/],
  [
    'where an image came from',
    report((r) => (r.images[1].source = 'holiday.png')),
    /image 00001-1, source: the report says "holiday\.png"/,
  ],
  ['the size of an image', report((r) => (r.images[1].width = 64)), /image 00001-1, width: the report says 64, its journal gives 32/],
  ['the hash of an image', report((r) => (r.images[1].hash = 'f'.repeat(64))), /image 00001-1, hash: the report says/],
  [
    'the state of an image',
    report((r) => (r.images.find((i: any) => i.outcomes[0].state === 'held').outcomes[0].state = 'failed')),
    /outcome under linf, state: the report says "failed", its journal gives "held"/,
  ],
  [
    'the distance of an image',
    report((r) => (r.images.find((i: any) => i.outcomes[1].state === 'broken').outcomes[1].distance = 9)),
    /outcome under l2, distance: the report says 9/,
  ],
  ['the seed', report((r) => (r.seed = r.plan.seed = 41)), /seed: the report says 41, its journal gives 5/],
  [
    'a budget',
    report((r) => (r.threats[1].eps[1] = r.plan.threats[1].eps[1] = r.threats[1].points[1].eps = 0.8)),
    /eps of l2, number 2: the report says 0\.8, its journal gives 0\.3/,
  ],
  [
    'the steps',
    report((r) => (r.threats[0].attacks[1].options.steps = r.plan.threats[0].attacks[1].options.steps = 1000)),
    /attacks of linf.* options, steps: the report says 1000, its journal gives 3/,
  ],
  [
    'the norm',
    report((r) => (r.threats[0].norm = r.plan.threats[0].norm = 'l1')),
    /norm of l\S+: the report says "l1", its journal gives "linf"/,
  ],
  [
    'the goal',
    report((r) => (r.threats[1].goal = r.plan.threats[1].goal = { kind: 'untargeted' })),
    /goal of l2, kind: the report says "untargeted", its journal gives "targeted"/,
  ],
  [
    'the target class',
    report((r) => (r.threats[1].goal.target = r.plan.threats[1].goal.target = 4)),
    /goal of l2, target: the report says 4, its journal gives "next"/,
  ],
  [
    'the knowledge',
    report(
      (r) =>
        (r.threats[0].knowledge = r.plan.threats[0].knowledge =
          { kind: 'transfer', surrogates: [{ model: '/x.onnx', preprocessing: null }] }),
    ),
    /knowledge of linf, kind: the report says "transfer"/,
  ],
  [
    'the preprocessing',
    report((r) => (r.preprocessing.scale = r.plan.preprocessing.scale = 255)),
    /preprocessing, scale: the report says 255, its journal gives 1/,
  ],
  ['class names', report((r) => (r.classNames[3] = 'tank')), /classNames, number 4: the report says "tank", its journal gives "class 3"/],
  [
    'a class name left out',
    report((r) => r.classNames.pop()),
    /classNames, number 10: the report says nothing, its journal gives "class 9"/,
  ],
  ['a warning taken out', report((r) => r.warnings.shift()), /warnings, number 1: the report says/],
  ['a warning put in', report((r) => r.warnings.push('All is well.')), /warnings, number \d: the report says "All is well\."/],
  ['files left out', report((r) => delete r.leftOut), /leftOut: the report says nothing, its journal gives/],
  ['the hash of the model', report((r) => (r.model.sha256 = 'a'.repeat(64))), /model, sha256: the report says "aaaa/],
  ['parameters of the model', report((r) => (r.model.parameters = 1)), /model, parameters: the report says 1/],
  ['the hash of the labels', report((r) => (r.files[0].sha256 = 'b'.repeat(64))), /files of labels\.txt, sha256: the report says "bbbb/],
  ['no hash of the labels', report((r) => delete r.files), /files: the report says nothing, its journal gives/],
  [
    'a distance in floating point',
    report((r) => (broken(r).float.linf /= 3)),
    /finding of \S+ on \S+ under linf, float, linf: the report says/,
  ],
  [
    'a distance of the picture',
    report((r) => (broken(r, 1).eightBit.l2 /= 3)),
    /finding of ddn on \S+ under l2, eightBit, l2: the report says/,
  ],
  [
    'a clean probability',
    report((r) => (r.images[0].top[0].probability = 0.123)),
    /image 00000-0, top, number 1, probability: the report says 12\.3 %/,
  ],
  [
    'an adversarial probability',
    report((r) => (broken(r).top[1].probability = 0.456)),
    /finding of \S+ on \S+ under linf, top, number 2, probability: the report says 45\.6 %/,
  ],
  [
    'an adversarial class',
    report((r) => (broken(r).prediction = (broken(r).prediction + 3) % 10)),
    /finding of \S+ on \S+ under linf, prediction: the report says/,
  ],
  ['a number of queries', report((r) => (held(r).forwards += 4000)), /finding of \S+ on \S+ under \S+, forwards: the report says 40\d\d/],
  ['the limit of queries', report((r) => (r.maxQueries = 100_000)), /maxQueries: the report says 100000, its journal gives 900/],
  ['the provider', report((r) => (r.provider.used = 'cuda')), /provider, used: the report says "cuda", its journal gives "cpu"/],
  [
    'the gradient check',
    report((r) => (r.gradientCheck.gradientError = 0.0004321)),
    /gradientCheck, gradientError: the report says 0\.0004321/,
  ],
  ['versions', report((r) => (r.versions.onnxruntime = '9.9.9')), /versions, onnxruntime: the report says "9\.9\.9"/],
  ['the title', report((r) => (r.name = r.plan.name = 'Safe')), /name: the report says "Safe", its journal gives "Seven pictures"/],
  ['the date', report((r) => (r.timing.started = '2020-01-01T00:00:00.000Z')), /timing, started: the report says 2020/],
  ['seconds of work', report((r) => (r.timing.seconds = 86_400)), /timing: the report says 86400 seconds of work/],
  [
    'workers, which the PDF tells',
    report((r) => (r.timing.workers = 64)),
    /timing, workers: the results\.json attached to report\.pdf says 1, results\.json gives 64/,
  ],
  ['plan.json: its seed', plan((p) => (p.seed = 77)), /The plan in plan\.json is not the one that the journal began with/],
  ['plan.json: its budgets', plan((p) => (p.threats[0].eps = [0.5])), /plan, eps of linf, number 1: plan\.json says 0\.5/],
  [
    'plan.json: its steps',
    plan((p) => (p.threats[1].attacks[0].options.steps = 999)),
    /options, steps: plan\.json says 999, the report gives 11/,
  ],
  ['plan.json: its images', plan((p) => (p.images = ['/other'])), /plan, images, number 1: plan\.json says "\/other"/],
  ['plan.json taken away', () => rmSync(at('plan.json')), /plan\.json is missing/],
  ['plan.json damaged', () => writeFileSync(at('plan.json'), '{'), /plan\.json is damaged/],
  [
    'the journal: a finding',
    inJournal((j) => (j.find((x) => x.finding?.state === 'broken').finding.eightBit.l1 *= 2)),
    /eightBit, l1: the report says .*, its journal gives/,
  ],
  [
    'the journal: a label',
    inJournal((j) => (of(j, 'image').image.label = 9)),
    /image 00000-0, label: the report says \d, its journal gives 9/,
  ],
  [
    'the journal: a record deleted',
    inJournal((j) =>
      j.splice(
        j.findIndex((x) => x.type === 'finding'),
        1,
      ),
    ),
    /finding of \S+ on \S+ under linf: the report has one, its journal none/,
  ],
  ['the journal: its second half deleted', inJournal((j) => j.splice(9)), /the report has one, its journal none/],
  [
    'the journal: a finding appended',
    inJournal((j) => j.push({ type: 'finding', finding: { ...j.find((x) => x.finding?.state === 'held').finding, backwards: 77 } })),
    /backwards: the report says \d+, its journal gives 77/,
  ],
  ['the journal: a warning', inJournal((j) => j[1].setup.warnings.pop()), /warnings, number \d: the report says/],
  [
    'the journal: how scores are read',
    inJournal((j) => (j[1].setup.scores.kind = 'softmax')),
    /scores, kind: the journal says "softmax", the model gives "logits"/,
  ],
  ['the journal: the input', inJournal((j) => (j[1].setup.input = 'y')), /the input y takes the image, and it is pixels/],
  ['the journal: the hash of its plan', inJournal((j) => (j[0].hash = 'c'.repeat(64))), /its hash is \w+…, the journal says cccc/],
  [
    'the journal: its date',
    inJournal((j) => (j[0].started = '2021-01-01T00:00:00.000Z')),
    /timing, started: the report says .*, its journal 2021/,
  ],
  [
    'the journal: how much work it was',
    inJournal((j) => (j.at(-1).seconds = 0)),
    /timing: the report says .* which none of the journal's sessions gives/,
  ],
  ['the journal: a session out of order', inJournal((j) => j.push(of(j, 'image'))), /more comes after the end of a session/],
  [
    'the journal: a damaged line',
    () => text(folder, 'journal.jsonl', (t) => t.replace('"type":"image"', '"type":"imago"')),
    /journal\.jsonl is damaged in line 3/,
  ],
  ['the journal taken away', () => rmSync(at('journal.jsonl')), /journal\.jsonl is missing or empty/],
  [
    'a clean picture repainted',
    () => repaint(at(results.images[2]!.file)),
    /clean\/00002-2\.png is not the picture of the report: its hash differs/,
  ],
  [
    'a clean picture in place of another',
    () => cpSync(at(results.images[3]!.file), at(results.images[4]!.file)),
    /clean\/00004-4\.png is not the picture of the report/,
  ],
  ['a clean picture taken away', () => rmSync(at(results.images[5]!.file)), /clean\/00005-5\.png is missing or damaged/],
  ['an adversarial picture repainted', () => repaint(at(broken(results).file)), /adversarial\/1-linf-\S+: l1 is [\d.]+, the report says/],
  [
    'an adversarial picture that is the clean one',
    () => cpSync(at(results.images[results.images.findIndex((i) => files()[0]!.endsWith(`${i.id}.png`))]!.file), at(files()[0]!)),
    /does not break the model: it still says/,
  ],
  ['an adversarial picture taken away', () => rmSync(at(files().at(-1)!)), /adversarial\/2-l2-ddn\S+ is missing or damaged/],
  [
    'a picture of nobody',
    () => cpSync(at(results.images[0]!.file), at('clean/00042-42.png')),
    /clean\/00042-42\.png is no picture of this audit/,
  ],
  [
    'an adversarial picture of what held',
    () =>
      cpSync(
        at(results.images[0]!.file),
        at(
          `adversarial/${held(results).threat + 1}-${results.threats[held(results).threat]!.norm}-${held(results).attack}/${held(results).image}.png`,
        ),
      ),
    /adversarial\/\S+ is no picture of this audit/,
  ],
  [
    'a cell of the table',
    () => text(folder, 'results.csv', (t) => t.replace(',broken,', ',held,')),
    /results\.csv, row \d+ \(\S+\), state: it says "held", results\.json gives "broken"/,
  ],
  [
    'a row of the table',
    () => text(folder, 'results.csv', (t) => t.split('\r\n').toSpliced(4, 1).join('\r\n')),
    /results\.csv has 20 rows, the results give 21/,
  ],
  ['the table taken away', () => rmSync(at('results.csv')), /results\.csv is missing/],
  [
    'the PDF of another audit',
    () => cpSync(join(other, 'report.pdf'), at('report.pdf')),
    /report\.pdf is of another audit: the results attached to it are of "Another one", begun .*, results\.json is of "Seven pictures"/,
  ],
  [
    'a number in the PDF',
    () =>
      forgePdf(folder, (s, dict) => (dict.includes('/Type') || !s.includes(' Tf') ? s : s.replace(/(<[\da-f]{4})[\da-f]{4}/, '$10001'))),
    /report\.pdf, page \d: it says ".*", the results give "/,
  ],
  [
    'a line in the PDF',
    () => forgePdf(folder, (s) => s.replace(/\d+\.\d+ \d+\.\d+ l\n/, '300 300 l\n')),
    /report\.pdf, page \d: it is drawn otherwise/,
  ],
  [
    'an attachment of the PDF',
    () => forgePdf(folder, (s) => s.replace('"seed": 5', '"seed": 6')),
    /seed: the results\.json attached to report\.pdf says 6, results\.json gives 5/,
  ],
  [
    'the table attached to the PDF',
    () => forgePdf(folder, (s, dict) => (dict.includes('text#2Fcsv') ? s.replace(',broken,', ',held,') : s)),
    /The results\.csv attached to report\.pdf, row \d+ .* it says "held"/,
  ],
  [
    'something added to the PDF',
    () => text(folder, 'report.pdf', () => `${readFileSync(at('report.pdf'), 'latin1')}1 0 obj\n<<>>\nendobj\n`),
    /report\.pdf is damaged, or not as Hairline writes it/,
  ],
  ['the PDF taken away', () => rmSync(at('report.pdf')), /report\.pdf is missing/],
  [
    'pages behind the end of packed data in the PDF, and a trailer that begins with them',
    () => hidePages(at('report.pdf')),
    /report\.pdf is damaged, or not as Hairline writes it/,
  ],
  [
    'where a reader of the PDF begins',
    () => writeFileSync(at('report.pdf'), readFileSync(at('report.pdf'), 'latin1').replace(/\/Root \d+ 0 R/, '/Root 9 0 R'), 'latin1'),
    /report\.pdf says what the results give, but its pictures, fonts, or descriptions/,
  ],
  [
    'a field that Hairline does not have',
    report((r) => (r.threats[0].points[0].certified = true)),
    /results\.json, threats, 0, points, 0, certified: Hairline writes no such field/,
  ],
  [
    'a field that stands there twice',
    () =>
      text(folder, 'results.json', (t) =>
        t.replace(
          '"cleanAccuracy": {',
          '"cleanAccuracy": { "accuracy": 1, "high": 1, "low": 1, "right": 7, "total": 7 },\n  "cleanAccuracy": {',
        ),
      ),
    /results\.json is written otherwise than Hairline writes it/,
  ],
  [
    'a field of the plan that stands there twice',
    () => text(folder, 'plan.json', (t) => t.replace('"seed": 5', '"seed": 9,\n  "seed": 5')),
    /plan\.json is written otherwise/,
  ],
  [
    'a field of a finding in the journal',
    inJournal((j) => (of(j, 'finding').finding.certified = true)),
    /journal\.jsonl is written otherwise than Hairline writes it in line \d+/,
  ],
  [
    'half a line at the end of the journal',
    () => text(folder, 'journal.jsonl', (t) => `${t}{"type":"session","robustAccuracy":"100 %"}`),
    /journal\.jsonl goes on after the end of the audit/,
  ],
  [
    'how scores are called, which nothing else says',
    inJournal((j) => (of(j, 'setup').setup.scores.name = 'certainties')),
    /its seal does not fit/,
  ],
  ['a second picture within an adversarial one', () => addChunk(at(files()[0]!), 'fdAT'), /is no PNG as Hairline writes it/],
  [
    'a clean picture made lighter for viewers',
    () => addChunk(at('clean/00001-1.png'), 'gAMA'),
    /00001-1\.png is no PNG as Hairline writes it/,
  ],
  [
    'the schema',
    () => text(folder, 'results.schema.json', (t) => t.replace('"number"', '"string"')),
    /results\.schema\.json is not the schema/,
  ],
  [
    'the mark',
    () => edit(folder, 'audit.hairline', (m) => (m.name = 'Mine')),
    /audit\.hairline, name: it says "Mine", the plan "Seven pictures"/,
  ],
];

it('starts from an audit that has every kind of outcome, and is verified without a difference', async () => {
  expect(new Set(results.findings.map(({ state }) => state))).toEqual(new Set(['broken', 'held']));
  expect(new Set(results.findings.filter((f) => f.state === 'broken').map(({ threat }) => threat))).toEqual(new Set([0, 1]));
  const found = await verify(whole);
  expect(found).toMatchObject({ problems: [], notes: [], pictures: PICTURES, repeated: 0, successes: files().length });
  expect(found.trust.join()).toMatch(/attacks that are said to have found nothing on \d images? were run \(repeat a sample: --repeat 5\)/);
});

describe('a forgery of one file is named', () => {
  // One in six by turns of the kinds; `npm run forgeries` tries them all.
  it.each(part(FORGERIES, 12))('%s', { timeout: 60_000 }, async (_, forge, says) => {
    folder = copy(whole);
    await forge();
    const { problems } = await verify(folder);
    expect(problems.join('\n')).toMatch(says);
  });
});

describe('of the files that the plan names', () => {
  it.each<[string, () => unknown, () => unknown, RegExp]>([
    [
      'labels',
      () => text(root, 'labels.txt', (t) => t.replace(/^6\.png,.*$/m, `6.png,${results.images[6]!.prediction}`)),
      () => 0,
      /labels\.txt is not the file that the audit read: its sha256 is/,
    ],
    [
      'class names',
      () => text(root, 'names.txt', (t) => t.replace('class 3', 'tank')),
      () => 0,
      /classNames, number 4: the journal says "class 3", .*names\.txt gives "tank"/,
    ],
    [
      'a picture',
      () => repaint(join(images, '1.png')),
      () => picture(join(images, '1.png'), 1),
      /1\.png is not the picture of the report: its hash differs/,
    ],
  ])('another one is named: %s', async (_, forge, mend, says) => {
    const kept = [labels, names].map((file) => [file, readFileSync(file)] as const);
    await forge();
    const { problems } = await verify(whole);
    for (const [file, bytes] of kept) writeFileSync(file, bytes);
    await mend();
    expect(problems.join('\n')).toMatch(says);
    expect((await verify(whole)).problems).toEqual([]);
  });
});
