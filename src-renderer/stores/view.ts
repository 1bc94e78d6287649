import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Layer } from '../logic/paint.ts';
import { reveal, WHOLE, type Point, type Size, type View } from '../logic/zoom.ts';

export type Shown = Layer['id'];
export type Mode = 'side' | 'swipe' | 'blink';

/** How long each of two blinking pictures stays, in ms: one change back and forth a second, far from what may cause seizures (WCAG 2.3.1). */
const BLINK = 500;

/** How pictures are looked at; all of them show the same part. */
export const useView = defineStore('view', () => {
  const mode = ref<Mode>('side');
  const first = ref<Shown>('clean');
  const second = ref<Shown>('adversarial');
  const view = shallowRef<View>(WHOLE);
  const limit = ref(1);
  const pointed = shallowRef<Point | null>(null);
  /** Share of the width where the second picture begins. */
  const split = ref(0.5);
  const turned = ref(false);
  const playing = ref(true);
  const still = ref(false);
  let timer: ReturnType<typeof setInterval> | undefined;

  /** Follows what the system says of motion, and lets pictures blink. Gives back what ends it. */
  function follow(): () => void {
    const motion = window.matchMedia('(prefers-reduced-motion: reduce)');
    const read = (): void => {
      still.value = motion.matches;
    };
    read();
    motion.addEventListener('change', read);
    timer = setInterval(() => {
      if (blinking.value) turned.value = !turned.value;
    }, BLINK);
    return () => {
      motion.removeEventListener('change', read);
      clearInterval(timer);
    };
  }

  const blinking = computed(() => mode.value === 'blink' && playing.value && !still.value);

  function setMode(value: Mode): void {
    mode.value = value;
    turned.value = false;
    playing.value = true;
  }

  /** Shows the other one of two and stays there. */
  function flip(): void {
    playing.value = false;
    turned.value = !turned.value;
  }

  function swap(): void {
    [first.value, second.value] = [second.value, first.value];
  }

  /** Chooses one of the two; the other gives way when it was the same. */
  function choose(which: 'first' | 'second', value: Shown): void {
    const [mine, other] = which === 'first' ? [first, second] : [second, first];
    if (other.value === value) other.value = mine.value;
    mine.value = value;
  }

  function zoomBy(factor: number): void {
    view.value = { ...view.value, zoom: Math.min(limit.value, Math.max(1, view.value.zoom * factor)) };
  }

  /** As at first: the whole picture. */
  function fit(): void {
    view.value = WHOLE;
  }

  /** The pixel that keys begin at: the one pointed at, else the middle of what is seen. */
  function here({ width, height }: Size): Point {
    return pointed.value ?? { x: Math.floor(view.value.x * width), y: Math.floor(view.value.y * height) };
  }

  /** Points at the pixel so far from here, and brings it into view. */
  function walk([dx, dy]: [number, number], picture: Size, box: Size): Point {
    const from = here(picture);
    const inside = (value: number, size: number): number => Math.min(size - 1, Math.max(0, value));
    pointed.value = { x: inside(from.x + dx, picture.width), y: inside(from.y + dy, picture.height) };
    view.value = reveal(view.value, pointed.value, picture, box);
    return pointed.value;
  }

  function reset(): void {
    fit();
    pointed.value = null;
  }

  return {
    mode,
    first,
    second,
    view,
    limit,
    pointed,
    split,
    turned,
    playing,
    still,
    blinking,
    follow,
    setMode,
    flip,
    swap,
    choose,
    zoomBy,
    fit,
    here,
    walk,
    reset,
  };
});
