import type { Rules } from '../rule.ts';
import { activation } from './activation.ts';
import { conv } from './conv.ts';
import { einsum } from './einsum.ts';
import { elementwise } from './elementwise.ts';
import { gemm } from './gemm.ts';
import { indexOps } from './index-ops.ts';
import { normalization } from './normalization.ts';
import { pool } from './pool.ts';
import { quantised } from './quantised.ts';
import { reduce } from './reduce.ts';
import { resize } from './resize.ts';
import { shape } from './shape.ts';
import { softmax } from './softmax.ts';
import { straightThrough } from './straight-through.ts';
import { unary } from './unary.ts';

/** Every operator family, by name; a new one is added here. */
export const families: readonly Rules[] = [
  activation,
  conv,
  einsum,
  elementwise,
  gemm,
  indexOps,
  normalization,
  pool,
  quantised,
  reduce,
  resize,
  shape,
  softmax,
  straightThrough,
  unary,
];
