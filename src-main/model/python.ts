/** A text or a sign of a Python literal; what is between strings may only be these. */
const TOKEN = /\s+|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|[[\]{}(),:]|-?\d+(?:\.\d+)?|None|True|False/y;
const WORDS: Record<string, string> = { None: 'null', True: 'true', False: 'false', '(': '[', ')': ']' };

/**
 * A dictionary or list of texts and numbers as Python prints it, `{0: 'tench', 1: "fisher's net"}`, as JSON; null for anything else.
 */
export function pythonToJson(text: string): string | null {
  const out: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return null;
    if (token.trim() === '') continue;
    // A comma before a bracket is allowed there.
    if (/^[\]})]$/.test(token) && out.at(-1) === ',') out.pop();
    // A key may be a number.
    if (token === ':' && /^-?\d/.test(out.at(-1) ?? '')) out.push(`"${out.pop()!}"`);
    out.push(/^['"]/.test(token) ? quoted(token) : (WORDS[token] ?? token));
  }
  return out.join('');
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r' };

function quoted(token: string): string {
  return JSON.stringify(
    token
      .slice(1, -1)
      .replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))/gi, (_, x?: string, u?: string, one = '') =>
        (x ?? u) ? String.fromCharCode(parseInt((x ?? u)!, 16)) : (ESCAPES[one as string] ?? (one as string)),
      ),
  );
}
