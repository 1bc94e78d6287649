import { rowsOf } from '../attack.ts';
import type { Problem } from '../problem/problem.ts';

/** What one image's search wants: a product with the Jacobian at x + δ, or δ judged. */
export interface Ask {
  kind: 'vjp' | 'jvp' | 'query';
  /** δ, features long. */
  point: Float32Array;
  /** u (D values) for a vjp, v (features) for a push. */
  vector?: Float32Array;
}

export interface Reply {
  /** J'u or Jv; fresh, the search may keep it. Empty for a query. */
  product: Float32Array;
  /** f(x + δ), D values; empty for a query. */
  output: Float32Array;
  /** Of a query: negative where the goal is reached, and the lower the farther beyond it. */
  margin: number;
}

/** One image's search as straight code; it ends early when the image runs out of passes. */
export type Steps<T> = Generator<Ask, T, Reply>;

const NONE = new Float32Array(0);

/**
 * Runs every active image's own search, all of them together: each round gathers one question of each and answers
 * those of a kind in one call. Searches do not see each other.
 * @param start gives an image's search, or null when there is nothing to do
 */
export async function together(problem: Problem, start: (image: number) => Steps<void> | null): Promise<void> {
  const { count, features, width } = problem;
  const searches = Array.from({ length: count }, (_, image) => (problem.active[image] ? start(image) : null));
  const asks = searches.map((search) => next(search, null));
  const delta = new Float32Array(problem.clean.length);
  const vectors = { vjp: new Float32Array(count * width), jvp: new Float32Array(problem.clean.length) };
  while (asks.some((ask) => ask !== null)) {
    for (const kind of ['query', 'vjp', 'jvp'] as const) {
      const only = Uint8Array.from(asks, (ask) => (ask?.kind === kind ? 1 : 0));
      if (!only.includes(1)) continue;
      asks.forEach((ask, image) => {
        if (!only[image]) return;
        delta.set(ask!.point, image * features);
        if (kind !== 'query') vectors[kind].set(ask!.vector!, (image * vectors[kind].length) / count);
      });
      const replies = await answer(problem, kind, delta, kind === 'query' ? null : vectors[kind], only);
      asks.forEach((_, image) => {
        if (only[image]) asks[image] = problem.active[image] ? next(searches[image]!, replies(image)) : null;
      });
    }
  }
}

async function answer(
  problem: Problem,
  kind: Ask['kind'],
  delta: Float32Array,
  vectors: Float32Array | null,
  only: Uint8Array,
): Promise<(image: number) => Reply> {
  if (kind === 'query') {
    const { margin } = await problem.query(delta, only);
    return (image) => ({ product: NONE, output: NONE, margin: margin[image]! });
  }
  const { output, ...product } = kind === 'vjp' ? await problem.vjp(delta, vectors!, only) : await problem.jvp(delta, vectors!, only);
  const rows = {
    output: rowsOf(output, problem.count),
    product: rowsOf('gradient' in product ? product.gradient : product.tangent, problem.count),
  };
  return (image) => ({ product: rows.product[image]!, output: rows.output[image]!, margin: NaN });
}

function next(search: Steps<void> | null, reply: Reply | null): Ask | null {
  const step = reply === null ? search?.next() : search?.next(reply);
  return step && !step.done ? step.value : null;
}
