import { Command } from 'commander';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readPlan } from '../../audit/plan.ts';
import { PATHS } from '../paths.ts';
import { barProgress, plainProgress } from '../progress.ts';
import { runHere } from '../run.ts';

export function demoCommand(): Command {
  return new Command('demo')
    .description('Audits the bundled sample under l0, l2 and l∞; a minute or so.')
    .option('--out <folder>', 'output folder, emptied first', 'audits/demo')
    .action(async ({ out }: { out: string }) => {
      const folder = resolve(out);
      // The demo always shows a whole run; only its own files go.
      for (const name of ['journal.jsonl', 'plan.json', 'results.json', 'results.csv', 'report.pdf', 'clean', 'adversarial']) rmSync(join(folder, name), { recursive: true, force: true });
      await runHere({
        plan: readPlan(join(PATHS.assets, 'samples', 'demo-plan.json')),
        folder,
        resume: false,
        progress: process.stderr.isTTY ? barProgress() : plainProgress(),
        summaryTo: process.stdout,
        failUnder: null,
        json: false,
      });
    });
}
