import { Command } from 'commander';
import { resolve } from 'node:path';
import { readResults, writeDocuments } from '../../engine/documents.ts';
import { json, line } from '../print.ts';
import { summaryText } from '../summary.ts';

export function reportCommand(): Command {
  return new Command('report')
    .description('Writes the documents of a finished audit anew from its results.json: CSV, PDF, schema.')
    .argument('<folder>', 'folder of the audit')
    .option('--json', 'the results as one JSON line instead of tables')
    .action(async (folder: string, flags: { json?: boolean }) => {
      const results = readResults(resolve(folder));
      await writeDocuments(resolve(folder), results);
      if (flags.json) json(results);
      else line(summaryText(results));
    });
}
