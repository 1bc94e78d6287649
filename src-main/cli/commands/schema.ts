import { Command } from 'commander';
import { resultsSchema } from '../../report/index.ts';
import { line } from '../print.ts';

export function schemaCommand(): Command {
  return new Command('schema')
    .description('Prints the JSON Schema of results.json.')
    .option('--json', 'on one line')
    .action((flags: { json?: boolean }) => line(JSON.stringify(resultsSchema(), null, flags.json ? 0 : 2)));
}
