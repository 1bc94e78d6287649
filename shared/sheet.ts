/** Many small pictures as one: square cells row by row, so that a window asks once for a whole screen of thumbnails. */
export const SHEET_COLUMNS = 8;
/** Pictures in a sheet at most, and px of a cell's side. */
export const SHEET_MOST = 48;
export const SHEET_SIDE = 512;

/** Where a cell of so many px begins. */
export function cellAt(index: number, side: number): { x: number; y: number } {
  return { x: (index % SHEET_COLUMNS) * side, y: Math.floor(index / SHEET_COLUMNS) * side };
}

/** The size of a picture in its cell, whose upper left corner it takes: never enlarged. */
export function fitted({ width, height }: { width: number; height: number }, side: number): { width: number; height: number } {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
