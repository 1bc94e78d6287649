import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import { convolutional, linear, weights } from '../model/networks.ts';
import { openBoth, pictures } from './open.ts';

const picture = { channels: 3, height: 8, width: 8 };
const features = 192;

describe('an open model', () => {
  it('says what it takes and gives', async () => {
    const { model } = await openBoth(convolutional(3, 5), picture, {}, 3);
    expect([model.shape, model.classes, model.rows, model.straightThrough]).toEqual([picture, 5, 3, []]);
    const { logits, loss, gradient } = await model.gradient('margin', new Float32Array(3 * features), new Int32Array(3), null);
    expect([logits.length, loss.length, gradient.length]).toEqual([15, 3, 3 * features]);
  });

  it('gives out arrays the caller may keep', async () => {
    const { model } = await openBoth(convolutional(3, 5), picture, {}, 1);
    const [a, b] = pictures(picture, 2);
    const first = await model.gradient('margin', a!, Int32Array.of(0), null);
    const kept = [...first.gradient, ...first.logits, ...first.loss];
    await model.gradient('margin', b!, Int32Array.of(1), null);
    await model.forward(b!);
    expect([...first.gradient, ...first.logits, ...first.loss]).toEqual(kept);
  });

  it('answers the same question with the same bits, whatever was asked between and at once', async () => {
    const { model } = await openBoth(convolutional(3, 5), picture, {}, 2);
    const [a, b] = [pictures(picture, 2), pictures(picture, 2, 9)].map((two) => Float32Array.from([...two[0]!, ...two[1]!]));
    const label = Int32Array.of(0, 3);
    const first = await model.gradient('cross-entropy', a!, label, null);
    const [again, other] = await Promise.all([
      model.gradient('cross-entropy', a!, label, null),
      model.gradient('margin', b!, label, Int32Array.of(1, 1)),
    ]);
    expect(again).toEqual(first);
    expect(other.gradient).not.toEqual(first.gradient);
  });

  it('names the surrogates of the gradients that were asked for', async () => {
    const b = new GraphBuilder(emptyGraph('g'));
    b.input('x', DType.float32, ['N', 3, 8, 8]);
    const sign = b.node('Sign', [b.node('Floor', [b.node('Mul', ['x', b.scalar(9)])])]);
    b.node('MatMul', [b.node('Flatten', [sign], { axis: 1 }), weights(b, [192, 4], 1)], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 4]);
    const { model } = await openBoth(b.graph, picture, {}, 1);
    expect(model.straightThrough).toEqual([]);
    await model.gradient('margin', new Float32Array(features), Int32Array.of(0), null);
    expect(model.straightThrough).toEqual(['Floor', 'Sign']);
  });

  it('refuses a block of another size as a mistake of the caller', async () => {
    const { model } = await openBoth(linear([3, 8, 8], 4), picture, {}, 2);
    await expect(model.forward(new Float32Array(features))).rejects.toThrow(`expected 2 x ${features} pixels, got ${features}`);
  });

  it('tells a refused loss again to who asks again, and can still be closed', async () => {
    const graph = linear([3, 8, 8], 2);
    const model = await openDifferentiable({
      graph,
      input: findImageInput(graph, null),
      preprocessing: Preprocessing.parse({}),
      picture,
      rows: 1,
      provider: 'cpu',
    });
    for (let i = 0; i < 2; i++) {
      const asking = model.gradient('dlr', new Float32Array(features), Int32Array.of(0), null);
      await expect(asking).rejects.toThrow(UserError);
      await expect(asking).rejects.toThrow('The DLR loss needs 3 classes');
    }
    await model.close();
    await model.close();
  });
});
