import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import { withoutIdleClips } from '../../src-main/model/idleClips.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';

/** How many Clips are left of a network that begins with one. */
function left(low: number, high: number, spec: object, before = false): number {
  const b = new GraphBuilder();
  const x = b.input('x', DType.float32, ['N', 3, 2, 2]);
  const from = before ? b.node('Relu', [x]) : b.node('Transpose', [x], { perm: [0, 2, 3, 1] });
  b.node('Clip', [from, b.scalar(low), b.scalar(high)]);
  return withoutIdleClips(b.graph, 'x', Preprocessing.parse(spec)).nodes.filter(({ opType }) => opType === 'Clip').length;
}

describe('a Clip that pictures never reach', () => {
  it('is left out, and no other', () => {
    expect(left(0, 1, {})).toBe(0);
    expect(left(0, 255, { scale: 255 })).toBe(0);
    expect(left(-1, 1, { mean: [0.5], std: [0.5] })).toBe(0);
    expect(left(-2.2, 2.7, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] })).toBe(0);
    expect(left(0, 0.9, {})).toBe(1);
    expect(left(0.1, 1, {})).toBe(1);
    expect(left(0, 1, { scale: 255 })).toBe(1);
    // What was computed already is no picture.
    expect(left(0, 1, {}, true)).toBe(1);
  });

  it('hides no gradient of black and white pixels', async () => {
    const b = new GraphBuilder(emptyGraph('g', 18));
    b.input('x', DType.float32, ['N', 1, 2, 2]);
    const weights = [1, -2, 3, -4, 5, 6, -7, 8];
    const flat = b.node('Reshape', [b.node('Clip', ['x', b.scalar(0), b.scalar(1)]), b.ints([-1, 4])]);
    b.node('Gemm', [flat, b.constant(weights, [4, 2])], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 2]);
    const model = await openDifferentiable({
      graph: b.graph,
      input: findImageInput(b.graph, null),
      preprocessing: Preprocessing.parse({ channels: 'grey' }),
      picture: { channels: 1, height: 2, width: 2 },
      rows: 1,
      provider: 'cpu',
    });
    const { gradient } = await model.gradient('margin', Float32Array.of(0, 1, 0.5, 0), Int32Array.of(0), null);
    const sign = Math.sign(gradient[2]! * (weights[4]! - weights[5]!));
    expect(Array.from(gradient, (value) => sign * value)).toEqual([0, 1, 2, 3].map((i) => weights[2 * i]! - weights[2 * i + 1]!));
    await model.close();
  });
});
