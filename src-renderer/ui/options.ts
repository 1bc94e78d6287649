/** What a list offers, from a table of words by value. */
export function optionsOf(table: Readonly<Record<string, string>>): { value: string; text: string }[] {
  return Object.entries(table).map(([value, text]) => ({ value, text }));
}
