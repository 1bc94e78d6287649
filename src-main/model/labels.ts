import { UserError, isSystemError } from '../../shared/errors.ts';
import { decodeText, demandUtf8 } from '../../shared/decodeText.ts';
import { parseTable, textLines, wholeNumber } from '../../shared/table.ts';
import { readRegularFile } from '../files/regular.ts';
import { namesFromJson } from './namesJson.ts';
import { ordered } from './ordered.ts';
import type { ClassList } from './ordered.ts';

/** Bytes: the largest published list, ImageNet-21k with all synonyms, has two million. */
const MOST = 16 * 2 ** 20;

/**
 * Reads the names of a model's classes from a file, in class order.
 * @param classes how many classes the model tells apart; null leaves the count unchecked
 * @throws UserError when the file cannot be read, is no regular file, or holds another number of names.
 */
export async function readClasses(path: string, classes: number | null): Promise<ClassList> {
  const bytes = await readRegularFile(path, { most: MOST }).catch((error: unknown) => {
    if (isSystemError(error)) throw new UserError(`The class names file ${path} cannot be read (${error.code}): check its path.`);
    throw error;
  });
  const text = decodeText(bytes);
  demandUtf8(text, path);
  const whole = parseClasses(text, path);
  const list = classes !== null && whole.names.length === classes + 1 && HEADER.test(whole.names[0]!) ? withoutFirst(whole) : whole;
  if (classes !== null && list.names.length !== classes)
    throw new UserError(
      `${path} holds ${list.names.length} class names, but the model has ${classes} classes: give the names that belong to this model.`,
    );
  return list;
}

/** A first line over names that is none. */
const HEADER = /^"?(class|label|name|classes|labels|names|class[ _]?names?|label[ _]?names?|categor(y|ies))"?$/i;
const withoutFirst = ({ names, ids }: ClassList): ClassList => ({ names: names.slice(1), ids: ids?.slice(1) ?? null });

/** The names alone. */
export const readClassNames = async (path: string, classes: number | null): Promise<string[]> => (await readClasses(path, classes)).names;

/** The names alone. */
export const parseClassNames = (text: string, source: string): string[] => parseClasses(text, source).names;

/**
 * Class names from text: a name a line (commas may be part of it); a table of class number and name, told by a header or
 * by numbers in the first column; numbers before or behind each name that count the classes; or JSON as `namesJson.ts` has it.
 * @param source how error messages call the text
 * @throws UserError when it cannot be read that way, or class numbers are not 0..K-1 (or 1..K), each once.
 */
export function parseClasses(text: string, source: string): ClassList {
  const list = /^\s*[[{]/.test(text) ? namesFromJson(text, source) : (fromYaml(text, source) ?? fromText(text, source));
  if (list.names.length === 0 || text.includes('\0'))
    throw new UserError(`${source} holds no class names: give a text file with one name a line.`);
  return list;
}

/** The names of a settings file such as Ultralytics's data.yaml: a list, or lines below `names:`. Null for anything else. */
function fromYaml(text: string, source: string): ClassList | null {
  const found = /^names:[ \t]*(?<flow>[[{][\s\S]*?[\]}])?[ \t]*(?:#.*)?$/m.exec(text);
  if (!found) return null;
  if (found.groups?.['flow'] !== undefined) return namesFromJson(bareWords(found.groups['flow']), source);
  const lines = text
    .slice(found.index + found[0].length)
    .split(/\r?\n/)
    .slice(1);
  const end = lines.findIndex((line) => /^\S/.test(line) && !line.startsWith('-'));
  const block = (end < 0 ? lines : lines.slice(0, end))
    .map((line) => line.trim().replace(/^-\s+/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
  return block.length > 0 ? fromText(block.map(unquoted).join('\n'), source) : null;
}

/** A list whose words stand without quotes, as YAML allows, with them. */
const bareWords = (flow: string): string =>
  /["']/.test(flow) || flow.startsWith('{')
    ? flow
    : JSON.stringify(
        flow
          .slice(1, -1)
          .split(',')
          .map((word) => word.trim())
          .filter(Boolean),
      );

const unquoted = (line: string): string => /^(["'])(.*)\1$/.exec(line)?.[2] ?? line;

function fromText(text: string, source: string): ClassList {
  const lines = textLines(text, source).map((line) => line.trim());
  const rows = parseTable(text, source);
  const header = rows[0]?.map((cell) => cell.toLowerCase()) ?? [];
  const number = header.findIndex((cell) =>
    ['index', 'idx', 'id', 'class', 'class_id', 'classid', 'label', 'number', 'nr', 'no'].includes(cell),
  );
  const name = header.findIndex(
    (cell, i) => i !== number && ['name', 'class_name', 'classname', 'label_name', 'labelname', 'class', 'label'].includes(cell),
  );
  if (number >= 0 && name >= 0) {
    const body = rows.slice(1);
    const id = header.findIndex((_, i) => i !== name && body.length > 0 && body.every((row) => WORDNET.test(row[i] ?? '')));
    return ordered(
      body.map((row) => [wholeNumber(row[number] ?? ''), row[name] ?? '', row[id] ?? null]),
      source,
    );
  }
  const numbered = lines.length > 1 && rows.every((row) => row.length >= 2 && wholeNumber(row[0]!) !== null);
  // The rest of the line is the name, commas and all.
  if (numbered)
    return ordered(
      rows.map((row) => [wholeNumber(row[0]!), row.slice(1).join(', '), null]),
      source,
    );
  return numberedLines(lines) ?? { names: bare(lines), ids: null };
}

/** Lines without what stands around every one of them: quotes, a comma behind. */
function bare(lines: readonly string[]): string[] {
  const cut =
    lines.length > 1 && lines.every((line) => line.length > 1 && line.endsWith(',')) ? lines.map((line) => line.slice(0, -1)) : [...lines];
  return cut.every((line) => unquoted(line) !== line) ? cut.map(unquoted) : cut;
}

/** A number before each name or behind it: `0: cat`, `1 dog`, `2 = cow`, `cat 0`. */
const NUMBERED = [/^(?<number>\d+)(?:\s*[:=.)]\s*|\s+)(?<name>.*\D.*)$/, /^(?<name>.*?\D.*?)(?:\s*[,:=]\s*|\s+)(?<number>\d+)$/];

/** Null where the numbers are part of the names: they do not count the classes, or nothing else tells the names apart. */
function numberedLines(lines: readonly string[]): ClassList | null {
  for (const form of NUMBERED) {
    const found = lines.map((line) => form.exec(line)?.groups);
    if (lines.length < 2 || !found.every((groups) => groups !== undefined)) continue;
    const numbers = found.map(({ number }) => Number(number));
    const least = numbers.reduce((a, b) => Math.min(a, b));
    const counts = least <= 1 && new Set(numbers).size === numbers.length && numbers.every((number) => number < least + numbers.length);
    if (!counts || new Set(found.map(({ name }) => name)).size !== found.length) continue;
    return ordered(
      found.map(({ name }, i) => [numbers[i]!, name!.trim(), null]),
      '',
    );
  }
  return null;
}

const WORDNET = /^n\d{8}$/;
