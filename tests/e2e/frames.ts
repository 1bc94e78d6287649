import type { Locator, Page } from 'playwright-core';

/** Times between frames, in ms. */
export interface Frames {
  frames: number;
  median: number;
  p95: number;
  worst: number;
  /** How many took longer than 50 ms. */
  late: number;
}

/** Scrolls a box from its start by `distance` px (absent: to its end) within `ms`, a step each frame, and measures how long each frame took. */
export async function scrollThrough(page: Page, box: Locator, ms: number, distance = Number.POSITIVE_INFINITY): Promise<Frames> {
  await box.evaluate((element) => Object.assign(globalThis, { scrolled: element }));
  // As text: the code runs in the page, whose types this file does not have.
  const deltas = (await page.evaluate(`new Promise((done) => {
    const box = globalThis.scrolled;
    const deltas = [];
    const end = Math.min(${distance}, box.scrollHeight - box.clientHeight);
    let began = 0, last = 0;
    const step = (now) => {
      if (began === 0) began = now;
      else deltas.push(now - last);
      last = now;
      box.scrollTop = end * Math.min(1, (now - began) / ${ms});
      if (now - began < ${ms}) requestAnimationFrame(step);
      else requestAnimationFrame((end) => done([...deltas, end - last]));
    };
    requestAnimationFrame(step);
  })`)) as number[];
  const sorted = deltas.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]! * 10) / 10;
  return { frames: deltas.length, median: at(0.5), p95: at(0.95), worst: at(1), late: deltas.filter((delta) => delta > 50).length };
}
