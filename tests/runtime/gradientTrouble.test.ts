import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { verdictWords, wordOf } from '../../shared/gradientCheck.ts';
import { demand } from '../../src-main/audit/gradcheck.ts';
import { asFloat, DType, emptyGraph, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { checkProducts, checkGradient } from '../../src-main/runtime/gradcheck.ts';
import { openOutput } from '../../src-main/runtime/openOutput.ts';
import { openOriginalOutput } from '../../src-main/runtime/original.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { weights } from '../model/networks.ts';
import { openBoth, pictures } from './open.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairline-trouble-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
const picture = { channels: 3, height: 8, width: 8 };

/** A hidden layer that `between` is done to, and four classes. */
function network(between: (b: GraphBuilder, hidden: string) => string): Graph {
  const b = new GraphBuilder(emptyGraph('network'));
  b.input('x', DType.float32, ['N', 3, 8, 8]);
  const hidden = b.node('MatMul', [b.node('Flatten', ['x'], { axis: 1 }), weights(b, [192, 10], 1)]);
  b.node('MatMul', [between(b, hidden), weights(b, [10, 4], 2)], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', 4]);
  return b.graph;
}
const saturated = (factor: number) => network((b, hidden) => b.node('Sigmoid', [b.node('Mul', [hidden, b.scalar(factor)])]));
const check = async (graph: Graph | string, rows = 2) => {
  const { model, original } = await openBoth(graph, picture, {}, rows);
  return checkGradient(model, original, pictures(picture, 3));
};

describe('a gradient that leads nowhere', () => {
  it('is named where it is exactly zero, and no direction counts in which nothing changes', async () => {
    const found = await check(saturated(1e9));
    expect(found).toMatchObject({ ok: false, verdict: 'unchecked', directions: 0, compared: 3, slopes: { pictures: 3, zero: 3, tiny: 0 } });
    expect(wordOf(found)).toBe('zero');
    expect(verdictWords(found)).not.toMatch(/passed/);
    expect(demand(found)).toEqual([
      expect.stringMatching(/^The gradient of the network is exactly zero at 3 of the 3 pictures .* does not count as robust/),
    ]);
  });

  it('is named where float32 does not tell where it leads', async () => {
    const found = await check(network((b, hidden) => b.node('Add', [b.node('Mul', [hidden, b.scalar(1e-12)]), b.scalar(1)])));
    expect(found.slopes).toEqual({ pictures: 3, zero: 0, tiny: 3 });
    expect(wordOf(found)).toBe('tiny');
    expect(demand(found)[0]).toMatch(/too small for float32 to tell where it leads at 3 of the 3/);
  });

  it.each([1e-5, 1e-6, 1e-7])(
    'is named where no step of a hundredth moves the scores by more than rounding (%s), whatever all of the range does',
    async (factor) => {
      const found = await check(network((b, hidden) => b.node('Add', [b.node('Mul', [hidden, b.scalar(factor)]), b.scalar(1)])));
      expect([wordOf(found), demand(found)[0]]).toEqual(['tiny', expect.stringMatching(/too small for float32/)]);
    },
  );

  it('and one that does is not', async () => {
    const found = await check(saturated(1));
    expect(found).toMatchObject({ ok: true, verdict: 'passed', slopes: { pictures: 3, zero: 0, tiny: 0 } });
    expect([wordOf(found), verdictWords(found), demand(found)]).toEqual(['passed', 'passed', []]);
  });

  it('is named in a network that is no classifier', async () => {
    const b = new GraphBuilder(emptyGraph('field'));
    b.input('x', DType.float32, ['N', 3, 8, 8]);
    b.node('Sigmoid', [b.node('Mul', ['x', b.scalar(1e6)])], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 3, 8, 8]);
    const request = {
      graph: b.graph,
      input: findImageInput(b.graph, null),
      preprocessing: Preprocessing.parse({}),
      provider: 'cpu' as const,
    };
    const field = await openOutput({ ...request, picture, rows: 1 }, null);
    const bright = pictures(picture, 2).map((x) => x.map((v) => 0.3 + v / 2));
    const found = await checkProducts(field, await openOriginalOutput({ ...request, output: field.model.output }), bright);
    expect(found).toMatchObject({ ok: false, directions: 0, slopes: { pictures: 2, zero: 2 } });
  });
});

describe('a gradient that cannot be relied on', () => {
  it.each<[string, Graph]>([
    // onnxruntime itself leaves a Dropout out, in training mode too.
    [
      'a dropout of its own',
      network((b, hidden) =>
        b.node('Mul', [
          hidden,
          b.node('Cast', [b.node('Greater', [b.node('RandomUniformLike', [hidden]), b.scalar(0.5)])], { to: DType.float32 }),
        ]),
      ),
    ],
    ['noise', network((b, hidden) => b.node('Add', [hidden, b.node('RandomNormalLike', [hidden], { scale: asFloat(2.5) })]))],
  ])('of a random model: %s', async (_, graph) => {
    // Of a file, since a graph in memory has been made one of inference.
    const file = join(folder, 'random.onnx');
    writeFileSync(file, saveGraph(graph).bytes);
    const found = await check(file, 1);
    expect(found).toMatchObject({ ok: false, verdict: 'failed', trouble: 'random' });
    expect(wordOf(found)).toBe('random');
    expect(() => demand(found)).toThrow(UserError);
    expect(() => demand(found)).toThrow(/answers otherwise each time .* evaluation mode/);
    expect(() => demand(found)).not.toThrow(/report/);
  });

  it('that is no number', async () => {
    // The root of 0 has an infinite slope, which the 0 before it makes NaN.
    const found = await check(
      network((b, hidden) => b.node('Add', [hidden, b.node('Sqrt', [b.node('Mul', [b.node('Relu', [hidden]), b.scalar(0)])])])),
    );
    expect(found).toMatchObject({ ok: false, trouble: 'not-finite' });
    expect(() => demand(found)).toThrow(/NaN or infinite at a picture/);
    expect(() => demand(found)).not.toThrow(/report/);
  });

  it('of a surrogate: passed is not said of it', async () => {
    const found = await check(network((b, hidden) => b.node('Round', [b.node('Mul', [hidden, b.scalar(8)])])));
    expect(found.straightThrough).toEqual(['Round']);
    expect([wordOf(found), verdictWords(found)]).toEqual(['surrogate', expect.not.stringMatching(/passed/)]);
  });
});
