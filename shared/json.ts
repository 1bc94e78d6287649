/** Deeper than anything that people or programs write for labels, names and settings. */
const DEEPEST = 100;

/**
 * `JSON.parse` of a text that somebody else wrote.
 * @throws SyntaxError when it is no JSON, or nested so deeply that walking through it could exhaust the stack.
 */
export function parseJson(text: string): unknown {
  if (depthOf(text) > DEEPEST) throw new SyntaxError('nested too deeply');
  return JSON.parse(text) as unknown;
}

/** How deep brackets go outside strings. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  let quoted = false;
  for (let i = 0; i < text.length && deepest <= DEEPEST; i++) {
    const character = text[i];
    if (quoted && character === '\\') i++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '[' || character === '{')) deepest = Math.max(deepest, ++depth);
    else if (!quoted && (character === ']' || character === '}')) depth--;
  }
  return deepest;
}
