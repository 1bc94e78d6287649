import { beforeAll, describe, expect, it } from 'vitest';
import { DType, emptyGraph, GraphBuilder, multiplications } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';
import { directionError } from '../../src-main/runtime/direction.ts';
import type { Along } from '../../src-main/runtime/direction.ts';
import { checkGradient } from '../../src-main/runtime/gradcheck.ts';
import type { Original } from '../../src-main/runtime/original.ts';
import { weights } from '../model/networks.ts';
import { openBoth, pictures } from './open.ts';

const picture = { channels: 3, height: 12, width: 12 };

function kinked(): Graph {
  const b = new GraphBuilder(emptyGraph('kinked'));
  b.input('x', DType.float32, ['N', 3, 12, 12]);
  const conv = b.node('Relu', [b.node('Conv', ['x', weights(b, [12, 3, 3, 3], 1)], { kernel_shape: [3, 3] })]);
  const z = b.node('Gemm', [b.node('Flatten', [conv], { axis: 1 }), weights(b, [6, 1200], 2), weights(b, [6], 3)], { transB: 1 });
  b.node('Identity', [z], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', 6]);
  return b.graph;
}

describe('a derivative along a direction', () => {
  const never = () => Promise.resolve(false);
  /** A function of one number, and how often it and its derivative were asked for. */
  const along = (f: (t: number) => number, slope: (t: number) => number) => {
    const asked = { values: 0, slopes: 0 };
    const it: Along = {
      rows: 1,
      values: (points) => ((asked.values += points.length), Promise.resolve(points.map((x) => ({ value: f(x[0]!), rounding: 0 })))),
      slopes: (points, v) => (
        (asked.slopes += points.length),
        Promise.resolve(points.map((x) => ({ slope: slope(x[0]!) * v[0]!, size: Math.abs(slope(x[0]!)) })))
      ),
    };
    return { it, asked };
  };
  const at = [Float32Array.of(0.5), Float32Array.of(1), 1e-3] as const;

  it('of a smooth function is held against the difference with four points', async () => {
    const { it: f, asked } = along(Math.exp, Math.exp);
    expect(await directionError(f, ...at, () => false, never)).toMatchObject({ open: false });
    expect(asked).toEqual({ values: 2, slopes: 4 });
  });

  it('takes finer means of more points, none of them twice', async () => {
    const seen = new Set<number>();
    const { it: f, asked } = along(
      (t) => t,
      () => 1.5,
    );
    const slopes: Along['slopes'] = (points, v) => (points.forEach((x) => seen.add(x[0]!)), f.slopes(points, v));
    expect(await directionError({ ...f, slopes }, ...at, () => false, never)).toMatchObject({
      open: false,
      error: expect.closeTo(1 / 3, 2),
    });
    // 972 at each of four widths, whose middles alone are not each other's in float32.
    expect([asked.values, asked.slopes]).toEqual([8, 4 * 972]);
    expect(seen.size).toBeGreaterThan(0.9 * 4 * 972);
  });

  it('is not refuted by what float32 rounds, where that is little beside the derivative', async () => {
    // Off by 1.5 in a thousand, of outputs that may be off by as much, by far less, or by more than the derivative.
    const { it: f } = along(
      (t) => t,
      () => 1.0015,
    );
    const rounded = (rounding: number): Along => ({
      ...f,
      values: async (points) => (await f.values(points)).map(({ value }) => ({ value, rounding })),
    });
    const error = async (rounding: number) => (await directionError(rounded(rounding), ...at, () => false, never)).error;
    expect(await error(1e-2 * 0.0018)).toBe(0);
    expect(await error(1e-2 * 1e-5)).toBeGreaterThan(1e-3);
    const wrong: Along = {
      ...rounded(1e-2 * 0.0018),
      slopes: along(
        (t) => t,
        () => 1.01,
      ).it.slopes,
    };
    expect((await directionError(wrong, ...at, () => false, never)).error).toBeGreaterThan(5e-3);
    // There is nothing to be held then.
    expect(await directionError(rounded(1), ...at, () => false, never)).toEqual({ error: 0, open: false, empty: true });
  });

  it('is open when there is no time, and refuted all the same where it is grossly wrong', async () => {
    const after = (looks: number) => {
      let left = looks;
      return () => Promise.resolve(left-- <= 0);
    };
    const near = along(
      (t) => t,
      () => 1.01,
    ).it;
    const far = along(
      (t) => t,
      () => 2,
    ).it;
    expect(await directionError(near, ...at, () => false, after(6))).toMatchObject({ open: true });
    expect(await directionError(far, ...at, () => false, after(0))).toMatchObject({ open: true });
    expect(await directionError(far, ...at, () => false, after(6))).toMatchObject({ open: false, error: expect.closeTo(0.5, 2) });
  });
});

describe('a check that is bounded', () => {
  let model: OpenModel;
  let original: Original;
  beforeAll(async () => ({ model, original } = await openBoth(kinked(), picture, {}, 1)));
  const upTo = (most: number) => checkGradient(model, original, pictures(picture, 3), { spent: (passes) => passes / most });

  it('passes with all directions, with some, or with none', async () => {
    const whole = await checkGradient(model, original, pictures(picture, 3));
    expect(whole).toMatchObject({ ok: true, verdict: 'passed', directions: 5, wanted: 5, compared: 3 });
    expect(await upTo(1)).toMatchObject({ ok: false, verdict: 'unchecked', directions: 0, wanted: 5, compared: 1 });
    let part = await upTo(20);
    for (let most = 20; part.directions === 0; most += 20) part = await upTo(most);
    expect(part).toMatchObject({ ok: true, verdict: 'partly', wanted: 5 });
    expect(part.directions).toBeLessThan(5);
    // Of the first directions of the whole one.
    const same = await checkGradient(model, original, pictures(picture, 3), { directions: part.directions });
    expect(part.gradientError).toBe(same.gradientError);
  });

  it('ends at the same place every time where its bound is work', async () => {
    for (const most of [30, 60, 120]) expect(await upTo(most)).toEqual(await upTo(most));
  });

  it('tells how far it is, never back, and ends by what the listener throws', async () => {
    const shares: number[] = [];
    await checkGradient(model, original, pictures(picture, 3), {
      spent: (passes) => passes / 1e6,
      tell: (_, share) => void shares.push(share),
    });
    expect(shares.length).toBeGreaterThan(5);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    const stop = new Error('enough');
    await expect(checkGradient(model, original, pictures(picture, 3), { tell: () => Promise.reject(stop) })).rejects.toBe(stop);
  });

  it('counts the multiplications of convolutions and products', async () => {
    // 10 x 10 x 12 values of 3 x 3 x 3 each, and 6 of 1200; then a value each for Relu, Flatten, Identity.
    expect(model.pixels.work).toBe(1200 * 27 + 6 * 1200 + 1200 + 1200 + 6);
    const b = new GraphBuilder(emptyGraph('up'));
    b.node('ConvTranspose', ['x', weights(b, [4, 3, 2, 2], 1)], { strides: [2, 2] }, { outputs: ['y'] });
    const facts = new Map(
      [
        ['x', [1, 4, 5, 5]],
        ['y', [1, 3, 10, 10]],
      ].map(([name, dims]) => [name as string, { type: DType.float32, dims: dims as number[] }]),
    );
    for (const [name, tensor] of b.graph.initializers) facts.set(name, { type: DType.float32, dims: tensor.dims.map(Number) });
    expect(multiplications(b.graph, facts)).toBe(100 * 12);
  });
});
