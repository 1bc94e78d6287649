import type { ImageShape, Products } from '../model/differentiable.ts';
import { resamplerOf, withoutGeometry } from '../model/preprocessing/index.ts';
import type { Resampler } from '../model/preprocessing/index.ts';
import type { OpenRequest, OpenScored } from './openRequest.ts';

/**
 * What is asked of pictures, as it is asked of what the network reads of them.
 * @returns the resampler between the two, null where a picture is read as it is
 */
export function atNetworkSize<R extends Pick<OpenRequest, 'picture' | 'preprocessing' | 'window'>>(
  request: R,
): { inner: R; resampler: Resampler | null } {
  const resampler = resamplerOf(request.preprocessing, request.picture, request.window);
  return {
    inner: { ...request, picture: resampler?.read ?? request.picture, preprocessing: withoutGeometry(request.preprocessing) },
    resampler,
  };
}

/** Of what is asked about. */
export function shapeOf({ picture, window }: Pick<OpenRequest, 'picture' | 'window'>): ImageShape {
  return window ? { ...picture, height: window.height, width: window.width } : picture;
}

/** A graph of scores at the network's size, as attacks on pictures of another size see it. */
export function resampledScores(core: OpenScored, asked: Pick<OpenRequest, 'picture' | 'window'>, resampler: Resampler | null): OpenScored {
  if (resampler === null) return core;
  return {
    shape: shapeOf(asked),
    classes: core.classes,
    rows: core.rows,
    get straightThrough() {
      return core.straightThrough;
    },
    get fallbacks() {
      return core.fallbacks;
    },
    forward: (pixels, reference) => core.forward(resampler.forward(pixels), reference),
    async gradient(loss, pixels, label, target, reference, into) {
      const found = await core.gradient(loss, resampler.forward(pixels), label, target, reference);
      return { ...found, gradient: resampler.adjoint(found.gradient, into) };
    },
    close: () => core.close(),
  };
}

/** The same of products: J'u through the transpose, Jv of what becomes of v. */
export function resampledProducts(core: Products, resampler: Resampler | null): Products {
  if (resampler === null) return core;
  return {
    width: core.width,
    output: (pixels) => core.output(resampler.forward(pixels)),
    async vjp(pixels, u) {
      const { output, gradient } = await core.vjp(resampler.forward(pixels), u);
      return { output, gradient: resampler.adjoint(gradient) };
    },
    jvp: (pixels, v) => core.jvp(resampler.forward(pixels), resampler.linear(v)),
  };
}
