import { inject, provide, type ComputedRef, type InjectionKey } from 'vue';
import type { Point, Size } from '../logic/zoom.ts';

/** What a grid shows right now, in CSS px of its content. */
export interface GridView extends Size {
  /** How far it is scrolled. */
  top: number;
  /** The first tile in view, and the one after the last. */
  range: [first: number, end: number];
  placeOf(at: number): Point;
}

const VIEW: InjectionKey<ComputedRef<GridView>> = Symbol('grid');

/** For the grid. */
export function provideView(view: ComputedRef<GridView>): void {
  provide(VIEW, view);
}

/** For what lies under its tiles. */
export function useGridView(): ComputedRef<GridView> {
  return inject(VIEW)!;
}
