import type { Face } from './fonts.ts';
import type { Measure, Piece, Rich } from './rich.ts';
import { breakLines, plain, widthOf } from './rich.ts';
import { featuresOf, Sheet } from './sheet.ts';
import { BODY_WIDTH, COLOR, PAGE, SIZE } from './theme.ts';

export interface TextStyle {
  size?: number;
  face?: Face;
  color?: string;
  align?: 'left' | 'right' | 'center';
  /** Line height as a multiple of the size. */
  leading?: number;
}

/** Lines that were measured and can be drawn: what a table cell or a paragraph is before it has a place. */
export interface Block {
  lines: Piece[][];
  lineHeight: number;
  height: number;
  style: Required<TextStyle>;
  width: number;
}

/** Characters that are tried for one line. */
const LONGEST = 400;

const STYLE: Required<TextStyle> = { size: SIZE.body, face: 'text', color: COLOR.ink, align: 'left', leading: 1.42 };

/**
 * A sheet that is written from top to bottom: text, paragraphs and headings that keep the place on the
 * page and break pages before what must stay together.
 */
export class Paper extends Sheet {
  private depth = 1;

  /** Cuts text to a width, with … in the place of its end, or of its start (paths, whose end says most). */
  fit(text: string, face: Face, size: number, width: number, cut: 'end' | 'start' = 'end'): string {
    // Before anything is measured: no line holds more.
    const characters = [...(cut === 'end' ? text.slice(0, LONGEST) : text.slice(-LONGEST))];
    const start = (kept: number): string =>
      cut === 'end' ? `${characters.slice(0, kept).join('').trimEnd()}…` : `…${characters.slice(-kept).join('')}`;
    if (text.length <= LONGEST && this.lineWidth(text, face, size) <= width) return text;
    let [fits, over] = [0, characters.length];
    while (over - fits > 1) {
      const middle = (fits + over) >> 1;
      if (this.lineWidth(start(middle), face, size) <= width) fits = middle;
      else over = middle;
    }
    return fits > 0 ? start(fits) : '…';
  }

  /** Whether there are letters for all of a text. */
  sets(text: string): boolean {
    return [...text].every((character) => this.covers('text', character.codePointAt(0)!));
  }

  /** Width of text on one line. */
  lineWidth(text: string, face: Face, size: number): number {
    const lines = breakLines(text, face, COLOR.ink, Infinity, this);
    return size * widthOf(lines[0]!);
  }

  /** Text broken into lines of a width, not yet drawn. */
  measure(rich: Rich, width: number, style: TextStyle = {}): Block {
    const full = { ...STYLE, ...style };
    const measure: Measure = {
      width: (text, face, number) => this.width(text, face, number, full.size),
      covers: (face, point) => this.covers(face, point),
    };
    const lines = breakLines(rich, full.face, full.color, width, measure);
    const lineHeight = full.size * full.leading;
    return { lines, lineHeight, height: lines.length * lineHeight, style: full, width };
  }

  /** Draws measured text with its upper left corner at x, y. */
  draw(block: Block, x: number, y: number): void {
    const { size, align } = block.style;
    block.lines.forEach((line, i) => {
      const slack = block.width - widthOf(line);
      let left = x + (align === 'right' ? slack : align === 'center' ? slack / 2 : 0);
      // Capitals of 0.73 em stand in the middle of the line, whatever the face.
      const baseline = y + (i + 0.5) * block.lineHeight + 0.36 * size;
      for (const piece of line) {
        this.doc.font(piece.face).fontSize(size).fillColor(piece.color);
        this.doc.text(piece.text, left, baseline, { lineBreak: false, baseline: 'alphabetic', ...featuresOf(piece.face, piece.number) });
        left += piece.width;
      }
    });
  }

  /** Draws text that may run over the page's end, inside a leaf; gives the place below it. */
  flow(block: Block, x: number, y: number): number {
    let rest = block.lines;
    for (;;) {
      let fits = Math.max(1, Math.floor((this.bottom - y) / block.lineHeight + 1e-6));
      // Two lines at least on either side of a break.
      if (rest.length - fits === 1 && fits > 2) fits -= 1;
      this.draw({ ...block, lines: rest.slice(0, fits) }, x, y);
      y += Math.min(fits, rest.length) * block.lineHeight;
      rest = rest.slice(fits);
      if (rest.length === 0) return y;
      this.doc.continueOnNewPage();
      y = PAGE.top;
    }
  }

  /** A paragraph over the body's width; may run over a page's end between lines. */
  text(rich: Rich, style: TextStyle & { after?: number; type?: string; indent?: number } = {}): void {
    const indent = style.indent ?? 0;
    const block = this.measure(rich, BODY_WIDTH - indent, style);
    this.need(Math.min(block.height, 2 * block.lineHeight));
    this.leaf(style.type ?? 'P', {}, () => {
      this.y = this.flow(block, PAGE.left + indent, this.y);
    });
    this.y += style.after ?? 6;
  }

  /** Draws text somewhere, in the structure tree, without moving the place on the page. */
  put(rich: Rich, x: number, y: number, width: number, style: TextStyle & { type?: string } = {}): Block {
    const block = this.measure(rich, width, style);
    this.leaf(style.type ?? 'P', {}, () => this.draw(block, x, y));
    return block;
  }

  /** A heading that never stands alone at a page's end: `keep` is the height that must follow it. */
  heading(level: 1 | 2, text: string, keep = 60): void {
    const size = level === 1 ? SIZE.h1 : SIZE.h2;
    this.space(level === 1 ? 20 : 13);
    const block = this.measure(text, BODY_WIDTH, { size, face: 'bold', leading: 1.25 });
    this.need(block.height + 6 + keep);
    if (level === 1) this.doc.outline.addItem(plain(text));
    // A document's levels go down one at a time, whatever the size of the letters.
    this.depth = Math.min(level + 1, this.depth + 1);
    this.leaf(`H${this.depth}`, {}, () => this.draw(block, PAGE.left, this.y));
    this.y += block.height + (level === 1 ? 7 : 4);
  }

  /** Footers on every page, then the whole file. */
  async finish(footer: (page: number, pages: number) => [Rich, Rich]): Promise<Uint8Array> {
    const { start, count } = this.doc.bufferedPageRange();
    for (let page = 0; page < count; page++) {
      this.doc.switchToPage(start + page);
      const [left, right] = footer(page + 1, count);
      const y = PAGE.height - 40;
      this.doc.markContent('Artifact', { type: 'Pagination' });
      this.doc
        .moveTo(PAGE.left, y)
        .lineTo(PAGE.width - PAGE.right, y)
        .lineWidth(0.5)
        .strokeColor(COLOR.rule)
        .stroke();
      const style = { size: SIZE.footer, color: COLOR.soft };
      this.draw(this.measure(left, BODY_WIDTH, style), PAGE.left, y + 5);
      this.draw(this.measure(right, BODY_WIDTH, { ...style, align: 'right' }), PAGE.left, y + 5);
      this.doc.endMarkedContent();
    }
    for (const element of this.elements.reverse()) element.end();
    const chunks: Uint8Array[] = [];
    this.doc.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    const ended = new Promise<void>((resolve, reject) => this.doc.on('end', resolve).on('error', reject));
    this.doc.end();
    await ended;
    return new Uint8Array(Buffer.concat(chunks));
  }
}
