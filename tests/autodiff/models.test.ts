import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { declaredShape, DType, elementCount, isFloat, loadGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { fold, upgrade } from '../../src-main/graph/upgrade/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { filled, gaussian, gradientAt, integralError, openPair, uniform } from './gradient.ts';
import { part } from '../part.ts';
import { adjointError, openTangent, tangentAt } from './tangent.ts';

const ROOT = resolve(import.meta.dirname, '../../../shared/models');
const FOLDERS = ['classify-mnist', 'classify-mnist/zuramai_extdata', 'classify-cifar10', 'converted-from-weights'];
const models = FOLDERS.filter((f) => existsSync(join(ROOT, f))).flatMap((f) =>
  readdirSync(join(ROOT, f))
    .filter((n) => n.endsWith('.onnx'))
    .map((n) => join(f, n)),
);
/** Integer models go by surrogates, which no difference agrees with: `quantised.test.ts`. */
const INTEGER = /_int8\.onnx$/;

/** The last float value of the graph: its float output, or, behind a label and a map, the scores they are made of. */
function scores(graph: Graph, types: Map<string, { type: number }>): string {
  const output = graph.outputs.find((o) => types.get(o.name)?.type === DType.float32);
  if (output) return output.name;
  const floats = graph.nodes.flatMap((n) => n.output).filter((o) => isFloat(types.get(o)?.type ?? 0));
  return floats[floats.length - 1]!;
}

describe.skipIf(models.length === 0)('published models (skipped: ../shared/models is not there)', () => {
  it.each(
    part(
      models.filter((m) => !INTEGER.test(m)),
      3,
    ),
  )('%s', async (file) => {
    const original = loadGraph(join(ROOT, file));
    const input = original.inputs[0]!;
    const dims = declaredShape(input).dims.map((d) => (typeof d === 'number' ? d : 1));
    const facts = await traceFacts(original, { [input.name]: dims });
    const lifted = upgrade(original, facts);
    const of = scores(lifted, facts);
    const known = await traceFacts(lifted, { [input.name]: dims });
    const folded = fold({ ...lifted, outputs: [{ ...lifted.outputs[0]!, name: of }] }, known);
    const ready = await traceFacts(folded, { [input.name]: dims });
    const pair = await openPair(folded, ready, of, input.name);
    const along = await openTangent(folded, ready, of, input.name);
    const [next, normal] = [uniform(1), gaussian(2)];
    // Mostly dark: on plain noise one of the small networks is dead.
    const x = filled(elementCount(dims), () => next() ** 4);
    expect(pair.straightThrough).toEqual([]);

    const { y } = await gradientAt(pair, x, filled(elementCount(pair.dims.of), normal));
    if (original.outputs.some((o) => o.name === of)) {
      const session = await openSession(join(ROOT, file));
      const expected = (await session.run({ [input.name]: new Tensor('float32', x as Float32Array, dims) }, [of]))[of]!
        .data as Float32Array;
      const scale = Math.max(...Array.from(expected, Math.abs));
      y.forEach((v: number, i: number) => expect(Math.abs(v - expected[i]!) / scale).toBeLessThan(1e-5));
      await session.release();
    }
    let flat = true;
    for (let direction = 0; direction < 2; direction++) {
      const u = filled(elementCount(pair.dims.of), normal);
      const { gradient } = await gradientAt(pair, x, u);
      flat &&= gradient.every((g: number) => g === 0);
      const v = filled(x.length, normal);
      // Jv is J'u's own adjoint, so what the differences say of one holds for the other.
      expect(adjointError(u, await tangentAt(along.session, pair, x, v), gradient, v)).toBeLessThan(1e-5);
      // Wider where the network is so flat that rounding shows.
      const error = await integralError(pair, x, u, v, 0.02);
      expect(error < 1e-3 ? error : await integralError(pair, x, u, v, 0.1)).toBeLessThan(1e-3);
    }
    expect(flat).toBe(false);
    await along.session.release();
  });
});
