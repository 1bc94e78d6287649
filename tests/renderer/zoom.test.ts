import { describe, expect, it } from 'vitest';
import { changeAt, signed, textAt, valuesAt } from '../../src-renderer/logic/values.ts';
import { panBy, pixelAt, place, reveal, WHOLE, zoomAt, zoomLimit } from '../../src-renderer/logic/zoom.ts';

const picture = { width: 32, height: 16 };
const box = { width: 320, height: 320 };

describe('zoom and pan', () => {
  it('shows the whole picture in the middle at first', () => {
    expect(place(WHOLE, picture, box)).toEqual({ scale: 10, left: 0, top: 80 });
    expect(pixelAt({ x: 5, y: 79 }, WHOLE, picture, box)).toBeNull();
    expect(pixelAt({ x: 5, y: 81 }, WHOLE, picture, box)).toEqual({ x: 0, y: 0 });
    expect(pixelAt({ x: 319, y: 239 }, WHOLE, picture, box)).toEqual({ x: 31, y: 15 });
  });

  it('keeps what is under the pointer under the pointer', () => {
    // Where the picture fills the box; beside its edges it would leave a gap.
    const at = { x: 200, y: 150 };
    let view = zoomAt(WHOLE, 3, at, picture, box);
    const pixel = pixelAt(at, WHOLE, picture, box);
    expect(pixelAt(at, view, picture, box)).toEqual(pixel);
    view = zoomAt(view, 1.7, at, picture, box);
    expect(pixelAt(at, view, picture, box)).toEqual(pixel);
    const back = zoomAt(view, 0.01, at, picture, box);
    expect(back.zoom).toBe(1);
    expect(place(back, picture, box)).toEqual(place(WHOLE, picture, box));
  });

  it('ends at pixels of 64, and leaves no gap at the edges', () => {
    expect(zoomLimit(picture, box)).toBeCloseTo(6.4);
    const near = zoomAt(WHOLE, 1e9, { x: 0, y: 0 }, picture, box);
    expect(place(near, picture, box).scale).toBeCloseTo(64);
    const far = panBy(near, 1e6, -1e6, picture, box);
    expect(place(far, picture, box).left).toBe(0);
    expect(place(far, picture, box).top).toBeCloseTo(320 - 16 * 64);
    // The next move answers at once, however far the last one overshot.
    expect(place(panBy(far, -10, 0, picture, box), picture, box).left).toBeCloseTo(-10);
  });

  it('moves just as far as it takes to see a pixel', () => {
    const near = zoomAt(WHOLE, 4, { x: 0, y: 80 }, picture, box);
    expect(reveal(near, { x: 2, y: 2 }, picture, box)).toEqual(near);
    const seen = place(reveal(near, { x: 20, y: 2 }, picture, box), picture, box);
    expect(seen.left + 21 * seen.scale).toBeCloseTo(320);
  });
});

describe('values of a pixel', () => {
  const pixels = (...data: number[]) => ({ width: 2, height: 1, data: new Uint8ClampedArray(data) });
  const clean = pixels(1, 2, 3, 255, 100, 100, 100, 255);
  const changed = pixels(1, 0, 9, 255, 90, 90, 90, 255);

  it('are read at the place, grey ones once, changes with their sign', () => {
    expect(valuesAt(clean, { x: 0, y: 0 }, 3)).toEqual([1, 2, 3]);
    expect(valuesAt(clean, { x: 1, y: 0 }, 1)).toEqual([100]);
    expect(changeAt(clean, changed, { x: 0, y: 0 }, 3)).toEqual(['0', '−2', '+6']);
    expect(changeAt(clean, changed, { x: 1, y: 0 }, 1)).toEqual(['−10']);
    expect(signed(-0)).toBe('0');
    expect(textAt(clean, { x: 1, y: 0 }, 3)).toEqual(['100', '100', '100']);
    // Beside the picture there are none, rather than those of another row.
    const tall = { ...clean, width: 1, height: 2 };
    expect([textAt(tall, { x: 1, y: 0 }, 3), textAt(tall, { x: 0, y: 2 }, 3), textAt(tall, { x: 0, y: 1 }, 1)]).toEqual([[], [], ['100']]);
    expect(changeAt(clean, tall, { x: 1, y: 0 }, 3)).toEqual([]);
  });
});
