import type { Command } from 'commander';
import { MEGAPIXELS, megapixels } from '../images/index.ts';

/** Lets a command that opens pictures be told how large they may be. The environment carries it to the engine and its threads. */
export function boundsPictures(command: Command): Command {
  return command
    .option('--max-megapixels <n>', `largest picture that is opened, in megapixels (default: 100, or ${MEGAPIXELS} in the environment)`)
    .hook('preAction', (_, action) => {
      const { maxMegapixels } = action.opts<{ maxMegapixels?: string }>();
      if (maxMegapixels !== undefined) process.env[MEGAPIXELS] = String(megapixels(maxMegapixels, '--max-megapixels'));
    });
}
