import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder, loadGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { checkGradient } from '../../src-main/runtime/gradcheck.ts';
import { chooseRows } from '../../src-main/runtime/rows.ts';
import { MODELS } from '../graph/run.ts';
import { weights } from '../model/networks.ts';
import { openBoth, pictures } from './open.ts';

/** One layer of attention between `tokens` patches of 12 values, `heads` times; any number of them leaves sums unaligned. */
function attention(tokens: number, heads: number): Graph {
  const b = new GraphBuilder(emptyGraph('attention'));
  b.input('x', DType.float32, ['N', 3, 4, tokens]);
  const patches = b.node('Transpose', [b.node('Reshape', ['x', b.ints([0, 12, tokens])])], { perm: [0, 2, 1] });
  const split = (seed: number, perm: number[]) =>
    b.node(
      'Transpose',
      [b.node('Reshape', [b.node('MatMul', [patches, weights(b, [12, heads * 4], seed)]), b.ints([0, tokens, heads, 4])])],
      { perm },
    );
  const scores = b.node('Softmax', [b.node('MatMul', [split(1, [0, 2, 1, 3]), split(2, [0, 2, 3, 1])])], { axis: -1 });
  const mixed = b.node('Tanh', [b.node('MatMul', [scores, split(3, [0, 2, 1, 3])])]);
  const flat = b.node('Flatten', [mixed], { axis: 1 });
  b.node('MatMul', [flat, weights(b, [heads * tokens * 4, 5], 4)], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', 5]);
  return b.graph;
}

describe('attention', () => {
  it.each([
    [17, 3],
    [16, 4],
    [5, 1],
    [7, 2],
  ])('between %i tokens, %i times: the same bits in every row, and the right gradient', async (tokens, heads) => {
    const picture = { channels: 3, height: 4, width: tokens };
    const { model, original, graph } = await openBoth(attention(tokens, heads), picture, {}, 8);
    const request = {
      graph,
      input: findImageInput(graph, null),
      preprocessing: Preprocessing.parse({}),
      picture,
      provider: 'cpu' as const,
    };
    expect(await chooseRows(request, 8)).toEqual({ rows: 8, note: null });
    expect(await checkGradient(model, original, pictures(picture, 2))).toMatchObject({ ok: true });
  });

  it.skipIf(!existsSync(MODELS))('of a published vision transformer (skipped where ../shared/models is missing)', async () => {
    const graph = loadGraph(`${MODELS}/classify-cifar10/vnncomp23_vit_ibp_3_3_8.onnx`);
    const request = {
      graph,
      input: findImageInput(graph, null),
      preprocessing: Preprocessing.parse({}),
      picture: { channels: 3, height: 32, width: 32 },
      provider: 'cpu' as const,
    };
    expect(await chooseRows(request, 16)).toEqual({ rows: 16, note: null });
  });
});
