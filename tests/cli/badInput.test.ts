import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Results } from '../../shared/results.ts';
import * as models from '../audit/models.ts';
import { hairline, hairlineHere, IMAGES, MODEL, scratch } from './hairline.ts';
import { part } from '../part.ts';
import { SAMPLE_PLAN, writePlan } from './samplePlan.ts';

const folder = scratch();
const at = (name: string): string => join(folder, name);
const OUT = at('out');
const ROW = join(IMAGES, 'star');
/** What takes longer hangs. */
const LIMIT = 20_000;

beforeAll(() => {
  writeFileSync(at('text.onnx'), 'This is a letter, no model.\n'.repeat(20));
  writeFileSync(at('short.onnx'), readFileSync(MODEL).subarray(0, 200));
  writeFileSync(at('cut.onnx'), readFileSync(MODEL).subarray(0, -1));
  writeFileSync(at('empty.onnx'), '');
  for (const name of ['plain', 'unknownOperator', 'noRule', 'noOpset', 'twoInputs', 'oneNumber'] as const)
    models.write(at(`${name}.onnx`), models[name]());
  for (const name of ['empty', 'half', 'letter']) mkdirSync(at(`${name} picture`));
  const picture = readdirSync(ROW)[2]!;
  writeFileSync(join(at('empty picture'), picture), '');
  writeFileSync(join(at('half picture'), picture), readFileSync(join(ROW, picture)).subarray(0, 300));
  writeFileSync(join(at('letter picture'), picture), 'Dear Sir or Madam');
  mkdirSync(at('nothing'));
  writeFileSync(at('file'), '');
  writeFileSync(at('five labels.txt'), '8\n8\n8\n8\n8\n');
  writeFileSync(at('high labels.txt'), '8\n8\n8\n8\n8\n11\n');
  writeFileSync(at('plan.txt'), 'model: signs.onnx\n');
  writePlan(at('zero.json'), { ...SAMPLE_PLAN, threats: [{ norm: 'l2', eps: [0], attacks: [{ id: 'ddn' }] }] });
  writePlan(at('option.json'), { ...SAMPLE_PLAN, threats: [{ norm: 'l2', eps: [1], attacks: [{ id: 'ddn', options: { stepps: 3 } }] }] });
  writePlan(at('twice.json'), { ...SAMPLE_PLAN, threats: [{ norm: 'l2', eps: [1], attacks: [{ id: 'ddn' }, { id: 'ddn' }] }] });
  writePlan(at('field.json'), { ...SAMPLE_PLAN, modle: 'signs.onnx' } as never);
  writePlan(at('good.json'));
  const { preprocessing: _, ...lacking } = SAMPLE_PLAN;
  writePlan(at('lacking.json'), lacking as never);
});

/** An audit that would be right, but for what is given; a flag given replaces the one of the same name. */
function audit(...wrong: string[]): string[] {
  const right: Record<string, string> = { '--model': MODEL, '--images': ROW, '--attacks': 'fgsm', '--out': OUT, '--workers': '1' };
  return ['audit', ...Object.entries(right).flatMap(([flag, value]) => (wrong.includes(flag) ? [] : [flag, value])), ...wrong];
}

/** What is wrong, the command, and what the sentence must say. */
const CASES: [string, () => string[], RegExp][] = [
  ['a text as the model', () => audit('--model', at('text.onnx')), /text\.onnx is no ONNX model/],
  ['the start of a model', () => audit('--model', at('short.onnx')), /short\.onnx is no ONNX model, or was cut short/],
  ['a model without its last byte', () => audit('--model', at('cut.onnx')), /cut\.onnx is no ONNX model, or was cut short/],
  ['an empty model', () => audit('--model', at('empty.onnx')), /empty\.onnx is empty/],
  ['a model that is not there', () => audit('--model', at('absent.onnx')), /absent\.onnx cannot be read/],
  ['a folder as the model', () => audit('--model', folder), /is a folder, not a file: give a file/],
  ['an unknown operator', () => audit('--model', at('unknownOperator.onnx')), /Wobble/],
  ['an operator without a gradient', () => audit('--model', at('noRule.onnx')), /Hardmax/],
  ['a model without operator sets', () => audit('--model', at('noOpset.onnx')), /names no operator set version/],
  ['a model with two inputs', () => audit('--model', at('twoInputs.onnx')), /has 2 inputs \(pixels, other\)/],
  ['a model that gives one number', () => audit('--model', at('oneNumber.onnx')), /single number without a sigmoid/],
  [
    'pictures of the wrong size',
    () => audit('--preprocess', 'geometry=stretch,width=28,height=28', '--model', at('plain.onnx')),
    /reads 32 x 32 pixels, but the images come as 28 x 28/,
  ],
  ['an empty picture', () => audit('--images', at('empty picture')), /is empty \(0 bytes\)/],
  ['half a picture', () => audit('--images', at('half picture')), /03\.png/],
  [
    'a picture whose name gives orders to the terminal',
    () => audit('--images', at('no\n\u001b[2J\u202egnp.png')),
    /no\\u\{a\}\\u\{1b\}\[2J\\u\{202e\}gnp\.png does not exist: check/,
  ],
  ['an option that gives orders to the terminal', () => audit('--\u001b[2J'), /unknown option '--\\u\{1b\}\[2J'/],
  [
    'a picture that is larger than allowed',
    () => audit('--max-megapixels', '0.001'),
    /has 32 x 32 pixels .* more than the 0\.001 megapixels allowed: .*--max-megapixels/,
  ],
  ['a largest picture of nothing', () => audit('--max-megapixels', '0'), /--max-megapixels takes a number above 0/],
  ['a letter called .png', () => audit('--images', at('letter picture')), /03\.png/],
  ['a folder without pictures', () => audit('--images', at('nothing')), /holds no pictures/],
  ['images that are not there', () => audit('--images', at('absent')), /does not exist/],
  ['a label too few', () => audit('--labels', at('five labels.txt')), /holds 5 labels, but there are 6 images/],
  ['a label beyond the classes', () => audit('--labels', at('high labels.txt')), /the label 11, but the model has 10 classes/],
  ['ε = 0', () => audit('--eps', '0'), /A budget of 0 leaves nothing to change/],
  ['ε below 0', () => audit('--eps=-0.1'), /A budget of -0\.1 leaves nothing to change/],
  ['ε in levels', () => audit('--eps', '8'), /A budget of 8 under ℓ∞ covers every picture.*did you mean 8\/255\?/],
  ['ε = 1 under l∞', () => audit('--eps', '4/255,1'), /A budget of 1 under ℓ∞ covers every picture/],
  [
    'ε of two norms, one in levels',
    () => audit('--norm', 'l2,linf', '--eps', 'l2=1', '--eps', 'linf=16', '--attacks', 'fmn'),
    /did you mean 16\/255\?/,
  ],
  [
    'ε beyond the longest change',
    () => audit('--norm', 'l2', '--eps', '128', '--attacks', 'ddn'),
    /A budget of 128 under ℓ₂ covers every picture of 32 × 32 in colour, which has no change longer than 55\.43/,
  ],
  [
    'more pixels than there are',
    () => audit('--norm', 'l0Pixels', '--eps', '1025', '--attacks', 'sigma-zero'),
    /covers every picture of 32 × 32 in colour, which has 1024 pixels/,
  ],
  ['a sample of nothing', () => audit('--limit', '0'), /--limit takes a whole number of at least 1/],
  ['ε in words', () => audit('--eps', 'much'), /much is no budget/],
  ['half a pixel value', () => audit('--norm', 'l0', '--eps', '1.5', '--attacks', 'fmn'), /give whole numbers/],
  ['an unknown norm', () => audit('--norm', 'l3'), /--norm takes l0, l0Pixels, l1, l2, linf, not l3/],
  ['an unknown attack', () => audit('--attacks', 'hammer'), /no attack called hammer: choose one of/],
  ['an unknown preset', () => audit('--preset', 'mine'), /no preset called mine: choose one of/],
  ['an unknown provider', () => audit('--provider', 'abacus'), /'abacus' is invalid\. Allowed choices are cpu/],
  ['an attack of another norm', () => audit('--norm', 'l0', '--attacks', 'pgd'), /pgd has no l0 form/],
  ['a target beyond the classes', () => audit('--targets', '10'), /target class 10 does not exist/],
  ['a target too few', () => audit('--targets', '1,2,3,4,5'), /holds 5, but there are 6 images/],
  ['a share above 1', () => audit('--fail-under', '2'), /--fail-under takes a share between 0 and 1/],
  ['no workers', () => audit('--workers', '0'), /--workers takes a whole number of at least 1, not 0/],
  ['no model', () => ['audit', '--images', ROW], /Give the model with --model/],
  ['an unknown flag', () => audit('--epsilon', '1'), /unknown option '--epsilon'/],
  ['an output folder below a file', () => audit('--out', join(at('file'), 'out')), /cannot be written: choose another output folder/],
  ['a plan that is no JSON', () => ['audit', at('plan.txt')], /plan\.txt is no JSON/],
  ['a plan that is not there', () => ['audit', at('absent.json')], /absent\.json cannot be read/],
  ['a plan with an unknown field', () => ['audit', at('field.json')], /"modle"/],
  ['a plan without preprocessing', () => ['audit', at('lacking.json')], /preprocessing: this is missing/],
  ['a plan with ε = 0', () => ['audit', at('zero.json')], /threats\.0\.eps\.0/],
  ['a plan with an unknown option', () => ['audit', at('option.json')], /"stepps"/],
  ['a plan with an attack twice', () => ['audit', at('twice.json')], /ddn is named twice/],
  ['a plan and a flag that say the same', () => ['audit', at('good.json'), '--norm', 'l2'], /either a plan file or --norm/],
  ['workers in words beside a plan', () => ['audit', at('good.json'), '--workers', 'all', '--out', OUT], /--workers takes a whole number/],
  ['an unknown command', () => ['adit'], /unknown command 'adit'/],
  ['inspect: a text as the model', () => ['inspect', at('text.onnx')], /is no ONNX model/],
  ['gradcheck: an empty model', () => ['gradcheck', at('empty.onnx')], /is empty/],
  ['gradcheck: an operator without a gradient', () => ['gradcheck', at('noRule.onnx')], /Hardmax/],
  ['verify: a folder without an audit', () => ['verify', at('nothing')], /holds no finished audit/],
  [
    'verify: pictures that are not there',
    () => ['verify', at('nothing'), '--images', at('absent')],
    /absent does not exist: check the path after --images/,
  ],
  ['report: a folder without an audit', () => ['report', at('nothing')], /holds no finished audit/],
];
if (existsSync('/proc/self'))
  CASES.push([
    'an output folder that no one can make',
    () => audit('--out', '/proc/hairline/out'),
    /cannot be written: choose another output folder/,
  ]);

/** One of each place where a command can fail runs in a process of its own; the others only take another way there. */
const PROCESSES = new Set([
  'an unknown command',
  'an unknown flag',
  'ε = 0',
  'a plan that is no JSON',
  'a text as the model',
  'half a picture',
  // What it sets in the environment is its process's.
  'a picture that is larger than allowed',
  'a target too few',
  'an output folder below a file',
  'inspect: a text as the model',
  'gradcheck: an operator without a gradient',
  'verify: a folder without an audit',
  'report: a folder without an audit',
]);

const TRIED = [
  ...CASES.filter(([name]) => PROCESSES.has(name)),
  ...part(
    CASES.filter(([name]) => !PROCESSES.has(name)),
    7,
  ),
];

describe('what cannot be right', () => {
  it('fails in processes of its own at every place', () => {
    expect(CASES.map(([name]) => name)).toEqual(expect.arrayContaining([...PROCESSES]));
  });

  // One after another in one folder: what failed on its input leaves nothing in the way of the next.
  it.each(TRIED)('%s: one sentence, and 2', { timeout: LIMIT }, async (name, command, says) => {
    const { code, err } = PROCESSES.has(name) ? await hairline(command(), { limit: LIMIT }) : await hairlineHere(command());
    expect(err).toMatch(says);
    // A second line in brackets may say where help is.
    expect(
      err
        .trimEnd()
        .split('\n')
        .filter((line) => !/^\(.*\)$/.test(line)),
      err,
    ).toHaveLength(1);
    expect(err).not.toMatch(/\bat .*:\d+:\d+|undefined|NaN|\[object/);
    expect(code).toBe(2);
  });
});

describe('a model that gives no numbers', () => {
  const run = async (...flags: string[]): Promise<{ code: number | null; results: Results }> => {
    rmSync(OUT, { recursive: true, force: true });
    const { code, err } = await hairline(audit('--attacks', 'fgsm,pgd', '--steps', '3', '--eps', '8/255', ...flags), { limit: LIMIT });
    expect(err).toContain('Written to');
    return { code, results: Results.parse(JSON.parse(readFileSync(join(OUT, 'results.json'), 'utf8'))) };
  };

  it('for any picture: every image failed, with the reason, and a warning', async () => {
    const { code, results } = await run('--model', models.write(at('never.onnx'), models.neverANumber()));
    expect(code).toBe(0);
    expect(results.images).toHaveLength(6);
    for (const image of results.images)
      expect(image).toMatchObject({ prediction: -1, top: [], outcomes: [{ state: 'failed', best: null, distance: null }] });
    expect(results.findings).toHaveLength(12);
    for (const finding of results.findings)
      expect(finding).toMatchObject({ state: 'failed', reason: expect.stringContaining('NaN') as string, forwards: 0 });
    expect(results.warnings.join(' ')).toMatch(/12 attack runs failed: .*NaN/);
    expect(results.warnings.join(' ')).toMatch(/gradient was not checked/);
    expect(results.threats[0]!.points[0]).toMatchObject({ total: 0 });
    const verify = await hairlineHere(['verify', OUT]);
    expect(verify.code, verify.out).toBe(0);
  });

  it('for some pictures: the others are attacked all the same', async () => {
    const { code, results } = await run(
      '--model',
      models.write(at('dark.onnx'), models.notANumberBelow(0.45)),
      '--images',
      IMAGES,
      '--preset',
      'unit',
    );
    expect(code).toBe(0);
    const dumb = results.images.filter((i) => i.prediction === -1);
    const right = results.images.filter((i) => i.prediction === i.label);
    expect(dumb.length).toBeGreaterThan(0);
    expect(right.length).toBeGreaterThan(0);
    for (const image of dumb) expect(image.outcomes[0]!.state).toBe('failed');
    for (const image of right) expect(image.outcomes[0]!.state, image.id).not.toBe('failed');
    expect(results.gradientCheck.ok).toBe(true);
    expect(results.threats[0]!.points[0]!.total).toBe(results.images.length - dumb.length);
    expect(results.cleanAccuracy).toMatchObject({ right: right.length, total: results.images.length });
  });
});

it('images that are of the target class already are left out, and no gate passes with nothing else', async () => {
  rmSync(OUT, { recursive: true, force: true });
  const { code, err } = await hairline(audit('--targets', '8', '--eps', '8/255', '--fail-under', '1%'), { limit: LIMIT });
  expect([code, err]).toEqual([1, expect.stringContaining('of the target class already, and left out of every figure under ℓ∞') as string]);
  const { findings, threats } = Results.parse(JSON.parse(readFileSync(join(OUT, 'results.json'), 'utf8')));
  expect(findings.length).toBeGreaterThan(0);
  for (const finding of findings) expect(finding).toMatchObject({ state: 'target-already', reason: null });
  expect(threats[0]!.points[0]).toMatchObject({ accuracy: null });
});

describe('what is right', () => {
  it.each(['', 'audit', 'inspect', 'gradcheck', 'report', 'verify', 'schema', 'serve', 'demo'])(
    'hairline %s --help ends with 0',
    async (command) => {
      const { code, out, err } = command === '' ? await hairline(['--help']) : await hairlineHere([command, '--help']);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain(`Usage: hairline ${command}`);
    },
  );

  it('inspect and gradcheck answer in one JSON line', async () => {
    const inspect = await hairlineHere(['inspect', MODEL, '--json']);
    const gradcheck = await hairlineHere(['gradcheck', MODEL, '--json']);
    expect(inspect.code).toBe(0);
    expect(JSON.parse(inspect.out)).toMatchObject({ classes: 10, network: { width: 32, height: 32, channels: 3 } });
    expect(gradcheck.code).toBe(0);
    expect(JSON.parse(gradcheck.out)).toMatchObject({ ok: true });
  });
});
