import type { Page } from 'playwright-core';

/** How many colours the grid of pictures shows in a tile's upper half: 1 while its picture is not there. */
export function coloursOf(page: Page, tile: number): Promise<number> {
  // As text: the code runs in the page, whose types this file does not have.
  return page.evaluate(`(() => {
    const tile = document.querySelector('[data-at="${tile}"]');
    const canvas = tile?.closest('[role=group]').querySelector('canvas');
    if (!canvas) return 0;
    const [a, b] = [tile.getBoundingClientRect(), canvas.getBoundingClientRect()];
    const ratio = canvas.width / b.width;
    const { data } = canvas.getContext('2d').getImageData((a.x - b.x + 4) * ratio, (a.y - b.y + 4) * ratio, (a.width - 8) * ratio, (a.height / 2) * ratio);
    return new Set(new Uint32Array(data.buffer)).size;
  })()`);
}

/** What a tile says of its picture when it is pointed at. */
export async function titleOf(page: Page, tile: number): Promise<string> {
  return (await page.locator(`[data-at="${tile}"] [title]`).getAttribute('title')) ?? '';
}
