import type { ModelCheck } from '../../shared/contract.ts';
import { wordOf } from '../../shared/gradientCheck.ts';
import { S } from '../strings.ts';

/** What came of a gradient check, in a few words. One that was stopped says so and how far it came, unless it found what is wrong. */
export function checkHeadline(check: ModelCheck): string {
  const word = wordOf(check);
  const wanted = check.wanted ?? check.directions;
  if (check.stopped && (word === 'partly' || word === 'unchecked')) return S.model.checkStoppedAt(check.directions, wanted);
  return word === 'partly' ? S.model.checkPartly(check.directions, wanted) : S.model.checkVerdict[word];
}
