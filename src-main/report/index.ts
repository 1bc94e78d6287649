import type { renderPdf as render } from './pdf.ts';

export { toCsv } from './csv.ts';
export { resultsFingerprint, resultsHash, resultsText } from './json.ts';
export { crisp, difference, enlarge, shrunk } from './pictures.ts';
export { resultsSchema, SCHEMA_ID } from './schema.ts';
export type { ReadPng } from './sections/gallery.ts';

/** The report as a PDF: see pdf.ts. Chart and PDF libraries take a second to load, which nothing else here shall wait for. */
export async function renderPdf(...input: Parameters<typeof render>): Promise<Uint8Array> {
  return (await import('./pdf.ts')).renderPdf(...input);
}
