import { expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { differentiate, tangent } from '../../src-main/autodiff/index.ts';
import { DType, elementCount, GraphBuilder, prune, saveGraph } from '../../src-main/graph/index.ts';
import { openSession } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { dot, filled, gaussian, tensor } from './gradient.ts';

const IMAGE = [3, 8, 8];
const CLASSES = 5;

/** Convolution, rectifier, pool, classifier: what keeps a mask, indices and weights. */
function network(b: GraphBuilder, rows: number): void {
  const normal = gaussian(1);
  const weights = (dims: number[]) => b.constant(filled(elementCount(dims), normal), dims);
  const x = b.input('x', DType.float32, [rows, ...IMAGE]);
  const maps = b.node('Relu', [b.node('Conv', [x, weights([4, 3, 3, 3])], { pads: [1, 1, 1, 1] })]);
  const pooled = b.node('MaxPool', [maps], { kernel_shape: [3, 3], strides: [2, 2] });
  b.node('Gemm', [b.node('Flatten', [pooled]), weights([36, CLASSES])], {}, { outputs: ['y'] });
  b.output('y', DType.float32, [rows, CLASSES]);
}

const values = (rows: number, seed: number) => filled(rows * elementCount(IMAGE), gaussian(seed));

/** One graph with several products, each made on top of the others. */
async function products(rows: number, directions: Float32Array[], u: Float32Array) {
  const probe = new GraphBuilder();
  network(probe, rows);
  const dims = [rows, ...IMAGE];
  const b = new GraphBuilder(probe.graph, await traceFacts(probe.graph, { x: dims }));
  const names = directions.map((_, i) => b.input(`v${i}`, DType.float32, dims));
  for (const [i, direction] of names.entries()) {
    const made = await tangent(b, { of: 'y', wrt: 'x', direction }, traceFacts);
    expect(made.straightThrough).toEqual([]);
    b.node('Identity', [made.tangent], {}, { outputs: [`jv${i}`] });
    b.output(`jv${i}`, DType.float32, [rows, CLASSES]);
  }
  const cotangent = b.input('u', DType.float32, [rows, CLASSES]);
  b.node('Identity', [differentiate(b, { of: ['y'], cotangents: [cotangent], wrt: 'x' }).gradient], {}, { outputs: ['jtu'] });
  b.output('jtu', DType.float32, dims);
  // Nothing is left that only the way there needed.
  const before = b.graph.nodes.length;
  prune(b.graph);
  expect(b.graph.nodes.length).toBe(before);
  expect(b.graph.inputs.map((v) => v.name)).toEqual(['x', ...names, 'u']);
  const session = await openSession(saveGraph(b.graph));
  const out = await session.run({
    x: tensor('float32', values(rows, 2), dims),
    u: tensor('float32', u, [rows, CLASSES]),
    ...Object.fromEntries(directions.map((v, i) => [names[i]!, tensor('float32', v, dims)])),
  });
  await session.release();
  return { jv: names.map((_, i) => out[`jv${i}`]!.data as Float32Array), jtu: out['jtu']!.data as Float32Array };
}

it('several tangents and a gradient fit into one graph', async () => {
  const [v, w] = [values(2, 3) as Float32Array, values(2, 4) as Float32Array];
  const u = filled(2 * CLASSES, gaussian(5)) as Float32Array;
  const { jv, jtu } = await products(2, [v, w, v.map((a, i) => a + w[i]!)], u);
  const [jv0, jv1, sum] = jv as [Float32Array, Float32Array, Float32Array];
  sum.forEach((s, i) => expect(s).toBeCloseTo(jv0[i]! + jv1[i]!, 3));
  expect(dot(jv0, jv0)).toBeGreaterThan(1);
  expect(dot(u, jv0)).toBeCloseTo(dot(jtu, v), 2);
});

it('each row of a batch has a direction of its own', async () => {
  const [v, u] = [values(2, 3) as Float32Array, new Float32Array(2 * CLASSES)];
  const half = v.length / 2;
  const only = (row: number) => v.map((a, i) => (Math.floor(i / half) === row ? a : 0));
  const { jv } = await products(2, [v, only(0), only(1)], u);
  const [both, first, second] = jv as [Float32Array, Float32Array, Float32Array];
  expect(first.subarray(CLASSES).every((d) => d === 0)).toBe(true);
  expect(second.subarray(0, CLASSES).every((d) => d === 0)).toBe(true);
  expect([...first.subarray(0, CLASSES), ...second.subarray(CLASSES)]).toEqual([...both]);
});

it('what does not move the value is refused', async () => {
  const b = new GraphBuilder();
  const [x, v] = [b.input('x', DType.float32, [2]), b.input('v', DType.float32, [2])];
  b.node('Cast', [b.node('Greater', [x, b.scalar(0)])], { to: DType.float32 }, { outputs: ['y'] });
  b.output('y', DType.float32, [2]);
  const known = new GraphBuilder(b.graph, await traceFacts(b.graph, { x: [2], v: [2] }));
  await expect(tangent(known, { of: 'y', wrt: x, direction: v }, traceFacts)).rejects.toThrow(UserError);
});
