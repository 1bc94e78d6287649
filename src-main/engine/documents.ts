import { join } from 'node:path';
import { canonicalJson } from '../../shared/canonical.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { AuditPlan } from '../../shared/plan.ts';
import { Results } from '../../shared/results.ts';
import { migrateResults } from '../audit/format1.ts';
import { planOfResults } from '../audit/fitResults.ts';
import { DOCUMENTS, FILES, SIZES } from '../audit/jobs.ts';
import { Folder } from '../files/folder.ts';
import { renderPdf, resultsSchema, resultsText, toCsv } from '../report/index.ts';

/**
 * Writes every document of an audit beside its pictures: results.json with its schema, the CSV and the PDF.
 * @throws UserError when the folder cannot be written.
 */
export async function writeDocuments(folder: string, results: Results): Promise<void> {
  const inside = new Folder(folder);
  // An older PDF stays until there is a new one.
  await writing(folder, () => tables(inside, results));
  await writing(folder, async () => inside.write(FILES.pdf, await renderPdf(results, (file) => picture(inside, file))));
}

/**
 * The same without the PDF, which takes seconds: for an audit that was cancelled. `writeDocuments` makes it when it is
 * asked for.
 */
export async function writeTables(folder: string, results: Results): Promise<void> {
  const inside = new Folder(folder);
  await writing(folder, () => {
    tables(inside, results);
    // It would be that of other results.
    inside.remove(FILES.pdf);
  });
}

function tables(inside: Folder, results: Results): void {
  // All or none: what is no file of its own is told before the first is written.
  for (const name of DOCUMENTS) inside.has(name);
  inside.write(FILES.results, resultsText(results));
  inside.write(FILES.schema, canonicalJson(resultsSchema()));
  inside.write(FILES.csv, toCsv(results));
}

/** @throws UserError when it is not there, or no file of the folder. */
async function picture(folder: Folder, file: string): Promise<Uint8Array> {
  try {
    return await folder.readLater(file, SIZES.picture);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${join(folder.path, file)}, which the report shows, is not there or cannot be read: put it back, or run the audit again in another folder.`,
    );
  }
}

async function writing(folder: string, write: () => unknown): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new UserError(`The documents cannot be written to ${folder}: ${messageOf(error)}.`);
  }
}

/**
 * The results of a finished audit.
 * @throws UserError when there are none, or they are not Hairline's, or do not fit themselves.
 */
export function readResults(folder: string): Results {
  const results = readAnyResults(folder);
  if (planOfResults(results) === null) throw damaged(folder);
  return results;
}

/**
 * The same for whoever looks for what is wrong in them: they may say anything that the schema allows.
 * @throws UserError when there are none, or they are not Hairline's.
 */
export function readAnyResults(folder: string): Results {
  let text: string;
  try {
    text = new Folder(folder).read(FILES.results, SIZES.results).toString('utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${folder} holds no finished audit (no ${FILES.results}).`);
  }
  const results = parsed(text);
  if (results === null || !AuditPlan.safeParse(results.plan).success) throw damaged(folder);
  return results;
}

function damaged(folder: string): UserError {
  return new UserError(`${join(folder, FILES.results)} is damaged, or was not written by this version of Hairline.`);
}

function parsed(text: string): Results | null {
  try {
    return Results.parse(migrateResults(JSON.parse(text)));
  } catch {
    return null;
  }
}
