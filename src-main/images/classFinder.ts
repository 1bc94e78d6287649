/** A WordNet id, which ImageNet's folders are named by: at the start of a name, with or without a word behind it. */
const WORDNET = /^(n\d{8})(?:[\s,_-]+|$)/;
/** A number before a name, as some data sets have it: `001.Black_footed_Albatross`, `0 red`. */
const NUMBER = /^\d+[\s._:-]+(?=\D)/;

/** Without regard to case, spaces and underscores, and to how a system writes accents in file names. */
const plain = (text: string): string =>
  text
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
    .trim();

/**
 * Finds the position of a class by name: as it is, else as `plain` has it, else by WordNet id, by one of the synonyms that commas
 * part, or without a number before it. What these would find twice they do not find; -1 when absent.
 * @param ids WordNet ids of the classes, where the names do not begin with them
 */
export function classFinder(names: readonly string[], ids: readonly string[] | null = null): (name: string) => number {
  const named = nameFinder(names);
  const byId = new Map<string, number>();
  const also = new Map<string, number>();
  names.forEach((name, i) => {
    const id = ids?.[i] ?? WORDNET.exec(name)?.[1];
    if (id !== undefined) byId.set(id, i);
    for (const form of formsOf(name)) also.set(form, (also.get(form) ?? i) === i ? i : -1);
  });
  return (name) => {
    const known = named(name) ?? byId.get(WORDNET.exec(name)?.[1] ?? '');
    if (known !== undefined) return known;
    const found = new Set(formsOf(name).flatMap((form) => also.get(form) ?? []));
    return found.size === 1 ? [...found][0]! : -1;
  };
}

/** Finds a class by its whole name: as it is, else as `plain` has it. */
export function nameFinder(names: readonly string[]): (name: string) => number | undefined {
  // The first of equal names counts.
  const places = (of: (name: string) => string): Map<string, number> => new Map(names.map((name, i) => [of(name), i] as const).reverse());
  const [exact, like] = [places((name) => name), places(plain)];
  return (name) => exact.get(name) ?? like.get(plain(name));
}

/** What a class may be called as well: all of its name, and each synonym. */
function formsOf(name: string): string[] {
  const bare = name.replace(WORDNET, '').replace(NUMBER, '');
  return [...new Set([bare, ...bare.split(',')].map(plain))].filter((form) => form !== '');
}
