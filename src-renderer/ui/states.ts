import type { TileState } from '../logic/runProgress.ts';
import { S } from '../strings.ts';
import type { IconName } from './Icon.vue';

export const STATE_ICON: Record<TileState, IconName> = {
  waiting: 'dots',
  open: 'circle',
  'wrong-already': 'minus',
  'target-already': 'minus',
  broken: 'bolt',
  beyond: 'bolt',
  held: 'shield',
  failed: 'alert',
  unfinished: 'stop',
};

/**
 * A state in words.
 * @param outputs of a network without classes, where nothing is right or wrong
 * @param budget what the state is told at, in words; null: ε, which stands beside it
 */
export function stateWord(state: TileState, outputs: boolean, budget: string | null = null): string {
  if (outputs && S.tileOutput[state]) return S.tileOutput[state];
  return budget !== null && (state === 'broken' || state === 'beyond') ? S.say.state(state, budget) : S.tile[state];
}

/** Text colour of a state. */
export const STATE_INK: Record<TileState, string> = {
  waiting: 'text-muted',
  open: 'text-muted',
  'wrong-already': 'text-muted',
  'target-already': 'text-muted',
  broken: 'text-broken',
  beyond: 'text-muted',
  held: 'text-held',
  failed: 'text-failed',
  unfinished: 'text-muted',
};
