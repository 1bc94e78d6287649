import type { PdfObject } from './pdfFile.ts';

type Objects = ReadonlyMap<number, PdfObject>;

export interface PdfPage {
  /** What is drawn, as commands. */
  drawing: string;
  /** Its texts, in the order they are drawn. */
  texts: string[];
}

/** The pages of a PDF by pdfkit. */
export function pagesOf(objects: Objects): PdfPage[] {
  const fonts = new Map<number, Map<string, string>>();
  const kids =
    [...objects.values()].map(({ dict }) => /\/Type \/Pages\n[^]*\/Kids \[([^\]]*)\]/.exec(dict)?.[1]).find((list) => list !== undefined) ??
    '';
  return references(kids).flatMap((number) => {
    const page = objects.get(number)?.dict ?? '';
    const drawing = objects.get(one(page, 'Contents'))?.stream?.toString('latin1');
    if (drawing === undefined) return [];
    const named = new Map(
      [...(objects.get(one(page, 'Resources'))?.dict ?? '').matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, font]) => [name!, Number(font)]),
    );
    const glyphs = (name: string): Map<string, string> => {
      const font = named.get(name) ?? -1;
      const known = fonts.get(font) ?? charactersOf(objects, font);
      fonts.set(font, known);
      return known;
    };
    return [{ drawing, texts: textsOf(drawing, glyphs) }];
  });
}

/** Files that are attached, by their names. */
export function attachmentsOf(objects: Objects): Map<string, string> {
  const found = new Map<string, string>();
  for (const { dict } of objects.values()) {
    const name = /\/Type \/Filespec\n[^]*\/F \(([^)]*)\)/.exec(dict)?.[1];
    const file = /\/EF <<\n\/F (\d+) 0 R/.exec(dict)?.[1];
    const stream = objects.get(Number(file))?.stream;
    if (name !== undefined && stream) found.set(name, stream.toString('utf8'));
  }
  return found;
}

const one = (dict: string, key: string): number => Number(new RegExp(`/${key} (\\d+) 0 R`).exec(dict)?.[1] ?? -1);
const references = (list: string): number[] => [...list.matchAll(/(\d+) 0 R/g)].map(([, number]) => Number(number));

/** A run of glyphs is set in a font, and each run stands for itself. */
function textsOf(drawing: string, glyphs: (font: string) => Map<string, string>): string[] {
  const texts: string[] = [];
  let font = new Map<string, string>();
  for (const [, name, run] of drawing.matchAll(/\/(F\d+) [\d.]+ Tf|\[((?:<[\da-f]*>|[-\d. ])*)\] TJ/g)) {
    if (name !== undefined) font = glyphs(name);
    else
      texts.push(
        [...run!.matchAll(/<([\da-f]*)>/g)]
          .map(([, hex]) => (hex!.match(/.{4}/g) ?? []).map((glyph) => font.get(glyph) ?? '□').join(''))
          .join(''),
      );
  }
  return texts.filter((text) => text.trim() !== '');
}

/** What the glyphs of an embedded font stand for. */
function charactersOf(objects: Objects, font: number): Map<string, string> {
  const map = objects.get(one(objects.get(font)?.dict ?? '', 'ToUnicode'))?.stream?.toString('latin1') ?? '';
  const found = new Map<string, string>();
  for (const [, first, list] of map.matchAll(/<([\da-f]{4})> <[\da-f]{4}> \[([^\]]*)\]/g))
    [...list!.matchAll(/<([\da-f]+)>/g)].forEach(([, hex], i) => {
      const glyph = (parseInt(first!, 16) + i).toString(16).padStart(4, '0');
      found.set(glyph, String.fromCharCode(...(hex!.match(/.{4}/g) ?? []).map((unit) => parseInt(unit, 16))));
    });
  return found;
}
