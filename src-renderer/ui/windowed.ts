import { computed, ref, type Ref } from 'vue';

/** Rows drawn at once, and how many of them above the view. */
const DRAWN = 60;
const ABOVE = 15;

/** Only the rows near the view of a long table; spacers of `before` and `after` px keep its length. */
export function useWindowed<T>(
  rows: () => readonly T[],
  height: number,
): { first: Ref<number>; shown: Ref<readonly T[]>; before: Ref<number>; after: Ref<number>; scrolled(event: Event): void } {
  const top = ref(0);
  const first = computed(() => Math.max(0, Math.min(Math.floor(top.value / height) - ABOVE, rows().length - DRAWN)));
  return {
    first,
    shown: computed(() => rows().slice(first.value, first.value + DRAWN)),
    before: computed(() => first.value * height),
    after: computed(() => Math.max(0, rows().length - first.value - DRAWN) * height),
    scrolled: (event) => (top.value = (event.target as HTMLElement).scrollTop),
  };
}
