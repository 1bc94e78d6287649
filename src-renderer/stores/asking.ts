import { watch, type Ref } from 'vue';
import type { Rest } from '../logic/rest.ts';

/**
 * Asks the engine, once all is at rest, whenever what is watched changes; until it has answered something is pending, where there is
 * anything to ask. Gives back what ends it.
 */
export function asking(watched: () => unknown, isAsked: () => boolean, pending: Ref<boolean>, rest: Rest): () => void {
  const stop = watch(
    watched,
    () => {
      pending.value = isAsked();
      rest.begin();
    },
    { immediate: true },
  );
  return () => {
    stop();
    rest.stop();
  };
}
