import { Command } from 'commander';
import { resolve } from 'node:path';
import { readAnyResults } from '../../engine/documents.ts';
import { EXIT, Exit } from '../exit.ts';
import { inLimits, withLimits } from '../limited.ts';
import { PATHS } from '../paths.ts';
import { json, line } from '../print.ts';

export function verifyCommand(): Command {
  return withLimits(new Command('verify'))
    .description('Checks a finished audit from its files: hashes, pictures, distances and predictions, in fresh sessions of the original model.')
    .argument('<folder>', 'folder of the audit')
    .option('--model <file>', 'the model, when it is not where the plan says, or the audit was begun elsewhere')
    .option('--picture <file...>', 'pictures whose output is to be matched, in the order of the plan, when it has any')
    .option('--json', 'as one JSON line')
    .action(async (folder: string, flags: { model?: string; picture?: string[]; json?: boolean }) => {
      const request = { folder: resolve(folder), results: readAnyResults(resolve(folder)), named: { model: flags.model ?? null, pictures: flags.picture ?? [] }, data: PATHS.data };
      const report = (done: number, total: number) => void (process.stderr.isTTY && process.stderr.write(`\r${done} of ${total} pictures checked`));
      const outcome = await inLimits((limited) => limited.run('verify', request, report));
      if (process.stderr.isTTY) process.stderr.write('\r');
      if (flags.json) json(outcome);
      else {
        for (const problem of outcome.problems) line(`✗ ${problem}`);
        for (const note of [...outcome.notes, ...outcome.lacks]) line(`· ${note}`);
        line(`${outcome.pictures} clean pictures and ${outcome.successes} adversarial ones checked: ${outcome.problems.length === 0 ? 'no difference.' : `${outcome.problems.length} differences.`} On trust: ${outcome.trust.join('; ')}.`);
      }
      if (outcome.problems.length > 0) throw new Exit(EXIT.findings);
    });
}
