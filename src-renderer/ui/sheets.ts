import type { LoadedImage } from '../../shared/contract.ts';
import { cellAt, fitted, SHEET_SIDE } from '../../shared/sheet.ts';
import { theHost } from '../host/index.ts';
import { sheetOf, sheetSide, sheetStarts } from '../logic/sheets.ts';

/** Sheets asked for at once. */
const AT_ONCE = 3;
/** Bytes of sheets that are kept. */
const KEPT = 96e6;

/** A thumbnail on its sheet. */
export interface Thumbnail {
  sheet: ImageBitmap;
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Sheet {
  /** Which pictures are on it. */
  key: string;
  side: number;
  /** null: could not be had. */
  bitmap: ImageBitmap | null;
  /** Which of its pictures could not be read. */
  missing: ReadonlySet<number>;
  /** Of the list as it is now; else it stays on show until it was asked for anew. */
  fresh: boolean;
}

/** The thumbnails of a long list, fetched a sheet at a time when they come into view. */
export class Sheets {
  private readonly arrived: () => void;
  private images: readonly LoadedImage[] = [];
  private shown = 0;
  /** At which picture each sheet begins, and what tells it from another of the same number. */
  private starts: number[] = [];
  private keys: string[] = [];
  /** By number, the one fetched last at the end. */
  private readonly sheets = new Map<number, Sheet>();
  private readonly asked = new Set<string>();
  private wanted: number[] = [];

  /** @param arrived called when there is more to draw */
  constructor(arrived: () => void) {
    this.arrived = arrived;
  }

  /** @param shown px of the screen that the longer side of a picture takes */
  list(images: readonly LoadedImage[], shown: number): void {
    [this.images, this.shown, this.starts] = [images, Math.min(SHEET_SIDE, Math.round(shown)), sheetStarts(images)];
    this.keys = this.starts.map((_, n) => [this.shown, ...this.page(n).map(({ id, source }) => `${id} ${source}`)].join('\n'));
    for (const sheet of this.sheets.values()) sheet.fresh = false;
    this.wanted = [];
  }

  /** Which pictures are in view now: what was wanted before and is not there yet is not asked for any more. */
  want(first: number, last: number): void {
    this.wanted = [];
    if (this.images.length === 0) return;
    for (let n = sheetOf(this.starts, first); n <= sheetOf(this.starts, Math.min(last, this.images.length - 1)); n++) this.wanted.push(n);
    this.ask();
  }

  /** null: not there yet. */
  thumbnail(at: number): Thumbnail | 'missing' | null {
    const n = sheetOf(this.starts, at);
    const sheet = this.sheets.get(n);
    if (!sheet || sheet.key !== this.keys[n]) return null;
    const index = at - this.starts[n]!;
    if (!sheet.bitmap || sheet.missing.has(index)) return 'missing';
    return { sheet: sheet.bitmap, ...cellAt(index, sheet.side), ...fitted(this.images[at]!, sheet.side) };
  }

  close(): void {
    for (const { bitmap } of this.sheets.values()) bitmap?.close();
    this.sheets.clear();
    // What is still to come is let go.
    [this.images, this.wanted] = [[], []];
  }

  private page(n: number): readonly LoadedImage[] {
    return this.images.slice(this.starts[n], this.starts[n + 1]);
  }

  private ask(): void {
    for (const n of this.wanted) {
      const key = this.keys[n]!;
      const sheet = this.sheets.get(n);
      if (this.asked.size >= AT_ONCE || this.asked.has(key) || (sheet?.fresh && sheet.key === key)) continue;
      this.asked.add(key);
      void this.fetch(n, key).finally(() => {
        this.asked.delete(key);
        this.ask();
      });
    }
  }

  private async fetch(n: number, key: string): Promise<void> {
    const of = this.images;
    const images = this.page(n);
    const side = sheetSide(images, this.shown);
    const bitmap = await load(theHost().pictureUrl({ kind: 'sheet', images: images.map(({ id }) => id), side }));
    // Another list may have come meanwhile, with other pictures under the same names.
    if (of !== this.images) return bitmap?.close();
    this.sheets.get(n)?.bitmap?.close();
    this.sheets.delete(n);
    this.sheets.set(n, { key, side, bitmap, missing: bitmap ? blanks(bitmap, images.length, side) : new Set(), fresh: true });
    this.forget();
    this.arrived();
  }

  /** Lets the sheets go that were not used for long. */
  private forget(): void {
    let bytes = 0;
    for (const [n, { bitmap }] of [...this.sheets].reverse()) {
      bytes += bitmap ? 4 * bitmap.width * bitmap.height : 0;
      if (bytes < KEPT || this.wanted.includes(n)) continue;
      bitmap?.close();
      this.sheets.delete(n);
    }
  }
}

async function load(url: string): Promise<ImageBitmap | null> {
  try {
    const answer = await fetch(url);
    return answer.ok ? await createImageBitmap(await answer.blob()) : null;
  } catch {
    return null;
  }
}

/** Cells with nothing in them, by one pixel of each. */
function blanks(sheet: ImageBitmap, count: number, side: number): Set<number> {
  const context = new OffscreenCanvas(count, 1).getContext('2d')!;
  for (let i = 0; i < count; i++) {
    const { x, y } = cellAt(i, side);
    context.drawImage(sheet, x, y, 1, 1, i, 0, 1, 1);
  }
  const { data } = context.getImageData(0, 0, count, 1);
  return new Set(Array.from({ length: count }, (_, i) => i).filter((i) => data[4 * i + 3] === 0));
}
