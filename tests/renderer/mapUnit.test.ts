import { expect, it } from 'vitest';
import { mapUnit } from '../../src-renderer/logic/mapUnit.ts';

it('says what a map shows once there is one, and of an output only what is true of outputs', () => {
  expect(mapUnit(null, true, ['cat', 'dog'])).toBeNull();
  expect(mapUnit({ label: 1 }, true, ['cat', 'dog'])).toMatch(/margin of class .*dog/);
  expect(mapUnit({ label: null }, true, null)).toMatch(/its own reference/);
  expect(mapUnit({ label: null }, false, null)).toMatch(/Root mean square/);
});
