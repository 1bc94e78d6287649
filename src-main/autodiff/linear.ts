import { DType } from '../graph/index.ts';
import type { AttributeValue } from '../graph/index.ts';
import type { RuleContext } from './rule.ts';

/**
 * A linear operator along one axis as a matrix [out, in]: the operator itself, run on the identity.
 * onnxruntime folds it when it opens the session, so the adjoint follows its every convention without our knowing it.
 */
export function matrixOf(ctx: RuleContext, size: number, run: (eye: string) => string): string {
  const eye = new Float32Array(size * size);
  for (let i = 0; i < size; i++) eye[i * size + i] = 1;
  const float = ctx.builder.constant(eye, [1, 1, size, size], DType.float32, 'eye');
  const type = ctx.gradientType(ctx.x());
  return run(type === DType.float32 ? float : ctx.emit('Cast', [float], { to: type }));
}

/** Applies the transpose of a matrix [1, 1, out, in] along one axis of a gradient of the given rank. */
export function alongAxis(ctx: RuleContext, gradient: string, rank: number, axis: number, matrix: string): string {
  const plain = ctx.emit('Squeeze', [matrix, ctx.ints([0, 1])]);
  if (axis === rank - 1) return ctx.emit('MatMul', [gradient, plain]);
  if (axis === rank - 2) return ctx.emit('MatMul', [ctx.emit('Transpose', [plain], { perm: [1, 0] }), gradient]);
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[axis], perm[rank - 1]] = [rank - 1, axis];
  const swap: Record<string, AttributeValue> = { perm };
  return ctx.emit('Transpose', [ctx.emit('MatMul', [ctx.emit('Transpose', [gradient], swap), plain])], swap);
}
