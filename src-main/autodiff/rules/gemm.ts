import { asFloat, elementCount, float, int } from '../../graph/index.ts';
import { broadcastDims, reshape, unbroadcast } from '../broadcast.ts';
import type { RuleContext, Rules } from '../rule.ts';

/** Swaps the last two axes. On a constant matrix onnxruntime folds it; beside a MatMul it fuses it. */
function transposed(ctx: RuleContext, value: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return ctx.emit('Transpose', [value], { perm });
}

export const gemm: Rules = {
  /** Y = alpha A' B' + beta C, with A' and B' transposed or not: each gradient is a Gemm with other flags, no transpose is emitted. */
  Gemm(ctx) {
    const { node, dy } = ctx;
    const alpha = asFloat(float(node, 'alpha', 1));
    const beta = float(node, 'beta', 1);
    const transA = int(node, 'transA', 0);
    const transB = int(node, 'transB', 0);
    const [a, b] = [ctx.x(0), ctx.x(1)];
    let da: string | null = null;
    let db: string | null = null;
    let dc: string | null = null;
    if (ctx.needs(0))
      da = transA
        ? ctx.emit('Gemm', [b, dy], { alpha, transA: transB, transB: 1 })
        : ctx.emit('Gemm', [dy, b], { alpha, transA: 0, transB: 1 - transB });
    if (ctx.needs(1))
      db = transB
        ? ctx.emit('Gemm', [dy, a], { alpha, transA: 1, transB: transA })
        : ctx.emit('Gemm', [a, dy], { alpha, transA: 1 - transA, transB: 0 });
    if (ctx.needs(2)) {
      const scaled = beta === 1 ? dy : ctx.emit('Mul', [dy, ctx.scalar(beta, ctx.y())]);
      dc = unbroadcast(ctx, scaled, ctx.dims(ctx.y()), ctx.dims(ctx.x(2)));
    }
    return [da, db, dc];
  },

  /** Stacks of matrices with broadcasting; vectors are taken as a row or a column, as numpy.matmul does. */
  MatMul(ctx) {
    const [a, b] = [ctx.x(0), ctx.x(1)];
    const aDims = ctx.dims(a);
    const bDims = ctx.dims(b);
    const aFull = aDims.length === 1 ? [1, aDims[0]!] : aDims;
    const bFull = bDims.length === 1 ? [bDims[0]!, 1] : bDims;
    const [m, n] = [aFull[aFull.length - 2]!, bFull[bFull.length - 1]!];
    const batch = broadcastDims(aFull.slice(0, -2), bFull.slice(0, -2));
    const dy = reshape(ctx, ctx.dy, ctx.dims(ctx.y()), [...batch, m, n]);
    let da: string | null = null;
    let db: string | null = null;
    if (ctx.needs(0)) {
      const k = bFull[bFull.length - 2]!;
      const matrix = reshape(ctx, b, bDims, bFull);
      if (bFull.length === 2) {
        // One matrix for the whole stack: a Gemm reads it both ways round, where a Transpose would be folded into a second copy.
        const tall = reshape(ctx, dy, [...batch, m, n], [elementCount([...batch, m]), n]);
        da = reshape(ctx, ctx.emit('Gemm', [tall, matrix], { transB: 1 }), [elementCount([...batch, m]), k], aDims);
      } else {
        const full = ctx.emit('MatMul', [dy, transposed(ctx, matrix, bFull.length)]);
        da = reshape(ctx, unbroadcast(ctx, full, [...batch, m, k], aFull), aFull, aDims);
      }
    }
    if (ctx.needs(1)) {
      const k = aFull[aFull.length - 1]!;
      const full = ctx.emit('MatMul', [transposed(ctx, reshape(ctx, a, aDims, aFull), aFull.length), dy]);
      db = reshape(ctx, unbroadcast(ctx, full, [...batch, k, n], bFull), bFull, bDims);
    }
    return [da, db];
  },
};
