/** What part of a picture is seen: zoom 1 shows it whole; `x`, `y` in [0,1] is the point in the middle of the box. */
export interface View {
  zoom: number;
  x: number;
  y: number;
}
export interface Size {
  width: number;
  height: number;
}
export interface Point {
  x: number;
  y: number;
}

export const WHOLE: View = { zoom: 1, x: 0.5, y: 0.5 };
/** Largest pixel on the screen, in CSS px: room for its three values. */
const LARGEST = 64;

/** CSS px per picture pixel when the picture just fits. */
function fitScale(picture: Size, box: Size): number {
  return Math.min(box.width / picture.width, box.height / picture.height);
}

/** The most that zooming in gives. */
export function zoomLimit(picture: Size, box: Size): number {
  return Math.max(1, LARGEST / fitScale(picture, box));
}

/** CSS px per picture pixel, and where the picture's corner lies in the box. A picture smaller than the box is centred, a larger one leaves no gap. */
export function place(view: View, picture: Size, box: Size): { scale: number; left: number; top: number } {
  const scale = view.zoom * fitScale(picture, box);
  const start = (centre: number, size: number, room: number): number =>
    size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, room / 2 - centre * size));
  return { scale, left: start(view.x, picture.width * scale, box.width), top: start(view.y, picture.height * scale, box.height) };
}

/** The view whose picture lies at `left`, `top`, or as near to it as `place` allows. */
function viewAt(zoom: number, left: number, top: number, picture: Size, box: Size): View {
  const scale = zoom * fitScale(picture, box);
  const wanted = { zoom, x: (box.width / 2 - left) / (picture.width * scale), y: (box.height / 2 - top) / (picture.height * scale) };
  const placed = place(wanted, picture, box);
  return { zoom, x: (box.width / 2 - placed.left) / (picture.width * scale), y: (box.height / 2 - placed.top) / (picture.height * scale) };
}

/** Zooms by a factor; the spot of the picture at `at` (CSS px in the box) stays there. */
export function zoomAt(view: View, factor: number, at: Point, picture: Size, box: Size): View {
  const { scale, left, top } = place(view, picture, box);
  const zoom = Math.min(zoomLimit(picture, box), Math.max(1, view.zoom * factor));
  const grown = (zoom * fitScale(picture, box)) / scale;
  return viewAt(zoom, at.x - (at.x - left) * grown, at.y - (at.y - top) * grown, picture, box);
}

/** Moves the picture by CSS px. */
export function panBy(view: View, dx: number, dy: number, picture: Size, box: Size): View {
  const { left, top } = place(view, picture, box);
  return viewAt(view.zoom, left + dx, top + dy, picture, box);
}

/** The pixel under a spot of the box, or null beside the picture. */
export function pixelAt(at: Point, view: View, picture: Size, box: Size): Point | null {
  const { scale, left, top } = place(view, picture, box);
  const [x, y] = [Math.floor((at.x - left) / scale), Math.floor((at.y - top) / scale)];
  return x >= 0 && y >= 0 && x < picture.width && y < picture.height ? { x, y } : null;
}

/** Moves the picture just as far as it takes to see a pixel. */
export function reveal(view: View, pixel: Point, picture: Size, box: Size): View {
  const { scale, left, top } = place(view, picture, box);
  const missing = (start: number, room: number): number => Math.max(0, -start) - Math.max(0, start + scale - room);
  return panBy(view, missing(left + pixel.x * scale, box.width), missing(top + pixel.y * scale, box.height), picture, box);
}
