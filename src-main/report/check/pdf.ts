import { canonicalJson } from '../../../shared/canonical.ts';
import { shortened } from '../../../shared/printable.ts';
import { Results } from '../../../shared/results.ts';
import { migrateResults } from '../../audit/format1.ts';
import { differences } from '../../audit/verify/differences.ts';
import { unfiltered } from '../../images/index.ts';
import { toCsv } from '../csv.ts';
import { DRAWN_BY } from '../drawnBy.ts';
import { renderPdf } from '../index.ts';
import { resultsText } from '../json.ts';
import type { ReadPng } from '../sections/gallery.ts';
import { drawingWords } from '../sheet.ts';
import { csvProblems } from './csv.ts';
import { objectsOf } from './pdfFile.ts';
import type { PdfObject } from './pdfFile.ts';
import { attachmentsOf, pagesOf } from './pdfText.ts';
import type { PdfPage } from './pdfText.ts';

export interface CheckedPdf {
  problems: string[];
  notes: string[];
  /** Whether this very Hairline has drawn it. */
  own: boolean;
}

/** Differences that are named of one file inside. */
const NAMED = 5;

/**
 * A report against the one that the results give: its attachments, and, drawn anew, its text and all that is drawn.
 * @param readPng as of `renderPdf`
 */
export async function pdfProblems(bytes: Buffer, results: Results, readPng: ReadPng): Promise<CheckedPdf> {
  const objects = objectsOf(bytes);
  if (objects === null)
    return { problems: ['report.pdf is damaged, or not as Hairline writes it: what it says was not compared.'], notes: [], own: false };
  const own = DRAWN_BY !== null && [...objects.values()].some(({ dict }) => dict === `(${drawingWords(DRAWN_BY!)})`);
  const problems = attachmentProblems(attachmentsOf(objects), results);
  let anew: Buffer;
  try {
    anew = Buffer.from(await renderPdf(results, readPng));
  } catch {
    return {
      problems,
      notes: ['report.pdf cannot be drawn anew, since what it shows is missing or does not fit, so its text was not compared.'],
      own,
    };
  }
  if (anew.equals(bytes)) return { problems, notes: [], own };
  const drawn = drawingProblems(objects, objectsOf(anew)!);
  if (own || drawn.length === 0) return { problems: [...problems, ...drawn], notes: [], own };
  return {
    problems,
    notes: [
      `report.pdf was drawn by another version of Hairline, or says so, and not all that it says could be compared; its attachments were. The first that this version says otherwise: ${drawn[0]!}`,
    ],
    own,
  };
}

function attachmentProblems(attached: Map<string, string>, results: Results): string[] {
  const problems: string[] = [];
  const json = (name: string, due: unknown) => {
    const text = attached.get(name);
    if (text === undefined) return void problems.push(`report.pdf has no ${name} attached.`);
    if (text === canonicalJson(due)) return;
    if (name === 'results.json') problems.push(...otherAudit(text, results));
    const sides = { told: `the ${name} attached to report.pdf`, found: 'results.json' };
    try {
      const raw = JSON.parse(text) as unknown;
      const told = name === 'results.json' ? migrateResults(raw) : raw;
      const { problems: found, lacks } = differences(told, due, sides, name === 'plan.json' ? ['plan'] : []);
      const all = [...found, ...lacks];
      // An older Hairline wrote it in its own words, which say the same.
      if (told !== raw && all.length === 0 && text === canonicalJson(raw)) return;
      problems.push(
        ...(all.length > 0 ? all.slice(0, NAMED) : [`The ${name} attached to report.pdf is written otherwise than Hairline writes it.`]),
      );
      if (all.length > NAMED)
        problems.push(`The ${name} attached to report.pdf differs from results.json in ${all.length - NAMED} more figures.`);
    } catch {
      problems.push(`The ${name} attached to report.pdf is damaged.`);
    }
  };
  json('results.json', JSON.parse(resultsText(results)));
  json('plan.json', results.plan);
  const csv = attached.get('results.csv');
  if (csv === undefined) problems.push('report.pdf has no results.csv attached.');
  else if (csv !== toCsv(results))
    problems.push(
      ...csvProblems(csv, results)
        .problems.slice(0, NAMED)
        .map((problem) => problem.replace('results.csv', 'The results.csv attached to report.pdf')),
    );
  return problems;
}

/** Whether what is attached was begun at another time. */
function otherAudit(text: string, results: Results): string[] {
  const told = Results.safeParse(parsed(text)).data;
  if (!told || told.timing.started === results.timing.started) return [];
  const words = ({ name, model, timing }: Results) => `${JSON.stringify(shortened(name || model.file, 80))}, begun ${timing.started}`;
  return [`report.pdf is of another audit: the results attached to it are of ${words(told)}, results.json is of ${words(results)}.`];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function drawingProblems(told: Map<number, PdfObject>, found: Map<number, PdfObject>): string[] {
  const [pages, due] = [pagesOf(told), pagesOf(found)];
  if (pages.length !== due.length)
    return [`report.pdf has ${pages.length} pages, the results give ${due.length}.`, ...pageProblems(pages, due).slice(0, 1)];
  const problems = pageProblems(pages, due);
  if (problems.length > 0) return problems;
  const other = [...new Set([...told.keys(), ...found.keys()])].some((number) => !sameObject(told.get(number), found.get(number)));
  return other ? ['report.pdf says what the results give, but its pictures, fonts, or descriptions for screen readers are others.'] : [];
}

function pageProblems(pages: readonly PdfPage[], due: readonly PdfPage[]): string[] {
  return due.flatMap(({ texts, drawing }, p) => {
    const page = pages[p];
    if (page === undefined) return [];
    const i = Array.from({ length: Math.max(texts.length, page.texts.length) }, (_, n) => n).find((n) => texts[n] !== page.texts[n]);
    const quoted = (text: string | undefined) => (text === undefined ? 'nothing' : JSON.stringify(shortened(text, 120)));
    if (i !== undefined) return [`report.pdf, page ${p + 1}: it says ${quoted(page.texts[i])}, the results give ${quoted(texts[i])}.`];
    return drawing === page.drawing ? [] : [`report.pdf, page ${p + 1}: it is drawn otherwise than the results give.`];
  });
}

/** Packed pictures differ from one version of a library to the next, and are the same picture. */
function sameObject(a: PdfObject | undefined, b: PdfObject | undefined): boolean {
  if (!a || !b || a.dict !== b.dict || (a.stream === null) !== (b.stream === null)) return false;
  if (a.stream === null || a.stream.equals(b.stream!)) return true;
  const size = (key: string) => Number(new RegExp(`/${key} (\\d+)`).exec(a.dict)?.[1] ?? 0);
  if (!a.dict.includes('/Subtype /Image')) return false;
  const step = a.dict.includes('/DeviceGray') ? 1 : 3;
  const [left, right] = [a.stream, b.stream!].map((rows) => unfiltered(rows, size('Width') * step, step));
  return left !== null && right !== null && Buffer.from(left!).equals(Buffer.from(right!));
}
