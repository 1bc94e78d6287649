import { constants, getPriority, setPriority } from 'node:os';

const LATER = constants.priority.PRIORITY_BELOW_NORMAL;

/**
 * Lets the window, and whatever else people do meanwhile, go first: an audit takes every core for hours. Linux only, where the
 * priority is the calling thread's own and that of the threads it starts; elsewhere it would be the whole engine's, for good.
 */
export function stepBack(): void {
  // Started with less already, it may not be raised.
  if (process.platform === 'linux' && getPriority() < LATER) setPriority(LATER);
}
