import { watch, type Ref } from 'vue';
import type { Debounced } from '../logic/debounce.ts';

/**
 * Asks the engine, once all is at rest, whenever what is watched changes; until it has answered something is pending, where there is
 * anything to ask. Gives back what ends it.
 */
export function askOnChange(watched: () => unknown, isAsked: () => boolean, pending: Ref<boolean>, debounced: Debounced): () => void {
  const stop = watch(
    watched,
    () => {
      pending.value = isAsked();
      debounced();
    },
    { immediate: true },
  );
  return () => {
    stop();
    debounced.cancel();
  };
}
