import { ref, type Ref } from 'vue';
import type { Point, Size } from '../logic/zoom.ts';
import { watchSize } from '../ui/mounted.ts';

/** What is drawn of a picture, or over one: a canvas that keeps the size of the element it lies in. */
export interface Canvas {
  /** CSS px. */
  box: Ref<Size>;
  /** The canvas, cleared, in CSS px and as fine as the screen; null while there is nothing to draw on. */
  begin(): CanvasRenderingContext2D | null;
}

/** @param border CSS px of the element's sides that the canvas leaves free */
export function useCanvas(root: Ref<HTMLElement | undefined>, canvas: Ref<HTMLCanvasElement | undefined>, border = 0): Canvas {
  const box = ref<Size>({ width: 1, height: 1 });
  watchSize(root, ({ width, height }) => (box.value = { width: width - 2 * border, height: height - 2 * border }));
  return {
    box,
    begin: () => cleared(canvas.value, box.value),
  };
}

/** An empty canvas of that size, in CSS px and as fine as the screen; null while there is nothing to draw on. */
export function cleared(canvas: HTMLCanvasElement | undefined, { width, height }: Size): CanvasRenderingContext2D | null {
  const context = canvas?.getContext('2d');
  if (!context || width < 2) return null;
  const ratio = window.devicePixelRatio;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  // Memory of another size is only asked for where it is: a grid is drawn anew at every frame of a scroll.
  if (canvas!.width === wide && canvas!.height === high) context.reset();
  else Object.assign(canvas!, { width: wide, height: high });
  context.scale(ratio, ratio);
  return context;
}

/** Straight runs [x0, y0, x1, y1] as one path. */
export function pathOf(runs: Iterable<readonly [x0: number, y0: number, x1: number, y1: number]>): Path2D {
  const path = new Path2D();
  for (const [x0, y0, x1, y1] of runs) {
    path.moveTo(x0, y0);
    path.lineTo(x1, y1);
  }
  return path;
}

/** Where the pointer is in an element, in CSS px from its corner. */
export function spotIn(element: HTMLElement, { clientX, clientY }: MouseEvent): Point {
  const { left, top } = element.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

/** Where an arrow key leads, in pixels; null for other keys and for those of the system. */
export function arrow({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): [dx: number, dy: number] | null {
  if (ctrlKey || metaKey || altKey) return null;
  return ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as Record<string, [number, number]>)[key] ?? null;
}
