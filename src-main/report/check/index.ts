import { canonicalJson } from '../../../shared/canonical.ts';
import type { Results } from '../../../shared/results.ts';
import { planOfResults } from '../../audit/fitResults.ts';
import { FILES, SIZES } from '../../audit/jobs.ts';
import { Folder } from '../../files/folder.ts';
import { resultsSchema, SCHEMA_ID } from '../schema.ts';
import { csvProblems } from './csv.ts';
import { pdfProblems } from './pdf.ts';
import type { CheckedPdf } from './pdf.ts';

export interface CheckedDocuments extends CheckedPdf {
  /** Of those that an audit that is through has. */
  missing: string[];
}

/**
 * The documents in an audit's folder against those that its results give.
 * @throws UserError for a link, or what is no file, in the place of one
 */
export async function checkDocuments({ folder, results }: { folder: string; results: Results }): Promise<CheckedDocuments> {
  const inside = new Folder(folder);
  const out: CheckedDocuments = { problems: [], notes: [], own: false, missing: [] };
  const read = (file: string): Buffer | null => {
    if (inside.has(file)) return inside.read(file, SIZES.results);
    out.missing.push(file);
    return null;
  };
  if (results.$schema !== undefined && results.$schema !== SCHEMA_ID)
    out.problems.push(`$schema: the report says ${JSON.stringify(results.$schema)}, and it is ${JSON.stringify(SCHEMA_ID)}.`);
  const [csv, pdf, schema] = [read(FILES.csv), read(FILES.pdf), read(FILES.schema)];
  if (planOfResults(results) === null) {
    out.notes.push('The documents were not compared with results.json, which does not fit itself.');
    return out;
  }
  if (pdf) {
    const checked = await pdfProblems(pdf, results, (file) => inside.readLater(file, SIZES.picture));
    out.problems.push(...checked.problems);
    out.notes.push(...checked.notes);
    out.own = checked.own;
  }
  if (csv) {
    const { problems, lacks } = csvProblems(csv.toString('utf8'), results);
    out.problems.push(...problems);
    if (lacks.length > 0)
      (out.own ? out.problems : out.notes).push(
        `results.csv lacks the columns ${lacks.join(', ')}${out.own ? '' : ': an older Hairline wrote it'}.`,
      );
  }
  if (schema && schema.toString('utf8') !== canonicalJson(resultsSchema())) {
    if (out.own) out.problems.push(`${FILES.schema} is not the schema of the results.`);
    else out.notes.push(`${FILES.schema} is not that of this Hairline, so it was not compared.`);
  }
  return out;
}
