import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan, AuditPlanInput } from '../../shared/plan.ts';
import { Results } from '../../shared/results.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import { verifyAudit } from '../../src-main/audit/verify/index.ts';
import { decodeImage } from '../../src-main/images/index.ts';
import { psnr } from '../../src-main/norms/similarity.ts';
import { gaussian } from '../autodiff/gradient.ts';
import { Here, OURS, writePicture } from './here.ts';
import { nearest, singular } from './singular.ts';

const SIDE = 12;
const N = SIDE * SIDE;
let root: string;
let images: string;
let n = 0;
const linear = singular(SIDE);
const rms = (dB: number, peak = 1) => peak * 10 ** (-dB / 20);

/** Grey pictures around the middle, so that no bound of the box is near. */
const picture = (seed: number): Float64Array => {
  const next = gaussian(100 + seed);
  return Float64Array.from({ length: N }, () => Math.round(255 * (0.5 + 0.03 * next())) / 255);
};

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hairline-outputs-'));
  images = join(root, 'images');
  mkdirSync(images);
  for (let i = 0; i < 3; i++) await writePicture(join(images, `${i}.png`), picture(i), 1, SIDE);
  writeFileSync(join(root, 'linear.onnx'), linear.bytes);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Goal = NonNullable<AuditPlanInput['threats'][number]['goal']>;
const threat = (goal: Goal, more: Partial<AuditPlanInput['threats'][number]> = {}): AuditPlanInput['threats'][number] => ({
  norm: 'l2',
  eps: [1],
  goal,
  attacks: [{ id: 'fmn', options: { steps: 60 } }],
  ...more,
});

async function run(
  threats: AuditPlanInput['threats'],
  more: Partial<AuditPlanInput> = {},
  pool = new Here(),
  folder = join(root, `audit ${++n}`),
  resume = false,
) {
  const plan = checkPlan({ model: 'linear.onnx', preprocessing: { channels: 'grey' }, images: [images], threats, ...more }, root);
  const results = await runAudit({
    plan,
    folder,
    resume,
    pool,
    control: pool.control,
    onImage: () => {},
    onFinding: () => {},
    onProgress: () => {},
  });
  // The results keep to their own schema, as the file would.
  return { results: Results.parse(JSON.parse(JSON.stringify(results))), folder };
}
const without = ({ timing: _, ...rest }: Results) => rest;

describe('a deviation from the clean output', () => {
  const dB = 12;
  // The most that δ can move the output is σ₁ ‖δ‖₂.
  const smallest = (rms(dB) * SIDE) / 2;

  it('breaks at the smallest l2 change that singular values allow, and no nearer', async () => {
    const goal = { kind: 'deviation', psnr: dB } as const;
    const { results, folder } = await run([
      threat(goal, { eps: [0.97 * smallest], attacks: [{ id: 'pgd' }] }),
      threat(goal, { eps: [1.04 * smallest], attacks: [{ id: 'pgd' }] }),
    ]);
    expect(results).toMatchObject({ cleanAccuracy: null, classes: 2, classNames: ['unbroken', 'broken'], warnings: [] });
    expect(results.output).toEqual({
      name: 'picture',
      dims: [1, SIDE, SIDE],
      width: N,
      picture: { channels: 1, height: SIDE, width: SIDE, layout: 'nchw' },
    });
    expect(results.gradientCheck).toMatchObject({ ok: true });
    expect(results.gradientCheck.tangentError).toBeLessThan(1e-3);
    for (const image of results.images) {
      expect(image.outcomes.map((o) => o.state)).toEqual(['held', 'broken']);
      expect(image).toMatchObject({ label: 0, prediction: 0, top: [], labelGiven: false });
      // The clean output is its own reference: no distance at all.
      expect(image.outputs).toEqual([0, 1].map(() => ({ figures: { psnr: null, ssim: 1 }, file: `clean-output/${image.id}.png` })));
      const finding = results.findings.find((f) => f.image === image.id && f.state === 'broken')!;
      expect(finding.eightBit!.l2).toBeGreaterThanOrEqual(0.999 * smallest);
      expect(finding.prediction).toBe(1);
      // The output of the exported file, by this test's own matrix.
      const clean = await values(join(folder, image.file));
      const exported = await values(join(folder, finding.file!));
      const own = psnr(linear.f(exported), linear.f(clean), 1);
      expect(own).toBeLessThan(dB);
      expect(finding.output!.figures['psnr']).toBeCloseTo(own, 3);
      const shown = await values(join(folder, finding.output!.file!));
      linear.f(exported).forEach((y, i) => expect(shown[i]).toBeCloseTo(Math.min(1, Math.max(0, y)), 2));
    }
    expect(results.threats.map((t) => t.points[0]!.accuracy)).toEqual([1, 0]);
  });

  it('counts a larger peak as more decibels', async () => {
    const of = async (peak: number, psnr: number) =>
      (await run([threat({ kind: 'deviation', peak, psnr }, { eps: [1.04 * smallest], attacks: [{ id: 'pgd' }] })])).results.findings;
    const [one, many] = [await of(1, dB), await of(255, dB + 20 * Math.log10(255))];
    expect(many.map((f) => f.state)).toEqual(['broken', 'broken', 'broken']);
    many.forEach((f, i) => expect(f.output!.figures['psnr']! - 20 * Math.log10(255)).toBeCloseTo(one[i]!.output!.figures['psnr']!, 1));
  });
});

describe('a deviation from the image itself', () => {
  it('finds what is beyond already, under that threat model only, and does not attack it', async () => {
    // Of a linear network the distance to the input is known for every picture.
    const distances = [0, 1, 2].map((i) => psnr(linear.f(picture(i)), picture(i), 1)).sort((a, b) => a - b);
    const between = (distances[0]! + distances[1]!) / 2;
    const { results } = await run([
      threat({ kind: 'deviation', reference: 'input', psnr: between }, { eps: [4], attacks: [{ id: 'fmn' }, { id: 'pgd' }] }),
      threat({ kind: 'deviation', reference: 'input', psnr: distances[0]! - 1 }, { eps: [4], attacks: [{ id: 'pgd' }] }),
    ]);
    for (const image of results.images) {
      const own = psnr(
        linear.f(picture(Number(/(\d)\.png/.exec(image.source)![1]))),
        picture(Number(/(\d)\.png/.exec(image.source)![1])),
        1,
      );
      expect(image.outputs[0]!.figures['psnr']).toBeCloseTo(own, 3);
      expect(image.outcomes[0]!.state).toBe(own < between ? 'wrong-already' : 'broken');
      expect(image.outcomes[1]!.state).toBe('broken');
    }
    const beyond = results.images.filter((i) => i.outcomes[0]!.state === 'wrong-already');
    expect(beyond).toHaveLength(1);
    expect(results.findings.filter((f) => f.state === 'wrong-already').map((f) => [f.image, f.threat, f.forwards])).toEqual(
      [0, 1].map(() => [beyond[0]!.id, 0, 0]),
    );
    // It counts against the model at every budget, and not as attacked.
    expect(results.threats[0]).toMatchObject({
      points: [{ accuracy: 0, total: 3 }],
      attackSummaries: [{ attacked: 2, broken: 2 }, { attacked: 2 }],
    });
    expect(results.threats[0]!.curve[0]).toMatchObject({ eps: 0, right: 2, total: 3 });
  });

  it('is refused in a sentence where output and input have different lengths', async () => {
    await expect(
      run([threat({ kind: 'deviation', reference: 'input', psnr: 8 })], {
        output: 'hl_slice_1',
        model: await write('wide.onnx', singular(SIDE, { channels: 3 }).bytes),
        preprocessing: { channels: 'rgb' },
      }),
    ).rejects.toThrow(/reads 432 values of an image and puts out 144/);
  });
});

describe('a match with another picture', () => {
  it('is reached at the smallest l2 change that singular values allow', async () => {
    const other = picture(1).map((x, i) => Math.round(255 * Math.min(1, x + 0.15 * Math.sin(i / 5))) / 255);
    const file = join(root, 'other.png');
    await writePicture(file, other, 1, SIDE);
    const dB = 32;
    const { results } = await run(
      [threat({ kind: 'match', picture: 'other.png', psnr: dB }, { eps: [3], attacks: [{ id: 'fmn', options: { steps: 400 } }] })],
      { limit: 1 },
    );
    const way = linear.into(other.map((x, i) => x - picture(0)[i]!)).map((z, i) => linear.s[i]! * z);
    const smallest = nearest(linear.s, way, rms(dB) * SIDE);
    const [finding] = results.findings;
    expect(finding!.state).toBe('broken');
    expect(finding!.output!.figures['psnr']).toBeGreaterThanOrEqual(dB);
    expect(finding!.float!.l2).toBeGreaterThanOrEqual(0.999 * smallest);
    expect(finding!.float!.l2).toBeLessThan(1.03 * smallest);
    expect((results.plan as { threats: { goal: unknown }[] }).threats[0]!.goal).toMatchObject({ picture: file });
  });

  it('with the picture itself is reached already', async () => {
    const { results } = await run([threat({ kind: 'match', picture: 'images/0.png', psnr: 40 })]);
    expect(results.images.map((i) => i.outcomes[0]!.state)).toEqual([
      'wrong-already',
      expect.stringMatching(/broken|held/),
      expect.stringMatching(/broken|held/),
    ]);
  });

  it('is refused for a picture of another size, or none', async () => {
    await writePicture(join(root, 'small.png'), new Float64Array(64), 1, 8);
    await expect(run([threat({ kind: 'match', picture: 'small.png', psnr: 20 })])).rejects.toThrow(
      /8 x 8 with 1 channels and the images are 12 x 12/,
    );
    await expect(run([threat({ kind: 'match', picture: 'absent.png', psnr: 20 })])).rejects.toBeInstanceOf(UserError);
  });
});

describe('an audit of outputs', () => {
  const goal = { kind: 'deviation', psnr: 18 } as const;
  const threats = [
    threat(goal, { attacks: [{ id: 'pgd', options: { steps: 5 } }] }),
    threat({ ...goal, psnr: 20 }, { norm: 'linf', eps: [0.1], attacks: [{ id: 'pgd', options: { steps: 5 } }] }),
  ];

  it('comes to the same whatever the batch and the workers', async () => {
    const whole = (await run(threats)).results;
    for (const [batch, workers] of [
      [1, 1],
      [2, 2],
    ] as const)
      expect(without((await run(threats, { batch }, new Here(workers))).results)).toEqual(without(whole));
  });

  it('goes on after a cancel with what is missing only, to the same results', async () => {
    const whole = (await run(threats)).results;
    const pool = new Here();
    // prepare, one batch of clean images, then the first attack.
    pool.before = (_, count) => count === 4 && pool.control.cancel();
    const { results: part, folder } = await run(threats, {}, pool);
    expect(part.findings).toHaveLength(3);
    const again = new Here();
    const { results } = await run(threats, {}, again, folder, true);
    expect(again.asked).toEqual(['job']);
    expect(without(results)).toEqual(without(whole));
  });

  it('is verified from its files, and any change to them is found', async () => {
    const { results, folder } = await run([threat(goal, { attacks: [{ id: 'pgd' }], eps: [2] })]);
    expect(await verifyAudit(folder, results, {}, OURS)).toMatchObject({ pictures: 3, successes: 3, problems: [], notes: [], lacks: [] });
    const finding = results.findings[0]!;
    const changed = (more: object): Results => ({ ...results, findings: [{ ...finding, ...more }, ...results.findings.slice(1)] });
    const problems = async (of: Results, where = folder) => (await verifyAudit(where, of, {}, OURS)).problems.join('\n');
    expect(
      await problems(
        changed({ output: { ...finding.output!, figures: { ...finding.output!.figures, psnr: finding.output!.figures['psnr']! - 0.1 } } }),
      ),
    ).toMatch(/output, figures, psnr: the report says 16\.2\d*, its journal gives 16\.3/);
    expect(
      await problems({ ...results, images: results.images.map((i) => ({ ...i, outputs: [{ ...i.outputs[0]!, figures: { psnr: 50 } }] })) }),
    ).toMatch(/image 00000-0, outputs, number 1, figures, psnr: the report says 50, its journal gives none/);
    const copy = `${folder} copy`;
    cpSync(folder, copy, { recursive: true });
    cpSync(join(copy, results.images[0]!.file), join(copy, finding.file!));
    expect(await problems(results, copy)).toMatch(/does not break the model: its output has ∞\sdB/);
    const reports = `${folder} reports`;
    cpSync(folder, reports, { recursive: true });
    cpSync(join(reports, results.images[0]!.outputs[0]!.file!), join(reports, finding.output!.file!));
    expect(await problems(results, reports)).toMatch(/adversarial-output.*is not what the model puts out/);
    rmSync(join(copy, results.images[1]!.outputs[0]!.file!));
    expect(await problems(results, copy)).toMatch(/clean-output.*missing or damaged/);
  });

  it('has noise of the same size to compare with, the same every time', async () => {
    const threats = [
      threat(goal, { attacks: [{ id: 'pgd' }], eps: [2] }),
      threat({ ...goal, psnr: 30 }, { norm: 'linf', eps: [0.2], attacks: [{ id: 'pgd' }] }),
    ];
    const { results, folder } = await run(threats);
    const plan = results.plan as AuditPlan;
    for (const finding of results.findings) {
      const image = results.images.find((i) => i.id === finding.image)!;
      const ask = () => new Here().run('noise', { folder, plan, output: results.output!, image, finding });
      const noise = await ask();
      expect(await ask()).toEqual(noise);
      const norm = finding.threat === 0 ? 'l2' : 'linf';
      expect(noise.kind).toBe(norm === 'l2' ? 'gaussian' : 'signs');
      // In 8 bits a length has steps.
      expect(Math.abs(noise.distances[norm] / finding.eightBit![norm] - 1)).toBeLessThan(0.01);
      // Noise moves a linear network's output by the root mean square of its singular values, give or take its share of the largest.
      const mean = Math.hypot(...linear.s) / Math.sqrt(N);
      const expected = -20 * Math.log10((mean * noise.distances.l2) / SIDE);
      expect(Math.abs(noise.output.figures['psnr']! - expected)).toBeLessThan(2.5);
      if (norm === 'l2') expect(noise.output.figures['psnr']).toBeGreaterThan(finding.output!.figures['psnr']! + 2);
      expect(noise.output.file).toMatch(/^noise-output\//);
      expect((await values(join(folder, noise.output.file!))).length).toBe(N);
    }
    await expect(
      new Here().run('noise', {
        folder,
        plan,
        output: results.output!,
        image: results.images[0]!,
        finding: { ...results.findings[0]!, eightBit: null },
      }),
    ).rejects.toThrow(/found no change/);
  });

  it('takes the values of other inputs, and says which are not there', async () => {
    const model = await write('gain.onnx', singular(SIDE, { gain: true }).bytes);
    // Twice the output, twice the distance: 6.02 dB fewer for the same change.
    const single = (await run([threat(goal, { attacks: [{ id: 'fgsm' }], norm: 'linf', eps: [0.2] })])).results;
    const twice = (
      await run([threat({ ...goal, psnr: goal.psnr - 20 * Math.log10(2) }, { attacks: [{ id: 'fgsm' }], norm: 'linf', eps: [0.2] })], {
        model,
        fixed: { gain: 2 },
      })
    ).results;
    expect(single.findings.map((f) => f.eightBit)).toEqual(twice.findings.map((f) => f.eightBit));
    twice.findings.forEach((f, i) =>
      expect(f.output!.figures['psnr']).toBeCloseTo(single.findings[i]!.output!.figures['psnr']! - 20 * Math.log10(2), 4),
    );
    await expect(run([threat(goal)], { model, fixed: { gian: 2 } })).rejects.toThrow(/value for gian has no place.*gain/);
    await expect(run([threat(goal)], { model, fixed: { gain: [1, 2] } })).rejects.toThrow(/takes 1 values an image.*but 2 are given/);
  });

  it('puts grey pictures into the channels that the network reads more of', async () => {
    const model = await write('three.onnx', singular(SIDE, { channels: 3 }).bytes);
    const embedded = (await run(threats, { model, preprocessing: { channels: 'grey', embed: { first: 0, fill: 0.5 } } })).results;
    const plain = (await run(threats)).results;
    expect(embedded.findings.map((f) => f.eightBit)).toEqual(plain.findings.map((f) => f.eightBit));
  });

  it('takes an inner value where one is named, vectors and channels-last pictures as they are', async () => {
    const model = await write('last.onnx', singular(SIDE, { last: true }).bytes);
    const last = (await run(threats, { model })).results;
    expect(last.output!.picture).toEqual({ channels: 1, height: SIDE, width: SIDE, layout: 'nhwc' });
    const plain = (await run(threats)).results;
    expect(last.findings.map((f) => [f.eightBit, f.output?.figures['ssim']])).toEqual(
      plain.findings.map((f) => [f.eightBit, f.output?.figures['ssim']]),
    );
    const inner = (await run(threats, { output: 'hl_matmul_1' })).results;
    expect(inner.output).toMatchObject({ name: 'hl_matmul_1', width: N, dims: [N] });
    await expect(run(threats, { output: 'nothing' })).rejects.toThrow(/no output or inner value called nothing; its outputs are picture/);
  });

  it('does not mix goals on classes with goals on the output', () => {
    expect(() =>
      checkPlan(
        { model: 'linear.onnx', preprocessing: {}, images: [images], threats: [threat(goal), threat({ kind: 'untargeted' })] },
        root,
      ),
    ).toThrow(/an audit has one kind/);
    expect(() =>
      checkPlan(
        { model: 'linear.onnx', preprocessing: {}, images: [images], output: 'picture', threats: [threat({ kind: 'untargeted' })] },
        root,
      ),
    ).toThrow(/goals are on classes/);
  });
});

const MODELS = new URL('../../../shared/models/image2image/', import.meta.url).pathname;
const MNIST = new URL('../../../shared/data/mnist/t10k-images-idx3-ubyte.gz', import.meta.url).pathname;
describe.skipIf(!existsSync(MODELS) || !existsSync(MNIST))('published autoencoders (skipped where ../shared/models is missing)', () => {
  it.each(['renan_mnist_autoencoder.onnx', 'renan_mnist_autoencoder2.onnx'])('%s is audited and verified', async (file) => {
    const { results, folder } = await run(
      [
        threat({ kind: 'deviation', reference: 'input', psnr: 10 }, { eps: [0.5, 8], attacks: [{ id: 'pgd', options: { steps: 20 } }] }),
        threat({ kind: 'deviation', psnr: 20 }, { norm: 'linf', eps: [0.1], attacks: [{ id: 'pgd', options: { steps: 20 } }] }),
      ],
      { model: join(MODELS, file), images: [MNIST], limit: 4 },
    );
    expect(results.gradientCheck.ok).toBe(true);
    expect(results.findings.filter((f) => f.state === 'broken').length).toBeGreaterThan(0);
    expect(results.findings.filter((f) => f.state === 'failed')).toEqual([]);
    expect((await verifyAudit(folder, results, {}, OURS)).problems).toEqual([]);
  });
});

async function write(file: string, bytes: Uint8Array): Promise<string> {
  writeFileSync(join(root, file), bytes);
  return file;
}

async function values(file: string): Promise<Float64Array> {
  const { data } = await decodeImage(readFileSync(file), file);
  return Float64Array.from(data, (v) => v / 255);
}
