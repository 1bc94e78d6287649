import { EXIT } from './exit.ts';
import { hearSignals } from './interrupt.ts';
import { run } from './program.ts';

export { run };

/** The process of the command line: its arguments, its streams, its exit code. */
export async function main(): Promise<void> {
  hearSignals();
  // Whoever read our lines has gone, as `head` does: there is nobody left to work for. The journal keeps what is done.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.cancelled);
    throw error;
  });
  process.exitCode = await run(process.argv.slice(2));
}
