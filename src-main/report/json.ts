import { createHash } from 'node:crypto';
import { canonicalJson } from '../../shared/canonical.ts';
import { Results } from '../../shared/results.ts';
import { SCHEMA_ID } from './schema.ts';

/** The same value for reading: what fits on a line of `width` characters stays on one, and simple values fill lines. */
export function compactJson(value: unknown, width: number, indent = '', lead = 0): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const inner = `${indent}  `;
  const list = Array.isArray(value);
  const entries = Object.entries(value).map(([key, item]) => {
    const name = list ? '' : `${JSON.stringify(key)}: `;
    return { simple: item === null || typeof item !== 'object', text: name + compactJson(item, width, inner, name.length) };
  });
  const [open, close] = list ? '[]' : '{}';
  if (entries.length === 0) return `${open}${close}`;
  const line = `${open} ${entries.map((entry) => entry.text).join(', ')} ${close}`;
  if (indent.length + lead + line.length <= width && !line.includes('\n')) return line;
  let text = '';
  let used = 0;
  entries.forEach((entry, i) => {
    const piece = entry.text + (i < entries.length - 1 ? ',' : '');
    const joins = i > 0 && entry.simple && entries[i - 1]!.simple && used + 1 + piece.length <= width;
    text += joins ? ` ${piece}` : `\n${inner}${piece}`;
    used = joins ? used + 1 + piece.length : inner.length + piece.length;
  });
  return `${open}${text}\n${indent}${close}`;
}

/** Of results that nobody changes any more: a report needs their text for its attachment and for each hash. */
const texts = new WeakMap<Results, string>();

/** Results as they are read from their file: options of attacks, say, are in another order there than in a plan. */
export function asRead(results: Results): Results {
  const text = resultsText(results);
  const read = Results.parse(JSON.parse(text));
  texts.set(read, text);
  return read;
}

/** The text of results.json. Throws a ZodError when the results break their own schema (a defect, not a user's error). */
export function resultsText(results: Results): string {
  return texts.get(results) ?? canonicalJson(Results.parse({ ...results, $schema: SCHEMA_ID }));
}

/** sha256 of results.json as written, in hex: what `sha256sum results.json` prints. */
export function resultsHash(results: Results): string {
  return sha256(resultsText(results));
}

/**
 * sha256 of the results without `timing`, the only part that differs between two runs of one plan:
 * a repeat by somebody else gives the same fingerprint.
 */
export function resultsFingerprint(results: Results): string {
  const { timing: _, ...rest } = Results.parse({ ...results, $schema: SCHEMA_ID });
  return sha256(canonicalJson(rest));
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
