import { Command } from 'commander';
import { resultsSchema } from '../../report/index.ts';
import { json, lines } from '../print.ts';

export function schemaCommand(): Command {
  return new Command('schema')
    .description('Prints the JSON Schema of results.json.')
    .option('--json', 'on one line')
    .action((flags: { json?: boolean }) =>
      flags.json ? json(resultsSchema()) : lines(JSON.stringify(resultsSchema(), null, 2).split('\n')),
    );
}
