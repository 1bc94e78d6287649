/** Put there by the build: see scripts/drawn-by.mjs. */
declare const __DRAWN_BY__: string | undefined;

/** Tells the code that draws this report from every other; null where nobody has said. */
export const DRAWN_BY: string | null = typeof __DRAWN_BY__ === 'undefined' ? null : __DRAWN_BY__;
