import type { Pixels } from './difference.ts';
import { place, type Point, type Size, type View } from './zoom.ts';

/** A picture to look at, and what to write into its pixels where there is room. */
export interface Sheet {
  label: string;
  pixels: Pixels;
  values(at: Point): string[];
}
/** One of the pictures of a result. */
export interface Layer extends Sheet {
  id: 'clean' | 'adversarial' | 'difference' | 'output' | 'broken' | 'noise';
}

/** From this size on, in CSS px, pixels are told apart by a grid, and have their values in them. */
const GRID = 8;
const TEXT = 44;

const canvases = new WeakMap<Pixels, HTMLCanvasElement>();

/** The pixels as something a canvas can draw from. */
export function canvasOf(pixels: Pixels): HTMLCanvasElement {
  let canvas = canvases.get(pixels);
  if (!canvas) {
    canvas = document.createElement('canvas');
    canvas.width = pixels.width;
    canvas.height = pixels.height;
    canvas.getContext('2d')!.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
    canvases.set(pixels, canvas);
  }
  return canvas;
}

/** Draws one layer between two edges of the box, in CSS px. Pixels stay squares; only a picture larger than its box is smoothed. */
export function paint(context: CanvasRenderingContext2D, layer: Sheet, view: View, box: Size, from: number, to: number): void {
  const { pixels } = layer;
  const { scale, left, top } = place(view, pixels, box);
  context.save();
  context.beginPath();
  context.rect(from, 0, to - from, box.height);
  context.clip();
  context.imageSmoothingEnabled = scale < 1;
  context.imageSmoothingQuality = 'high';
  context.drawImage(canvasOf(pixels), left, top, pixels.width * scale, pixels.height * scale);
  if (scale >= GRID) {
    const seen = {
      x0: Math.max(0, Math.floor((from - left) / scale)),
      x1: Math.min(pixels.width, Math.ceil((to - left) / scale)),
      y0: Math.max(0, Math.floor(-top / scale)),
      y1: Math.min(pixels.height, Math.ceil((box.height - top) / scale)),
    };
    grid(context, seen, scale, left, top);
    if (scale >= TEXT) write(context, layer, seen, scale, left, top);
  }
  context.restore();
}

interface Seen {
  x0: number;
  x1: number;
  y0: number;
  y1: number;
}

/** Lines that are seen on black, grey and white alike, and stronger the larger the pixels. */
function grid(context: CanvasRenderingContext2D, { x0, x1, y0, y1 }: Seen, scale: number, left: number, top: number): void {
  const light = Math.round(Math.min(40, 4 + 0.6 * scale));
  context.globalCompositeOperation = 'difference';
  context.fillStyle = `rgb(${light}, ${light}, ${light})`;
  for (let x = x0 + 1; x < x1; x++) context.fillRect(Math.round(left + x * scale), top + y0 * scale, 1, (y1 - y0) * scale);
  for (let y = y0 + 1; y < y1; y++) context.fillRect(left + x0 * scale, Math.round(top + y * scale), (x1 - x0) * scale, 1);
  context.globalCompositeOperation = 'source-over';
}

function write(
  context: CanvasRenderingContext2D,
  { pixels, values }: Sheet,
  { x0, x1, y0, y1 }: Seen,
  scale: number,
  left: number,
  top: number,
): void {
  context.font = '10px Inter, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const at = 4 * (y * pixels.width + x);
      const light = 0.299 * pixels.data[at]! + 0.587 * pixels.data[at + 1]! + 0.114 * pixels.data[at + 2]!;
      context.fillStyle = light > 140 ? '#000' : '#fff';
      const lines = values({ x, y });
      lines.forEach((text, index) =>
        context.fillText(text, left + (x + 0.5) * scale, top + (y + 0.5) * scale + 12 * (index - (lines.length - 1) / 2)),
      );
    }
  }
}
