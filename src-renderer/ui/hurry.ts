import { inject, provide, ref, watch, type InjectionKey, type Ref } from 'vue';
import { atRest } from '../logic/rest.ts';
import { oncePainted } from './mounted.ts';

/** Whether a grid is flying past; its pictures are asked for when it slows down. */
const HURRY: InjectionKey<Ref<boolean>> = Symbol('hurry');

/** From this speed on nobody can look at a picture, in px per ms. */
const FAST = 4;
/** A scroll is over when nothing moved for so long, in ms. */
const REST = 90;

/** For the grid, which tells each position. @param rested called when a scroll is over */
export function provideHurry(rested: () => void): { moved(top: number): void } {
  // A screen that has just been asked for shows itself first, and then its pictures.
  const hurry = ref(true);
  oncePainted(() => (hurry.value = false));
  let last = { top: 0, time: 0 };
  const rest = atRest(REST, () => {
    hurry.value = false;
    rested();
  });
  provide(HURRY, hurry);
  return {
    moved(top) {
      const time = performance.now();
      hurry.value = Math.abs(top - last.top) / Math.max(1, time - last.time) > FAST;
      last = { top, time };
      rest.begin();
    },
  };
}

/** For what draws many pictures at once. */
export function useHurry(): Ref<boolean> {
  return inject(HURRY)!;
}

/** For a picture: true from the first quiet moment on. */
export function useQuiet(): Ref<boolean> {
  const hurry = inject(HURRY, null);
  const quiet = ref(!hurry?.value);
  if (hurry && !quiet.value) {
    const stop = watch(hurry, (fast) => {
      if (fast) return;
      quiet.value = true;
      stop();
    });
  }
  return quiet;
}
