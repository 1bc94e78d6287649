import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { Results } from '../../shared/results.ts';
import { parseTable } from '../../shared/table.ts';
import { wantedFrom } from '../../src-main/cli/ends.ts';
import { goalFrom } from '../../src-main/cli/goalFlags.ts';
import { hairline, SAMPLES, scratch } from './hairline.ts';

const AUTOENCODER = join(SAMPLES, 'autoencoder.onnx');
const folder = scratch();

describe('a network that puts out pictures, from the command line', () => {
  it('is inspected as one, and its products are checked', async () => {
    const { out } = await hairline(['inspect', AUTOENCODER]);
    expect(out).toMatch(/^puts out {4}a picture of 32 × 32, RGB \(reconstruction\)$/m);
    expect(out).not.toMatch(/^classes/m);
    const check = await hairline(['gradcheck', AUTOENCODER, '--output', 'reconstruction', '--provider', 'cpu']);
    expect(check.out).toMatch(/^J'u .*\nJv .*\npassed$/m);
    const none = await hairline(['gradcheck', AUTOENCODER, '--output', 'nothing']);
    expect(none).toMatchObject({ code: 2, err: expect.stringMatching(/no output or inner value called nothing/) as string });
  });

  it('is audited, told of in words of outputs, and verified', async () => {
    const out = join(folder, 'audit');
    const args = [
      '--goal',
      'deviation',
      '--psnr',
      '20',
      '--reference',
      'input',
      '--norm',
      'l2',
      '--eps',
      '1,2',
      '--attacks',
      'ddn',
      '--steps',
      '50',
      '--limit',
      '2',
      '--workers',
      '1',
    ];
    const ended = await hairline(['audit', '--model', AUTOENCODER, '--images', join(SAMPLES, 'images'), ...args, '--out', out]);
    expect(ended.code).toBe(0);
    expect(ended.err).toMatch(/2 images; the network puts out a picture of 32 × 32, RGB \(reconstruction\)\./);
    expect(ended.err).toMatch(/^ℓ₂ {2}broken: output below 20.dB from the image itself$/m);
    expect(ended.err).toMatch(/ε +unbroken/);
    expect(ended.err).not.toMatch(/accuracy|label|class/);
    const results = Results.parse(JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')));
    expect(results.findings.map((f) => f.state)).toEqual(['broken', 'broken']);
    const [head, ...rows] = parseTable(readFileSync(join(out, 'results.csv'), 'utf8'), 'results.csv');
    const column = (name: string) => rows.map((row) => row[head!.indexOf(name)]);
    expect(column('output_psnr')).toEqual(results.findings.map((f) => String(f.output!.figures['psnr'])));
    expect(column('output_ssim')).toEqual(results.findings.map((f) => String(f.output!.figures['ssim'])));
    expect(column('clean_output_psnr')).toEqual(results.images.map((i) => String(i.outputs[0]!.figures['psnr'])));
    expect(column('output_psnr').every((dB) => Number(dB) < 20)).toBe(true);
    expect((await hairline(['verify', out])).out).toMatch(/2 clean pictures and 2 adversarial ones checked: no difference\. On trust: /);
  });
});

describe('flags of goals on an output', () => {
  it('make the goal', () => {
    expect(goalFrom({})).toBeNull();
    expect(goalFrom({ goal: 'untargeted' })).toBeNull();
    expect(goalFrom({ goal: 'deviation' })).toEqual({ kind: 'deviation', psnr: 20, peak: 1, reference: 'clean-output' });
    expect(goalFrom({ goal: 'deviation', psnr: '-3.5', peak: '255', reference: 'input' })).toEqual({
      kind: 'deviation',
      psnr: -3.5,
      peak: 255,
      reference: 'input',
    });
    expect(goalFrom({ goal: 'match', picture: 'p.png', psnr: '30' })).toEqual({ kind: 'match', picture: 'p.png', psnr: 30, peak: 1 });
    expect(wantedFrom({ input: 'x', output: 'y', fix: ['sigma=0.1', 'mask=0, 1,1', 'a=b=2'] })).toEqual({
      input: 'x',
      output: 'y',
      fixed: { sigma: 0.1, mask: [0, 1, 1], 'a=b': 2 },
    });
    expect(wantedFrom({})).toEqual({ input: null, output: null, fixed: {} });
  });

  it.each<[string, () => unknown, RegExp]>([
    ['another goal', () => goalFrom({ goal: 'blur' }), /--goal takes untargeted, deviation(, | or )match.*, not blur/],
    ['no picture', () => goalFrom({ goal: 'match' }), /--goal match needs --picture: Picture whose output is to be matched\./],
    ['no number', () => goalFrom({ goal: 'deviation', psnr: '20dB' }), /--psnr takes a number, not 20dB/],
    ['no peak', () => goalFrom({ goal: 'deviation', peak: '0' }), /--peak/],
    ['another reference', () => goalFrom({ goal: 'deviation', reference: 'output' }), /--reference, output, does not fit: .*clean-output/],
    ['a flag without use', () => goalFrom({ psnr: '20' }), /--psnr is for --goal deviation or --goal match/],
    ['a picture without use', () => goalFrom({ goal: 'deviation', picture: 'p.png' }), /--picture is for --goal match/],
    ['no name', () => wantedFrom({ fix: ['=3'] }), /--fix takes NAME=VALUE/],
    ['no value', () => wantedFrom({ fix: ['a=1,,2'] }), /--fix takes NAME=VALUE/],
  ])('with %s are refused', (_, act, says) => {
    expect(act).toThrow(UserError);
    expect(act).toThrow(says);
  });
});
