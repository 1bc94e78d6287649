import { createHash } from 'node:crypto';
import type { Differentiable, Products } from '../../src-main/model/differentiable.ts';

/** Everything a model was asked, in order. */
export interface Watched {
  model: Differentiable;
  /** Blocks of pixels that were evaluated, forward passes and gradients alike. */
  points: Float32Array[];
  /** One word for all of the questions: two runs that share it took the same way. */
  way(): string;
}

/** The same model, which notes down what it is asked. */
export function watch(model: Differentiable): Watched {
  const points: Float32Array[] = [];
  const way = createHash('sha256');
  const note = (what: string, pixels: Float32Array): void => {
    points.push(pixels.slice());
    way.update(what).update(new Uint8Array(pixels.slice().buffer));
  };
  const { products } = model;
  const noting = <K extends 'vjp' | 'jvp'>(kind: K): Products[K] =>
    ((pixels: Float32Array, vectors: Float32Array) => {
      note(kind, pixels);
      note(kind, vectors);
      return products![kind](pixels, vectors);
    }) as Products[K];
  return {
    model: {
      ...model,
      forward: (...asked) => (note('forward', asked[0]), model.forward(...asked)),
      gradient: (...asked) => (note('gradient', asked[1]), model.gradient(...asked)),
      ...(products && { products: { ...products, vjp: noting('vjp'), jvp: noting('jvp') } }),
    },
    points,
    way: () => way.copy().digest('hex'),
  };
}
