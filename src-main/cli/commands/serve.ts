import { Command } from 'commander';
import { join, resolve } from 'node:path';
import { serveWindow } from '../../web/server.ts';
import { whole } from '../flags.ts';
import { EXIT } from '../exit.ts';
import { answering } from '../interrupt.ts';
import { withLimits } from '../limited.ts';
import { PATHS } from '../paths.ts';
import { json, lines } from '../print.ts';
import { engine } from '../run.ts';

export function serveCommand(): Command {
  return withLimits(new Command('serve'))
    .description('Serves the window to a browser on this machine (127.0.0.1 only).')
    .option('--port <n>', 'port (default: any free one)')
    .option('--data <folder>', 'where audits are kept, and what is dropped into the window', PATHS.data)
    .option('--allow <paths...>', 'further files and folders that the window may open, as models and pictures of earlier audits')
    .option('--json', 'the address as one JSON line')
    .action(async (flags: { port?: string; data: string; allow?: string[]; json?: boolean }) => {
      const dataDir = resolve(flags.data);
      const service = engine('browser', join(dataDir, 'audits'));
      const reads = [join(PATHS.assets, 'samples'), ...(flags.allow ?? [])];
      const window = await serveWindow({ service, rendererDir: PATHS.renderer, port: whole('--port', flags.port, 1) ?? 0, dataDir, reads });
      if (flags.json) json({ url: window.url });
      else
        lines([
          `Hairline is at ${window.url}`,
          'The address works once, in one browser. Ctrl+C ends it; a running audit can be resumed later.',
        ]);
      let stop: (() => void) | null = null;
      const stopped = new Promise<void>((done) => (stop = done));
      // The second one does not wait for what the first one waits for.
      const hear = () => (stop ? (stop(), (stop = null)) : process.exit(EXIT.cancelled));
      await answering(hear, async () => {
        await stopped;
        await window.close();
        await service.close();
      });
    });
}
