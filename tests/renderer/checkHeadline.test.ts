import { expect, it } from 'vitest';
import type { ModelCheck } from '../../shared/contract.ts';
import { UNCHECKED } from '../../shared/gradientCheck.ts';
import { checkHeadline } from '../../src-renderer/logic/checkHeadline.ts';

it.each<[string, Partial<ModelCheck>]>([
  ['Stopped before the first direction', { stopped: true }],
  ['Stopped: 0 of 5 directions', { stopped: true, wanted: 5 }],
  ['Stopped: 2 of 5 directions', { stopped: true, verdict: 'partly', directions: 2, wanted: 5 }],
  ['Not checked in time', { wanted: 5 }],
  ['Passed: 2 of 5 directions', { verdict: 'partly', directions: 2, wanted: 5 }],
  // What is wrong is not hidden by a stop.
  ['The model is random', { stopped: true, trouble: 'random' }],
  ['Passed', { ok: true, verdict: 'passed', directions: 5, wanted: 5 }],
])('a gradient check says %s', (headline, check) => {
  expect(checkHeadline({ ...UNCHECKED, ...check })).toBe(headline);
});
