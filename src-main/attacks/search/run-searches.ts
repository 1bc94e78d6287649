import type { Loss } from '../../model/differentiable.ts';
import { rowsOf } from '../attack.ts';
import type { GradientQuery, Problem } from '../problem/problem.ts';

/** What a search wants to know: δ (or pixels) of its image, with or without the margin's gradient. */
export interface Ask {
  point: Float32Array;
  gradient: boolean;
}

/** `gradient` is a view that the next query overwrites, and meaningless when it was not asked for. */
export interface Reply {
  margin: number;
  success: boolean;
  logits: Float32Array;
  gradient: Float32Array;
}

/** One image's search as straight code: `const reply = yield ask`. It ends early when the image runs out of queries. */
export type Search = Generator<Ask, void, Reply>;

export type Evaluate = (points: Float32Array, loss: Loss | null, only: Uint8Array) => Promise<GradientQuery>;

/**
 * Runs every active image's own search, all of them together: each round gathers one question of each, answers the
 * plain ones in one query and those with gradient in another. Searches do not see each other.
 * @param start gives an image's search, or null when there is nothing to do
 */
export async function runSearches(problem: Problem, evaluate: Evaluate, start: (image: number) => Search | null): Promise<void> {
  const points = new Float32Array(problem.clean.length);
  const rows = rowsOf(points, problem.count);
  const searches = rows.map((_, image) => (problem.active[image] ? start(image) : null));
  const asks: (Ask | null)[] = searches.map((search) => firstOf(search));
  while (asks.some((ask) => ask !== null)) {
    // Plain questions first; whoever then asks for a gradient joins the others that wait for one.
    for (const withGradient of [false, true]) {
      const only = Uint8Array.from(asks, (ask) => (ask !== null && ask.gradient === withGradient ? 1 : 0));
      if (!only.includes(1)) continue;
      asks.forEach((ask, image) => {
        if (only[image]) rows[image]!.set(ask!.point);
      });
      const answer = await evaluate(points, withGradient ? 'margin' : null, only);
      for (let image = 0; image < problem.count; image++) {
        if (!only[image]) continue;
        asks[image] = problem.active[image] ? nextOf(searches[image]!, replyOf(problem, answer, image)) : null;
      }
    }
  }
}

function firstOf(search: Search | null): Ask | null {
  const step = search?.next();
  return step && !step.done ? step.value : null;
}

function nextOf(search: Search, reply: Reply): Ask | null {
  const step = search.next(reply);
  return step.done ? null : step.value;
}

function replyOf(problem: Problem, answer: GradientQuery, image: number): Reply {
  const { features, classes } = problem;
  return {
    margin: answer.margin[image]!,
    success: answer.success[image] === 1,
    logits: answer.logits.subarray(image * classes, (image + 1) * classes),
    gradient: answer.gradient.subarray(image * features, (image + 1) * features),
  };
}

/** Evaluates δ, and nothing but what an attack may see. */
export function atDelta(problem: Problem): Evaluate {
  return async (points, loss, only) =>
    loss === null ? ((await problem.query(points, only)) as GradientQuery) : problem.gradient(points, loss, only);
}
