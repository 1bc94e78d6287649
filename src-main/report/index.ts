export { toCsv } from './csv.ts';
export { canonicalJson, RESULTS_FILE, resultsFingerprint, resultsHash, resultsText, writeResults, writeWhole } from './json.ts';
export { renderPdf } from './pdf.ts';
export { crisp, difference, enlarge, shrunk } from './pictures.ts';
export { resultsSchema, SCHEMA_ID } from './schema.ts';
export type { ReadPng } from './sections/gallery.ts';
