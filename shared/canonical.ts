/**
 * JSON with keys in the order of their UTF-16 code units and two spaces of indent: two equal values
 * are equal byte for byte, however they were built. Numbers are written as JSON.stringify does
 * (shortest text that reads back to the same double, as RFC 8785 asks).
 */
export function canonicalJson(value: unknown): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
