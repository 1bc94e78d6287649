import type { Rules } from '../rule.ts';
import { activation } from './activation.ts';
import { conv } from './conv.ts';
import { elementwise } from './elementwise.ts';
import { gemm } from './gemm.ts';
import { pool } from './pool.ts';
import { shape } from './shape.ts';
import { surrogate } from './surrogate.ts';

/** Every operator family, by name; a new one is added here. */
export const families: readonly Rules[] = [activation, conv, elementwise, gemm, pool, shape, surrogate];
