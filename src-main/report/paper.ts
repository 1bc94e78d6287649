import PDFDocument from 'pdfkit';
import type { Face } from './fonts.ts';
import { fontFiles } from './fonts.ts';
import type { Measure, Piece, Rich } from './rich.ts';
import { breakLines, plain, widthOf } from './rich.ts';
import { BODY_WIDTH, COLOR, PAGE, SIZE } from './theme.ts';

type Element = ReturnType<PDFKit.PDFDocument['struct']>;

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

const STYLE: Required<TextStyle> = { size: SIZE.body, face: 'text', color: COLOR.ink, align: 'left', leading: 1.42 };

/**
 * A tagged PDF that is written from top to bottom. Keeps the place on the page, breaks pages before
 * what must stay together, and puts everything it draws into the structure tree or marks it as
 * decoration, which screen readers skip.
 */
export class Paper implements Measure {
  readonly doc: PDFKit.PDFDocument;
  y: number = PAGE.top;
  readonly bottom = PAGE.height - PAGE.bottom;
  private depth = 1;
  /** Of size 1; laying out text is what takes the time. */
  private readonly widths = new Map<string, number>();
  private readonly elements: Element[];
  private readonly coverage: Record<Face, (codePoint: number) => boolean>;

  constructor(info: { title: string; subject: string; date: Date; creator: string }) {
    const files = fontFiles();
    this.doc = new PDFDocument({
      autoFirstPage: false,
      bufferPages: true,
      size: 'A4',
      // Nothing flows by itself: a margin would make pdfkit break pages of its own.
      margin: 0,
      pdfVersion: '1.7',
      tagged: true,
      displayTitle: true,
      lang: 'en',
      font: files.text,
      // The date of the audit, not of the writing: the same results give the same bytes.
      info: { Title: info.title, Subject: info.subject, Creator: info.creator, Producer: 'PDFKit', CreationDate: info.date, ModDate: info.date },
    });
    for (const face of Object.keys(files) as Face[]) this.doc.registerFont(face, files[face]);
    const coverageOf = (face: Face) => {
      this.doc.font(face);
      const { font } = (this.doc as unknown as { _font: { font: { hasGlyphForCodePoint(point: number): boolean } } })._font;
      return (point: number) => font.hasGlyphForCodePoint(point);
    };
    this.coverage = { text: coverageOf('text'), bold: coverageOf('bold'), mono: coverageOf('mono') };
    const root = this.doc.struct('Document');
    this.doc.addStructure(root);
    this.elements = [root];
    this.addPage();
  }

  covers(face: Face, codePoint: number): boolean {
    return this.coverage[face](codePoint);
  }

  width(text: string, face: Face, number = false, size = 1): number {
    const key = `${face} ${number} ${text}`;
    let width = this.widths.get(key);
    if (width === undefined) {
      width = this.doc.font(face).fontSize(1).widthOfString(text, featuresOf(face, number));
      this.widths.set(key, width);
    }
    return width * size;
  }

  /** Cuts text to a width, with … in the place of its end, or of its start (paths, whose end says most). */
  fit(text: string, face: Face, size: number, width: number, cut: 'end' | 'start' = 'end'): string {
    if (this.lineWidth(text, face, size) <= width) return text;
    const characters = [...text];
    for (let kept = characters.length - 1; kept > 0; kept--) {
      const short = cut === 'end' ? `${characters.slice(0, kept).join('').trimEnd()}…` : `…${characters.slice(-kept).join('')}`;
      if (this.lineWidth(short, face, size) <= width) return short;
    }
    return '…';
  }

  /** Width of text on one line. */
  lineWidth(text: string, face: Face, size: number): number {
    const lines = breakLines(text, face, COLOR.ink, Infinity, this);
    return size * widthOf(lines[0]!);
  }

  addPage(): void {
    this.doc.addPage();
    this.y = PAGE.top;
  }

  /** Breaks the page unless `height` still fits. */
  need(height: number): void {
    if (this.y + height > this.bottom && this.y > PAGE.top) this.addPage();
  }

  space(height: number): void {
    if (this.y > PAGE.top) this.y += height;
  }

  /** Everything drawn inside becomes a part of one structure element. */
  async group<T>(type: string, inside: () => T | Promise<T>): Promise<T> {
    const element = this.open(type);
    try {
      return await inside();
    } finally {
      this.close(element);
    }
  }

  open(type: string, options: object = {}): Element {
    const element = this.doc.struct(type, options);
    this.elements.at(-1)!.add(element);
    this.elements.push(element);
    return element;
  }

  close(element: Element): void {
    this.elements.pop();
    element.end();
  }

  /** Draws content as one leaf of the structure tree. */
  leaf(type: string, options: object, draw: () => void): void {
    this.elements.at(-1)!.add(this.doc.struct(type, options, draw));
  }

  /** Draws decoration: not in the structure tree. */
  decorate(draw: () => void): void {
    this.doc.markContent('Artifact', { type: 'Layout' });
    draw();
    this.doc.endMarkedContent();
  }

  /** Text broken into lines of a width, not yet drawn. */
  measure(rich: Rich, width: number, style: TextStyle = {}): Block {
    const full = { ...STYLE, ...style };
    const measure: Measure = { width: (text, face, number) => this.width(text, face, number, full.size), covers: (face, point) => this.covers(face, point) };
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

  rule(y = this.y, color: string = COLOR.rule, width = 0.5, from: number = PAGE.left, to: number = PAGE.width - PAGE.right): void {
    this.decorate(() => this.doc.moveTo(from, y).lineTo(to, y).lineWidth(width).strokeColor(color).stroke());
  }

  /** Footers on every page, then the whole file. */
  async finish(footer: (page: number, pages: number) => [Rich, Rich]): Promise<Uint8Array> {
    const { start, count } = this.doc.bufferedPageRange();
    for (let page = 0; page < count; page++) {
      this.doc.switchToPage(start + page);
      const [left, right] = footer(page + 1, count);
      const y = PAGE.height - 40;
      this.doc.markContent('Artifact', { type: 'Pagination' });
      this.doc.moveTo(PAGE.left, y).lineTo(PAGE.width - PAGE.right, y).lineWidth(0.5).strokeColor(COLOR.rule).stroke();
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

/**
 * Digits of one width in numbers; no contextual forms: `->` in a command stays two characters, and looking
 * for them is what takes most of the time of laying out text.
 */
const TEXT_FEATURES = { calt: false, liga: false };
const NUMBER_FEATURES = { ...TEXT_FEATURES, tnum: true, kern: false };

function featuresOf(face: Face, number: boolean): { features: PDFKit.Mixins.OpenTypeFeatures[] } {
  const features: unknown = number && face !== 'mono' ? NUMBER_FEATURES : TEXT_FEATURES;
  return { features: features as PDFKit.Mixins.OpenTypeFeatures[] };
}
