import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDynamicPattern } from 'tinyglobby';
import { Cancelled, UserError } from '../../../shared/errors.ts';
import type { NamedFiles } from '../../../shared/plan.ts';
import { FLAG, KINDS } from '../../audit/files.ts';
import { readAnyResults } from '../../engine/documents.ts';
import { verifyFolder } from '../../engine/verification.ts';
import type { Verified } from '../../engine/verification.ts';
import { EXIT, Exit } from '../exit.ts';
import { whole } from '../flags.ts';
import { answering, WORD } from '../interrupt.ts';
import type { Signal } from '../interrupt.ts';
import { inLimits, withLimits } from '../limited.ts';
import { PATHS } from '../paths.ts';
import { json, line } from '../print.ts';

interface Flags {
  model?: string;
  images?: string[];
  labels?: string;
  classNames?: string;
  picture?: string[];
  surrogate?: string[];
  repeat?: string;
  json?: boolean;
}

/** Differences that are printed; --json tells all of them. */
const PRINTED = 100;

export function verifyCommand(): Command {
  return withLimits(new Command('verify'))
    .description(
      'Checks a finished audit from its files: its results are put together anew from the journal and compared figure by figure; pictures, distances and predictions are checked in fresh sessions of the original model, and so is every document. What no file can show is named.',
    )
    .argument('<folder>', 'folder of the audit')
    .option(`${FLAG.model} <file>`, 'the model, when it is not where the plan says, or the audit was begun elsewhere')
    .option(
      `${FLAG.images} <path...>`,
      'the same for the images, and where to look, by hash, for whatever was dropped into a served window',
    )
    .option(`${FLAG.labels} <file>`, 'for the labels')
    .option(`${FLAG.classNames} <file>`, 'for the class names')
    .option(`${FLAG.pictures} <file...>`, 'for pictures whose output is to be matched, in the order of the plan')
    .option(`${FLAG.surrogates} <file...>`, 'for surrogate models, in the order of the plan')
    .option(
      '--repeat <n>',
      'attack so many images again as the plan says, drawn by the hash of the results, those that held first, and compare',
    )
    .option('--json', 'as one JSON line')
    .action(async (folder: string, flags: Flags) => {
      const at = resolve(folder);
      const { model = null, images = [], labels = null, classNames = null, picture: pictures = [], surrogate: surrogates = [] } = flags;
      const named = { model, images, labels, classNames, pictures, surrogates };
      demandThere(named);
      const request = { folder: at, results: readAnyResults(at), named, data: PATHS.data, repeat: whole('--repeat', flags.repeat, 1) ?? 0 };
      const found = await interruptibly(request);
      if (flags.json) json(found);
      else print(found);
      if (found.problems.length > 0) throw new Exit(EXIT.findings);
    });
}

/** What was named and is not there is a slip, and no difference of the audit. @throws UserError naming it */
function demandThere(named: NamedFiles): void {
  for (const kind of KINDS)
    for (const path of [named[kind] ?? []].flat())
      if (!existsSync(path) && !(kind === 'images' && isDynamicPattern(path)))
        throw new UserError(`${path} does not exist: check the path after ${FLAG[kind]}.`);
}

async function interruptibly(request: Parameters<typeof verifyFolder>[0]): Promise<Verified> {
  const clear = () => void (process.stderr.isTTY && process.stderr.write('\r\u001b[2K'));
  const report = (done: number, total: number, what: string) =>
    void (process.stderr.isTTY && process.stderr.write(`\r\u001b[2K${done} of ${total} ${what}`));
  let heard: Signal | null = null;
  try {
    return await inLimits((limited) =>
      inLimits((beside) => {
        const stop = (signal: Signal): void => {
          heard = signal;
          limited.cancel();
          beside.close();
        };
        return answering(stop, () => verifyFolder(request, limited, beside, report));
      }),
    );
  } catch (error) {
    if (heard === null || !(error instanceof Cancelled)) throw error;
    clear();
    line(`${WORD[heard]}.`, process.stderr);
    throw new Exit(EXIT.cancelled);
  } finally {
    clear();
  }
}

function print({ pictures, successes, repeated, problems, notes, trust }: Verified): void {
  for (const problem of problems.slice(0, PRINTED)) line(`✗ ${problem}`);
  if (problems.length > PRINTED) line(`✗ … and ${problems.length - PRINTED} more, which --json tells.`);
  for (const note of notes) line(`· ${note}`);
  const again = repeated > 0 ? `, ${repeated} ${repeated === 1 ? 'image' : 'images'} attacked again` : '';
  const none = notes.length === 0 ? 'no difference' : 'no difference in what could be checked';
  const verdict = problems.length === 0 ? none : problems.length === 1 ? '1 difference' : `${problems.length} differences`;
  line(`${pictures} clean pictures and ${successes} adversarial ones checked${again}: ${verdict}. On trust: ${trust.join('; ')}.`);
}
