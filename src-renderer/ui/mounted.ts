import { onBeforeUnmount, onMounted, type Ref } from 'vue';
import type { Size } from '../logic/zoom.ts';

/** Lets something go on while the component is on the screen. @param begin gives back what ends it */
export function whileMounted(begin: () => () => void): void {
  let end: (() => void) | undefined;
  onMounted(() => (end = begin()));
  onBeforeUnmount(() => end?.());
}

/** Tells how large an element is inside, in CSS px, at first and whenever that changes. */
export function watchSize(element: Ref<HTMLElement | undefined>, tell: (size: Size) => void): void {
  whileMounted(() => {
    const observer = new ResizeObserver(([entry]) => tell(entry!.contentRect));
    observer.observe(element.value!);
    return () => observer.disconnect();
  });
}

/** Does something once the component has been painted. */
export function oncePainted(act: () => void): void {
  whileMounted(() => {
    // The first frame is called before what was mounted is painted.
    let frame = requestAnimationFrame(() => (frame = requestAnimationFrame(act)));
    return () => cancelAnimationFrame(frame);
  });
}
