import { shortened } from '../../shared/printable.ts';
import type { Face } from './fonts.ts';

/** A stretch of text in one face and colour. */
export interface Run {
  text: string;
  face?: Face;
  color?: string;
}
/** Text as the sections write it: plain, or plain and marked stretches in turn. */
export type Rich = string | readonly (string | Run)[];

/** A stretch that was placed on a line. */
export interface Piece {
  text: string;
  face: Face;
  color: string;
  /** A number: set with digits of one width, and without kerning, which eats the point in `7.5`. */
  number: boolean;
  width: number;
}

/** What line breaking needs to know of the page. */
export interface Measure {
  width(text: string, face: Face, number: boolean): number;
  /** Whether a face can draw a character. */
  covers(face: Face, codePoint: number): boolean;
}

export const bold = (text: string): Run => ({ text, face: 'bold' });
export const mono = (text: string): Run => ({ text, face: 'mono' });

/** The words of a text without marks, as a reader aloud says them. */
export function plain(rich: Rich): string {
  return typeof rich === 'string' ? rich : rich.map((part) => (typeof part === 'string' ? part : part.text)).join('');
}

/*
 * Titles and names of files, classes and values are somebody else's, and may be as long as a file. Nobody reads thousands of letters
 * on a page, and laying them out takes longer than an audit; the whole of them stands in the attached results.json.
 */
/** Characters of a line of a text, and of all of it. */
const LONGEST_LINE = 2000;
const LONGEST_TEXT = 20_000;
/** More than any line of a page holds. */
const MOST_IN_LINE = 400;

/** A text as it is laid out: what is far too long without its middle. */
function bounded(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  return shortened(text, LONGEST_TEXT)
    .split('\n')
    .map((line) => shortened(line, LONGEST_LINE))
    .join('\n');
}

// Control characters and marks that turn the direction of writing: a file name must not be able to
// show itself as another one. They stand as their code, as characters do that no face has: two names stay two.
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A character that cannot be drawn, as JavaScript writes it. */
function code(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/**
 * Breaks text into lines no wider than `width`: at spaces, and inside a word only where it is too long
 * for a line of its own (paths, hashes), then best after punctuation. Characters that a face lacks are
 * taken from the text face, and written as their code where that lacks them too.
 */
export function breakLines(rich: Rich, face: Face, color: string, width: number, measure: Measure): Piece[][] {
  const runs = (typeof rich === 'string' ? [rich] : rich).map((part) => (typeof part === 'string' ? { text: part } : part));
  const lines: Piece[][] = [[]];
  let used = 0;
  let word: Piece[] = [];
  const flush = (): void => {
    const wide = widthOf(word);
    if (used > 0 && used + wide > width) newLine();
    if (wide > width) for (const part of chopped(word, width, measure)) place(part);
    else word.forEach(place);
    word = [];
  };
  const place = (piece: Piece): void => {
    if (used > 0 && used + piece.width > width) newLine();
    lines.at(-1)!.push(piece);
    used += piece.width;
  };
  const newLine = (): void => {
    lines.push([]);
    used = 0;
  };
  for (const run of runs) {
    const style = { face: run.face ?? face, color: run.color ?? color };
    for (const token of bounded(run.text)
      .replace(UNSAFE, code)
      .split(/( +|\n)/)) {
      if (token === '') continue;
      if (token !== '\n' && token.trim() !== '') word.push(...pieces(token, style, measure));
      else {
        flush();
        if (token === '\n') newLine();
        else if (used > 0)
          place({
            text: token,
            ...style,
            number: false,
            width: Math.min(measure.width(token, style.face, false), Math.max(0, width - used)),
          });
      }
    }
  }
  flush();
  return lines.map(joined);
}

/** Splits a word where the face has to change for want of a glyph, and around its numbers. */
function pieces(token: string, style: { face: Face; color: string }, measure: Measure): Piece[] {
  const found: Piece[] = [];
  for (const part of token.split(/(\d(?:[\d.,]*\d)?)/)) {
    const number = /^\d/.test(part) && style.face !== 'mono';
    let fresh = true;
    for (const character of part) {
      const point = character.codePointAt(0)!;
      const own = measure.covers(style.face, point);
      const face = own || style.face === 'bold' ? style.face : 'text';
      const text = own || measure.covers(face, point) ? character : code(character);
      const last = found.at(-1);
      if (!fresh && last?.face === face) last.text += text;
      else found.push({ text, face, color: style.color, number, width: 0 });
      fresh = false;
    }
  }
  for (const piece of found) piece.width = measure.width(piece.text, piece.face, piece.number);
  return found;
}

/** A word too long for a line, in parts that fit: after / \ _ - . , where that leaves a fair line, else anywhere. */
function chopped(word: Piece[], width: number, measure: Measure): Piece[] {
  return word.flatMap((piece) => {
    const parts: Piece[] = [];
    let rest = [...piece.text];
    while (rest.length > 0) {
      // Binary search for the longest start that fits; at least one character, or it would never end.
      let fits = 1;
      for (let low = 1, high = Math.min(rest.length, MOST_IN_LINE); low <= high;) {
        const middle = (low + high) >> 1;
        if (measure.width(rest.slice(0, middle).join(''), piece.face, piece.number) <= width) {
          fits = middle;
          low = middle + 1;
        } else high = middle - 1;
      }
      if (fits < rest.length) {
        const after = rest.slice(0, fits).findLastIndex((character) => '/\\_-.,:'.includes(character));
        if (after + 1 > fits * 0.6) fits = after + 1;
      }
      const text = rest.slice(0, fits).join('');
      parts.push({ ...piece, text, width: measure.width(text, piece.face, piece.number) });
      rest = rest.slice(fits);
    }
    return parts;
  });
}

/**
 * Joins neighbours in one style, so that a line is few drawing calls. The space at a break stays in the
 * text, for those who copy it or hear it read, but counts for no width.
 */
function joined(line: Piece[]): Piece[] {
  const out: Piece[] = [];
  const kept = [...line];
  while (kept.length > 0 && /^ +$/.test(kept.at(-1)!.text)) kept.pop();
  for (const piece of kept) {
    const last = out.at(-1);
    if (last && last.face === piece.face && last.color === piece.color && last.number === piece.number) {
      last.text += piece.text;
      last.width += piece.width;
    } else out.push({ ...piece });
  }
  if (kept.length > 0 && kept.length < line.length) out.at(-1)!.text += ' ';
  return out;
}

export function widthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.width, 0);
}
