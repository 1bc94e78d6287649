import { describe, expect, it } from 'vitest';
import { supportedOperators, SURROGATES } from '../../src-main/autodiff/index.ts';
import { elementCount } from '../../src-main/graph/index.ts';
import type { OrtTensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { build, label } from './build.ts';
import type { Width } from './build.ts';
import { CASES } from './cases.ts';
import type { Case } from './cases.ts';
import { directionalError, filled, gaussian, openPair, tensor } from './gradient.ts';

/** Central differences in float64 leave 1e-9 or so of rounding and h^2 of curvature; in float32, 1e-3 is what the product promises. */
const PRECISION = { float32: { steps: [0.05, 0.02, 0.01, 3e-3, 1e-3, 3e-4], limit: 1e-3 }, float64: { steps: [1e-3, 1e-4, 1e-5], limit: 1e-6 } } as const;

/** Greatest error over the inputs, or null where onnxruntime has no kernel of this width. */
async function greatestError(test: Case, type: Width): Promise<number | null> {
  const { graph, values, wrt, of } = build(test, type, 7);
  let worst = 0;
  for (const name of wrt) {
    let pair;
    try {
      const facts = await traceFacts(graph, Object.fromEntries(wrt.map((n) => [n, values[n]!.dims])));
      pair = await openPair(graph, facts, of, name);
    } catch (error) {
      if (type === 'float64' && /not implemented|Type Error|Could not find an implementation|Failed to find kernel/i.test(String(error))) return null;
      throw error;
    }
    const others: Record<string, OrtTensor> = {};
    for (const n of wrt) if (n !== name) others[n] = tensor(type, values[n]!.data, values[n]!.dims);
    const normal = gaussian(11);
    for (let k = 0; k < 2; k++) {
      const u = filled(elementCount(pair.dims.of), normal, type);
      const v = filled(values[name]!.data.length, normal, type);
      worst = Math.max(worst, await directionalError(pair, values[name]!.data, u, v, PRECISION[type].steps, others));
    }
    await pair.forward.release();
    await pair.backward.release();
  }
  return worst;
}

describe.each(Object.entries(CASES))('gradients: %s', (_, cases) => {
  it.each(cases.map((test) => [label(test), test] as const))('%s', async (_name, test) => {
    expect(await greatestError(test, 'float32')).toBeLessThan(PRECISION.float32.limit);
    const double = test.double === false ? null : await greatestError(test, 'float64');
    if (double !== null) expect(double).toBeLessThan(PRECISION.float64.limit);
  });
});

describe('coverage', () => {
  it('has a case for every operator with a rule', () => {
    const tested = new Set(Object.values(CASES).flat().map((test) => (test.domain ? `${test.domain}:${test.op}` : test.op)));
    // Tested elsewhere: straight-through operators have no derivative to compare with, casts change the type, Dropout is lifted away.
    const elsewhere = new Set([...SURROGATES, 'DequantizeLinear', 'Cast', 'CastLike', 'Dropout']);
    expect(supportedOperators().filter((op) => !tested.has(op) && !elsewhere.has(op))).toEqual([]);
  });
});
