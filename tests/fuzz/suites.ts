import { models } from './models.ts';
import type { Suite } from './suite.ts';

/** Every kind of hostile input. */
export const SUITES: readonly Suite[] = [models];
