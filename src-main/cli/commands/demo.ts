import { Argument, Command } from 'commander';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { locked } from '../../files/lock.ts';
import { DOCUMENTS, FILES, FOLDERS } from '../../audit/jobs.ts';
import { readPlan } from '../../audit/plan.ts';
import { PATHS } from '../paths.ts';
import { barProgress, plainProgress } from '../progress.ts';
import { runHere } from '../run.ts';

const PLANS = { signs: 'demo-plan.json', autoencoder: 'autoencoder-plan.json' };

export function demoCommand(): Command {
  return new Command('demo')
    .description('Audits a bundled sample: the classifier under l0, l2 and l∞, or the autoencoder under l2 and l∞; a minute or so.')
    .addArgument(new Argument('[sample]', 'which').choices(Object.keys(PLANS)).default('signs'))
    .option('--out <folder>', 'output folder, emptied first', 'audits/demo')
    .action(async (sample: keyof typeof PLANS, { out }: { out: string }) => {
      const folder = resolve(out);
      // The demo always shows a whole run; only its own files go.
      await locked(folder, async () => {
        for (const name of [FILES.journal, FILES.plan, ...DOCUMENTS, ...FOLDERS])
          rmSync(join(folder, name), { recursive: true, force: true });
      });
      const plan = readPlan(join(PATHS.assets, 'samples', PLANS[sample]));
      await runHere({
        plan,
        folder,
        resume: false,
        files: null,
        progress: process.stderr.isTTY ? barProgress(plan.threats) : plainProgress(),
        summaryTo: process.stdout,
        failUnder: null,
        json: false,
      });
    });
}
