import { calls } from './calls.ts';
import { data } from './data.ts';
import { folders } from './folders.ts';
import { models } from './models.ts';
import type { Suite } from './suite.ts';

/** Every kind of hostile input. */
export const SUITES: readonly Suite[] = [models, data, folders, calls];
