/**
 * How well what somebody types fits a text, 0 for not at all: every word must be there; best at the start of the text,
 * then at the start of a word, then anywhere; at last the letters in order, as `sag` for "Start audit again".
 */
export function match(query: string, text: string): number {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const hay = text.toLowerCase();
  let score = 1;
  for (const word of words) {
    const at = hay.indexOf(word);
    if (at < 0) return words.length === 1 && initials(word, hay) ? 0.1 : 0;
    score *= at === 0 ? 1 : /[\s(:]/.test(hay[at - 1]!) ? 0.8 : 0.5;
  }
  return score;
}

/** Whether the letters start words of the text, in order. */
function initials(letters: string, text: string): boolean {
  let at = 0;
  for (const word of text.split(/[\s(:]+/)) if (word[0] === letters[at]) at += 1;
  return at >= letters.length;
}
