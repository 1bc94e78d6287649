import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { differentiate } from '../../src-main/autodiff/index.ts';
import { DType, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import { LOSSES } from '../../src-main/model/differentiable.ts';
import type { Objective } from '../../src-main/model/differentiable.ts';
import { emitLoss } from '../../src-main/model/goals.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { gaussian } from '../autodiff/gradient.ts';

interface Case {
  logits: number[];
  label: number;
  target: number | null;
}

/** Losses and their gradients with respect to the logits, as the graph computes them for a block of rows. */
async function graphLoss(loss: Objective, cases: Case[]): Promise<{ loss: number[]; gradient: number[][] }> {
  const rows = cases.length;
  const classes = cases[0]!.logits.length;
  const targeted = cases[0]!.target !== null;
  const b = new GraphBuilder();
  for (const name of ['z', 'label', ...(targeted ? ['target'] : [])]) b.input(name, DType.float32, [rows, classes]);
  const value = emitLoss(b, loss, { logits: 'z', label: 'label', target: targeted ? 'target' : null }, classes);
  const dims = { z: [rows, classes], label: [rows, classes], target: [rows, classes] };
  b.output(value, DType.float32, [rows]);
  const derived = new GraphBuilder(b.graph, await traceFacts(b.graph, dims));
  const ones = derived.constant(new Array<number>(rows).fill(1), [rows]);
  derived.facts.set(ones, { type: DType.float32, dims: [rows] });
  const { gradient } = differentiate(derived, { of: [value], cotangents: [ones], wrt: 'z' });
  derived.output(gradient, DType.float32, [rows, classes]);
  const session = await openSession(saveGraph(b.graph));
  const oneHot = (classOf: (c: Case) => number) =>
    new Tensor('float32', Float32Array.from(cases.flatMap((c) => c.logits.map((_, k) => (k === classOf(c) ? 1 : 0)))), [rows, classes]);
  const feeds: Record<string, InstanceType<typeof Tensor>> = {
    z: new Tensor('float32', Float32Array.from(cases.flatMap((c) => c.logits)), [rows, classes]),
    label: oneHot((c) => c.label),
    target: oneHot((c) => c.target ?? -1),
  };
  const out = await session.run(Object.fromEntries(session.inputNames.map((n) => [n, feeds[n]!])));
  await session.release();
  const g = Array.from(out[gradient]!.data as Float32Array);
  return { loss: Array.from(out[value]!.data as Float32Array), gradient: cases.map((_, r) => g.slice(r * classes, (r + 1) * classes)) };
}

/** The definitions, in float64. */
const largest = (z: number[], but: number) => Math.max(...z.filter((_, k) => k !== but));
const logSumExp = (z: number[]) => Math.max(...z) + Math.log(z.reduce((sum, v) => sum + Math.exp(v - Math.max(...z)), 0));
const PLAIN: Record<Objective, (c: Case) => number> = {
  margin: ({ logits: z, label: y, target: t }) => (t === null ? z[y]! - largest(z, y) : largest(z, t) - z[t]!),
  'cross-entropy': ({ logits: z, label: y, target: t }) => (t === null ? z[y]! - logSumExp(z) : logSumExp(z) - z[t]!),
  dlr: ({ logits: z, label: y, target: t }) => {
    const [first, , third, fourth] = [...z].sort((a, b) => b - a);
    return t === null ? (z[y]! - largest(z, y)) / (first! - third!) : (z[y]! - z[t]!) / (first! - (third! + fourth!) / 2);
  },
  'probability-margin': ({ logits: z, label: y, target: t }) => {
    const p = z.map((v) => Math.exp(v - logSumExp(z)));
    return t === null ? p[y]! - largest(p, y) : largest(p, t) - p[t]!;
  },
  difference: ({ logits: z, label: y, target: t }) => z[y]! - z[t!]!,
  logit: ({ logits: z, label: y, target: t }) => (t === null ? z[y]! : -z[t]!),
};

function differences(loss: Objective, c: Case): number[] {
  const h = 1e-5;
  const at = (k: number, step: number) => PLAIN[loss]({ ...c, logits: c.logits.map((v, j) => (j === k ? v + step : v)) });
  return c.logits.map((_, k) => (at(k, h) - at(k, -h)) / (2 * h));
}

function random(classes: number, targeted: boolean, seed: number): Case[] {
  const next = gaussian(seed);
  return Array.from({ length: 6 }, (_, r) => ({
    logits: Array.from({ length: classes }, () => Math.fround(4 * next())),
    label: r % classes,
    target: targeted ? (r + 1) % classes : null,
  }));
}

/** Classes that a loss needs. */
const NEEDS: Record<Objective, [untargeted: number, targeted: number]> = {
  margin: [2, 2],
  'cross-entropy': [2, 2],
  dlr: [3, 4],
  'probability-margin': [2, 2],
  difference: [Infinity, 2],
  logit: [2, 2],
};
const OBJECTIVES: Objective[] = [...LOSSES, 'difference', 'logit'];
const all = OBJECTIVES.flatMap((loss) =>
  [2, 3, 4, 10].flatMap((classes) => [false, true].map((targeted) => [loss, classes, targeted] as const)),
);

describe('losses', () => {
  it.each(all.filter(([loss, classes, targeted]) => classes >= NEEDS[loss][targeted ? 1 : 0]))(
    '%s of %i classes, targeted %s: values and gradients as defined',
    async (loss, classes, targeted) => {
      const cases = random(classes, targeted, classes);
      const got = await graphLoss(loss, cases);
      cases.forEach((c, r) => {
        const expected = PLAIN[loss](c);
        expect(Math.abs(got.loss[r]! - expected)).toBeLessThan(2e-6 * (1 + Math.abs(expected)));
        const slopes = differences(loss, c);
        const scale = Math.max(...slopes.map(Math.abs), 1e-3);
        slopes.forEach((s, k) => expect(Math.abs(got.gradient[r]![k]! - s) / scale).toBeLessThan(2e-4));
      });
    },
  );

  it.each(all.filter(([loss, classes, targeted]) => loss === 'dlr' && classes < NEEDS[loss][targeted ? 1 : 0]))(
    '%s of %i classes, targeted %s: refused',
    async (loss, classes, targeted) => {
      const computing = graphLoss(loss, random(classes, targeted, 1));
      await expect(computing).rejects.toThrow(UserError);
      await expect(computing).rejects.toThrow(
        `The DLR loss needs ${targeted ? 4 : 3} classes, but the model tells ${classes} apart: choose the margin or cross-entropy loss.`,
      );
    },
  );

  it('are negative exactly when the attack has won', async () => {
    const cases: Case[] = [
      [3, 1, 2],
      [1, 3, 2],
      [2, 3, 1],
    ].map((logits) => ({ logits, label: 0, target: null }));
    expect((await graphLoss('margin', cases)).loss.map(Math.sign)).toEqual([1, -1, -1]);
    expect((await graphLoss('dlr', cases)).loss.map(Math.sign)).toEqual([1, -1, -1]);
    const toward = cases.map((c) => ({ ...c, target: 1 }));
    expect((await graphLoss('margin', toward)).loss.map(Math.sign)).toEqual([1, -1, -1]);
  });

  it('of equal classes have margin 0, and the first of the equals gets the gradient', async () => {
    const tie = [{ logits: [2, 1, 2, 2], label: 0, target: null }];
    const { loss, gradient } = await graphLoss('margin', tie);
    expect(loss).toEqual([0]);
    expect(gradient).toEqual([[1, 0, -1, 0]]);
  });

  it('stay numbers when three classes are equal and DLR divides by nothing', async () => {
    for (const target of [null, 3]) {
      const { loss, gradient } = await graphLoss('dlr', [{ logits: [2, 2, 2, 2, 1], label: 0, target }]);
      expect([...loss, ...gradient[0]!].every(Number.isFinite)).toBe(true);
      expect(Math.abs(loss[0]!)).toBe(0);
    }
  });

  it('stay exact for logits of ten thousand', async () => {
    for (const loss of OBJECTIVES)
      for (const target of loss === 'difference' ? [2] : [null, 2]) {
        const cases: Case[] = [
          [1e4, -1e4, 0, 17],
          [-1e4, 1e4, 9999, -3],
          [1e4, 1e4 - 1, 1e4 - 2, 1e4 - 4],
        ].map((logits) => ({ logits, label: 0, target }));
        const got = await graphLoss(loss, cases);
        cases.forEach((c, r) => {
          const expected = PLAIN[loss](c);
          expect(Math.abs(got.loss[r]! - expected), `${loss} ${r}`).toBeLessThan(1e-5 * (1 + Math.abs(expected)));
          expect(got.gradient[r]!.every(Number.isFinite)).toBe(true);
        });
      }
  });

  it.each(OBJECTIVES)('%s of a row is the same bits in every row and beside any others', async (loss) => {
    for (const target of loss === 'difference' ? [true] : [false, true]) {
      const [cases, others] = [random(4, target, 9), random(4, target, 10)];
      const reference = await graphLoss(loss, cases);
      for (let shift = 1; shift < cases.length; shift++) {
        const got = await graphLoss(
          loss,
          cases.map((_, r) => (r < shift ? others[r]! : cases[r - shift]!)),
        );
        for (let r = shift; r < cases.length; r++) {
          expect(got.loss[r]).toBe(reference.loss[r - shift]);
          expect(got.gradient[r]).toEqual(reference.gradient[r - shift]);
        }
      }
    }
  });
});
