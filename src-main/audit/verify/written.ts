/**
 * Whether a text says what was read of it and nothing besides: eyes and other programs see a field that Hairline does not have,
 * and of a field that stands twice they may take the one that Hairline passed over.
 * @param read what its schema took of it
 * @param written how Hairline writes what the text holds
 * @param migrated what the text holds by the names that were read
 */
export function writtenProblems(
  file: string,
  text: string,
  read: unknown,
  written: (raw: unknown) => string,
  migrated: (raw: unknown) => unknown = (raw) => raw,
): string[] {
  const raw = JSON.parse(text) as unknown;
  const place = stranger(migrated(raw), read);
  if (place !== null) return [`${file}, ${place.join(', ')}: Hairline writes no such field.`];
  return text === written(raw)
    ? []
    : [`${file} is written otherwise than Hairline writes it, such as with a field that stands in it twice.`];
}

/** The way to the first field of a value that was not taken of it; null where all were. */
function stranger(raw: unknown, read: unknown): string[] | null {
  if (raw === null || typeof raw !== 'object' || read === null || typeof read !== 'object') return null;
  for (const [key, value] of Object.entries(raw)) {
    if (!Object.hasOwn(read, key)) return [key];
    const inside = stranger(value, (read as Record<string, unknown>)[key]);
    if (inside !== null) return [key, ...inside];
  }
  return null;
}
