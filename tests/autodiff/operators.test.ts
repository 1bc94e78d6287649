import { describe, expect, it } from 'vitest';
import { supportedOperators, SURROGATES } from '../../src-main/autodiff/index.ts';
import { elementCount } from '../../src-main/graph/index.ts';
import type { OrtTensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { build, label } from './build.ts';
import type { Width } from './build.ts';
import { CASES } from './cases.ts';
import type { Case } from './cases.ts';
import { directionalError, filled, gaussian, gradientAt, openPair, tensor } from './gradient.ts';
import { adjointError, openTangent, tangentAt, tangentError } from './tangent.ts';

/**
 * Central differences in float64 leave 1e-9 or so of rounding and h^2 of curvature; in float32, 1e-3 is what the product
 * promises. Between <u, Jv> and <J'u, v> there is nothing but rounding.
 */
const PRECISION = {
  float32: { steps: [0.05, 0.02, 0.01, 3e-3, 1e-3, 3e-4], limit: 1e-3, adjoint: 1e-5 },
  float64: { steps: [1e-3, 1e-4, 1e-5], limit: 1e-6, adjoint: 1e-12 },
} as const;

interface Errors {
  /** J'u against central differences along v, and Jv against the same. */
  gradient: number;
  tangent: number;
  /** <u, Jv> against <J'u, v>. */
  adjoint: number;
}

/** Greatest errors over the inputs, or null where onnxruntime has no kernel of this width. */
async function greatestErrors(test: Case, type: Width): Promise<Errors | null> {
  const { graph, values, wrt, of } = build(test, type, 7);
  const worst: Errors = { gradient: 0, tangent: 0, adjoint: 0 };
  const note = (which: keyof Errors, error: number) => (worst[which] = Number.isNaN(error) ? Infinity : Math.max(worst[which], error));
  for (const name of wrt) {
    let pair, forwards;
    try {
      const facts = await traceFacts(graph, Object.fromEntries(wrt.map((n) => [n, values[n]!.dims])));
      pair = await openPair(graph, facts, of, name);
      forwards = await openTangent(graph, facts, of, name);
    } catch (error) {
      if (type === 'float64' && /not implemented|Type Error|it has no kernel/i.test(String(error))) return null;
      throw error;
    }
    const others: Record<string, OrtTensor> = {};
    for (const n of wrt) if (n !== name) others[n] = tensor(type, values[n]!.data, values[n]!.dims);
    const normal = gaussian(11);
    for (let k = 0; k < 2; k++) {
      const u = filled(elementCount(pair.dims.of), normal, type);
      const v = filled(values[name]!.data.length, normal, type);
      const { data } = values[name]!;
      note('gradient', await directionalError(pair, data, u, v, PRECISION[type].steps, others));
      note('tangent', await tangentError(pair, forwards.session, data, v, PRECISION[type].steps, others));
      const jv = await tangentAt(forwards.session, pair, data, v, others);
      note('adjoint', adjointError(u, jv, (await gradientAt(pair, data, u, others)).gradient, v));
    }
    await forwards.session.release();
    await pair.forward.release();
    await pair.backward.release();
  }
  return worst;
}

describe.each(Object.entries(CASES))("J'u and Jv: %s", (_, cases) => {
  it.each(cases.map((test) => [label(test), test] as const))('%s', async (_name, test) => {
    for (const type of ['float32', 'float64'] as const) {
      const errors = type === 'float64' && test.double === false ? null : await greatestErrors(test, type);
      if (errors === null) continue;
      const { limit, adjoint } = PRECISION[type];
      expect(errors.gradient, `J'u in ${type}`).toBeLessThan(limit);
      expect(errors.tangent, `Jv in ${type}`).toBeLessThan(limit);
      expect(errors.adjoint, `<u, Jv> = <J'u, v> in ${type}`).toBeLessThan(adjoint);
    }
  });
});

describe('coverage', () => {
  it('has a case for every operator with a rule', () => {
    const tested = new Set(
      Object.values(CASES)
        .flat()
        .map((test) => (test.domain ? `${test.domain}:${test.op}` : test.op)),
    );
    // Tested elsewhere: straight-through operators have no derivative to compare with, casts change the type, Dropout is lifted away.
    const elsewhere = new Set([...SURROGATES, 'DequantizeLinear', 'Cast', 'CastLike', 'Dropout']);
    expect(supportedOperators().filter((op) => !tested.has(op) && !elsewhere.has(op))).toEqual([]);
  });
});
