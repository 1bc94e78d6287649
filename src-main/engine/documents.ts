import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../shared/errors.ts';
import { Results } from '../../shared/results.ts';
import { makeFolder } from '../audit/folder.ts';
import { FILES } from '../audit/jobs.ts';
import { canonicalJson, renderPdf, resultsSchema, toCsv, writeResults, writeWhole } from '../report/index.ts';

/**
 * Writes every document of an audit beside its pictures: results.json with its schema, the CSV and the PDF.
 * @throws UserError when the folder cannot be written.
 */
export async function writeDocuments(folder: string, results: Results): Promise<void> {
  await writeTables(folder, results);
  await writing(folder, async () => writeWhole(join(folder, FILES.pdf), await renderPdf(results, (file) => readFile(join(folder, file)))));
}

/**
 * The same without the PDF, which takes seconds: for an audit that was cancelled. `writeDocuments` makes it when it is
 * asked for.
 */
export async function writeTables(folder: string, results: Results): Promise<void> {
  await writing(folder, async () => {
    makeFolder(folder);
    await rm(join(folder, FILES.pdf), { force: true });
    await writeResults(folder, results);
    await writeWhole(join(folder, FILES.schema), canonicalJson(resultsSchema()));
    await writeWhole(join(folder, FILES.csv), toCsv(results));
  });
}

async function writing(folder: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw new UserError(`The documents cannot be written to ${folder}: ${messageOf(error)}.`);
    throw error;
  }
}

/**
 * The results of a finished audit.
 * @throws UserError when there are none, or they are not Hairline's.
 */
export function readResults(folder: string): Results {
  let text: string;
  try {
    text = readFileSync(join(folder, FILES.results), 'utf8');
  } catch {
    throw new UserError(`${folder} holds no finished audit (no ${FILES.results}).`);
  }
  try {
    return Results.parse(JSON.parse(text));
  } catch {
    throw new UserError(`${join(folder, FILES.results)} is damaged, or was not written by this version of Hairline.`);
  }
}
