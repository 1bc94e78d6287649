/*
 * Names of files, classes, layers and operators are written by somebody else, and may hold what a terminal obeys (escape sequences),
 * what turns the order of the letters around it (bidirectional marks), what nobody sees (zero-width characters), and line ends.
 */

/** Controls, invisible format characters, line and paragraph separators, halves of pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The text on one line with everything unseen made visible: `\u{1b}` for an escape. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** A text of at most about `most` characters: its start and its end, which tell most of a name. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor((most - 1) / 2);
  // A pair that is cut in the middle would leave half a character.
  return `${text.slice(0, half)}…${text.slice(-half)}`.replace(/\p{Cs}/gu, '');
}

/** A value as one line of JSON that holds nothing unseen: the escapes are JSON's own, and what is parsed is the same. */
export function jsonLine(value: unknown): string {
  // Two units for a character beyond 16 bits.
  return JSON.stringify(value).replace(UNSEEN, (character) =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** A value in a sentence, such as the wrong one of many: never long, and never deep. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
  return typeof value === 'string' ? JSON.stringify(shortened(value, 80)) : String(value);
}
