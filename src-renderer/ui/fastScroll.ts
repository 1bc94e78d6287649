import { inject, provide, ref, watch, type InjectionKey, type Ref } from 'vue';
import { debounce } from '../logic/debounce.ts';
import { oncePainted } from './mounted.ts';

/** Whether a grid scrolls too fast to look at; its pictures are asked for when it slows down. */
const FAST_SCROLL: InjectionKey<Ref<boolean>> = Symbol('fast scroll');

/** From this speed on nobody can look at a picture, in px per ms. */
const FAST = 4;
/** A scroll is over when nothing moved for so long, in ms. */
const DEBOUNCE = 90;

/** For the grid, which tells each position. @param rested called when a scroll is over */
export function provideFastScroll(rested: () => void): { moved(top: number): void } {
  // A screen that has just been asked for shows itself first, and then its pictures.
  const fast = ref(true);
  oncePainted(() => (fast.value = false));
  let last = { top: 0, time: 0 };
  const debounced = debounce(DEBOUNCE, () => {
    fast.value = false;
    rested();
  });
  provide(FAST_SCROLL, fast);
  return {
    moved(top) {
      const time = performance.now();
      fast.value = Math.abs(top - last.top) / Math.max(1, time - last.time) > FAST;
      last = { top, time };
      debounced();
    },
  };
}

/** For what draws many pictures at once. */
export function useFastScroll(): Ref<boolean> {
  return inject(FAST_SCROLL)!;
}

/** For a picture: true from the first moment on at which scrolling is slow enough to look. */
export function useSlowedDown(): Ref<boolean> {
  const fast = inject(FAST_SCROLL, null);
  const slow = ref(!fast?.value);
  if (fast && !slow.value) {
    const stop = watch(fast, (isFast) => {
      if (isFast) return;
      slow.value = true;
      stop();
    });
  }
  return slow;
}
