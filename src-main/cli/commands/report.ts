import { Command } from 'commander';
import { resolve } from 'node:path';
import { locked } from '../../files/lock.ts';
import { readResults, writeDocuments } from '../../engine/documents.ts';
import { json, lines } from '../print.ts';
import { summaryLines } from '../summary.ts';

export function reportCommand(): Command {
  return new Command('report')
    .description('Writes the documents of a finished audit anew from its results.json: CSV, PDF, schema.')
    .argument('<folder>', 'folder of the audit')
    .option('--json', 'the results as one JSON line instead of tables')
    .action(async (folder: string, flags: { json?: boolean }) => {
      const at = resolve(folder);
      // Looked at before it is locked: where no audit is, nothing is made.
      readResults(at);
      const results = await locked(at, async () => {
        const found = readResults(at);
        await writeDocuments(at, found);
        return found;
      });
      if (flags.json) json(results);
      else lines(summaryLines(results));
    });
}
