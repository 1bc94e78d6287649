import { string } from '../../graph/index.ts';
import { unbroadcast } from '../broadcast.ts';
import type { RuleContext, Rules } from '../rule.ts';

/** Letters for the axes that an ellipsis stands for. */
const SPARE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

interface Equation {
  terms: string[];
  result: string;
}

/** The equation with every axis named; axes under an ellipsis may be broadcast. */
function parse(ctx: RuleContext): Equation {
  const text = string(ctx.node, 'equation', '').replace(/\s/g, '');
  const [left, right] = text.split('->') as [string, string | undefined];
  const used = new Set(text);
  const spare = [...SPARE].filter((c) => !used.has(c)).join('');
  const named = left.split(',');
  const depths = named.map((term, i) => (term.includes('...') ? ctx.dims(ctx.x(i)).length - (term.length - 3) : 0));
  const most = Math.max(...depths);
  const terms = named.map((term, i) => term.replace('...', spare.slice(most - depths[i]!, most)));
  const wild = spare.slice(0, most);
  // Without an arrow the result has what occurs once, in alphabetical order, behind the ellipsis.
  const once = [...new Set(left.replace(/[.,]/g, ''))]
    .filter((c) => left.split(c).length === 2)
    .sort()
    .join('');
  return { terms, result: right === undefined ? wild + once : right.replace('...', wild) };
}

export const einsum: Rules = {
  /**
   * Linear in every operand: its adjoint is the einsum of dy and the other operands that ends in its own axes. An axis that
   * only this operand has was summed away, so its gradient is the same all along it.
   */
  Einsum(ctx) {
    const { result, ...rest } = parse(ctx);
    const { terms, diagonals } = apart(rest.terms);
    return terms.map((term, i) => {
      if (!ctx.needs(i)) return null;
      const others = [...terms.filter((_, k) => k !== i), ...diagonals];
      const values = [
        ...ctx.node.input.filter((_, k) => k !== i),
        ...diagonals.map((pair) => unit(ctx, sizesOf(ctx, terms).get(pair[0]!)!)),
      ];
      const present = new Set([...result, ...others.join('')]);
      const known = [...term].filter((c) => present.has(c)).join('');
      const partial = ctx.emit('Einsum', [ctx.dy, ...values], { equation: `${[result, ...others].join(',')}->${known}` });
      // What was one long here and longer elsewhere was broadcast.
      const dims = ctx.dims(ctx.x(i));
      const sizes = sizesOf(ctx, terms);
      const summed = unbroadcast(
        ctx,
        partial,
        [...known].map((c) => sizes.get(c)!),
        [...known].map((c) => dims[term.indexOf(c)]!),
      );
      if (known === term) return summed;
      return ctx.expand(ctx.emit('Reshape', [summed, ctx.ints([...term].map((c, k) => (present.has(c) ? dims[k]! : 1)))]), dims);
    });
  },
};

/** Terms in which no axis is named twice: a diagonal, ii, is all of i and j times the unit matrix. */
function apart(terms: readonly string[]): { terms: string[]; diagonals: string[] } {
  const used = new Set(terms.join(''));
  const diagonals: string[] = [];
  const split = terms.map((term) =>
    [...term].reduce((done, c) => {
      if (!done.includes(c)) return done + c;
      const other = [...SPARE, ...SPARE.toLowerCase()].find((letter) => !used.has(letter))!;
      used.add(other);
      diagonals.push(c + other);
      return done + other;
    }, ''),
  );
  return { terms: split, diagonals };
}

function unit(ctx: RuleContext, size: number): string {
  const eye = Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
  return ctx.builder.constant(eye, [size, size], ctx.gradientType(ctx.y()), 'unit');
}

/** Length of every axis: the longest that any operand has. */
function sizesOf(ctx: RuleContext, terms: readonly string[]): Map<string, number> {
  const sizes = new Map<string, number>();
  terms.forEach((term, i) => [...term].forEach((c, k) => sizes.set(c, Math.max(sizes.get(c) ?? 1, ctx.dims(ctx.x(i))[k]!))));
  return sizes;
}
