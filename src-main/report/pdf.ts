import { canonicalJson } from '../../shared/canonical.ts';
import type { Results } from '../../shared/results.ts';
import { toCsv } from './csv.ts';
import { DRAWN_BY } from './drawnBy.ts';
import { asRead, resultsHash, resultsText } from './json.ts';
import { Paper } from './paper.ts';
import { mono } from './rich.ts';
import { checks } from './sections/checks.ts';
import { curves } from './sections/curves.ts';
import type { ReadPng } from './sections/gallery.ts';
import { gallery } from './sections/gallery.ts';
import { outputs } from './sections/outputs.ts';
import { repeat } from './sections/repeat.ts';
import { subject } from './sections/subject.ts';
import { reportTitle, summary } from './sections/summary.ts';

/**
 * The report as a PDF (A4, tagged, fonts embedded), with plan.json, results.json and results.csv
 * attached. `readPng` gives the bytes of a file of the audit folder, named as in the results. The same
 * results and images give the same bytes: dates inside are those of the audit.
 * Throws what `readPng` throws, and when an image cannot be decoded.
 */
export async function renderPdf(found: Results, readPng: ReadPng): Promise<Uint8Array> {
  // The same report, whether it is drawn at the end of the audit or from its files.
  const results = asRead(found);
  const date = new Date(results.timing.started);
  const title = reportTitle(results);
  const paper = new Paper({ title, subject: 'Robustness audit report', date, creator: `Hairline ${results.hairline}`, drawnBy: DRAWN_BY });
  const section = (inside: () => void | Promise<void>): Promise<void> => paper.group('Sect', inside);

  await section(() => summary(paper, results));
  await section(() => subject(paper, results));
  await section(() => curves(paper, results));
  await section(() => gallery(paper, results, readPng));
  if (results.output) await section(() => outputs(paper, results));
  const { checks: page } = results;
  if (page) await section(() => checks(paper, page));
  // The part to repeat and to sign is a sheet of its own.
  paper.addPage();
  await section(() => repeat(paper, results));

  attach(paper, 'plan.json', 'application/json', 'The plan of the audit, to run it again', canonicalJson(results.plan), date);
  attach(paper, 'results.json', 'application/json', 'All results', resultsText(results), date);
  attach(paper, 'results.csv', 'text/csv', 'One row per image, threat model and attack', toCsv(results), date);
  const hash = resultsHash(results);
  return paper.finish((page, pages) => [
    ['Hairline ', results.hairline, '  ·  results.json sha256 ', mono(hash)],
    `Page ${page} of ${pages}`,
  ]);
}

function attach(paper: Paper, name: string, type: string, description: string, text: string, date: Date): void {
  const options = { name, type, description, creationDate: date, modifiedDate: date, relationship: 'Data' };
  paper.doc.file(Buffer.from(text, 'utf8'), options as PDFKit.Mixins.PDFAttachmentOptions);
}
