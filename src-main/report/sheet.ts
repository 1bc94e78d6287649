import PDFDocument from 'pdfkit';
import type { Face } from './fonts.ts';
import { fontFiles } from './fonts.ts';
import type { Measure } from './rich.ts';
import { COLOR, PAGE } from './theme.ts';

type Element = ReturnType<PDFKit.PDFDocument['struct']>;

/**
 * The pages, the faces and the structure tree of a tagged PDF. Everything is drawn either as a part of
 * the tree or as decoration, which screen readers skip.
 */
export class Sheet implements Measure {
  readonly doc: PDFKit.PDFDocument;
  y: number = PAGE.top;
  readonly bottom = PAGE.height - PAGE.bottom;
  /** Of size 1; laying out text is what takes the time. */
  private readonly widths = new Map<string, number>();
  protected readonly elements: Element[];
  private readonly coverage: Record<Face, (codePoint: number) => boolean>;

  /** @param info.drawnBy by which `verify` knows whether it would draw the same */
  constructor(info: { title: string; subject: string; date: Date; creator: string; drawnBy: string | null }) {
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
      // None by default: pdfkit would load one for nothing.
      font: null as unknown as string,
      // The date of the audit, not of the writing: the same results give the same bytes.
      info: {
        Title: info.title,
        Subject: info.subject,
        Creator: info.creator,
        Producer: 'PDFKit',
        ...(info.drawnBy && { Keywords: drawingWords(info.drawnBy) }),
        CreationDate: info.date,
        ModDate: info.date,
      },
    });
    for (const face of Object.keys(files) as Face[]) this.doc.registerFont(face, files[face]);
    const coverageOf = (face: Face) => {
      const embedded = (this.doc.font(face) as unknown as { _font: EmbeddedFont })._font;
      keepLayouts(embedded);
      return (point: number) => embedded.font.hasGlyphForCodePoint(point);
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

  rule(y = this.y, color: string = COLOR.rule, width = 0.5, from: number = PAGE.left, to: number = PAGE.width - PAGE.right): void {
    this.decorate(() => this.doc.moveTo(from, y).lineTo(to, y).lineWidth(width).strokeColor(color).stroke());
  }
}

export function drawingWords(drawnBy: string): string {
  return `drawing ${drawnBy}`;
}

/** What pdfkit's types keep to itself. */
interface EmbeddedFont {
  font: { hasGlyphForCodePoint(point: number): boolean };
  layoutRun(text: string, features?: unknown): Run;
}

interface Run {
  glyphs: unknown[];
  positions: unknown[];
  advanceWidth: number;
}

/**
 * pdfkit lays a text with font features out three times to draw it once: twice for its width, which it had, and once for its glyphs.
 * Here a word is laid out once a document, with the space behind it, as pdfkit does where there are no features.
 */
function keepLayouts(font: EmbeddedFont): void {
  const { layoutRun } = font;
  const kept = new Map<string, Run>();
  const keep = (key: string, run: Run): Run => {
    kept.set(key, run);
    return run;
  };
  font.layoutRun = (text, features) => {
    const key = `${JSON.stringify(features)} ${text}`;
    const known = kept.get(key);
    if (known) return known;
    const words = text.match(/[^ ]* |[^ ]+/g) ?? [];
    if (words.length <= 1) return keep(key, layoutRun.call(font, text, features));
    const runs = words.map((word) => font.layoutRun(word, features));
    return keep(key, {
      glyphs: runs.flatMap(({ glyphs }) => glyphs),
      positions: runs.flatMap(({ positions }) => positions),
      advanceWidth: runs.reduce((width, run) => width + run.advanceWidth, 0),
    });
  };
}

/**
 * Digits of one width in numbers; no contextual forms: `->` in a command stays two characters, and looking
 * for them is what takes most of the time of laying out text.
 */
const TEXT_FEATURES = { calt: false, liga: false };
const NUMBER_FEATURES = { ...TEXT_FEATURES, tnum: true, kern: false };

export function featuresOf(face: Face, number: boolean): { features: PDFKit.Mixins.OpenTypeFeatures[] } {
  const features: unknown = number && face !== 'mono' ? NUMBER_FEATURES : TEXT_FEATURES;
  return { features: features as PDFKit.Mixins.OpenTypeFeatures[] };
}
