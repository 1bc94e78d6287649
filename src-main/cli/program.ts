import { Command, CommanderError } from 'commander';
import { messageOf, UserError } from '../../shared/errors.ts';
import { VERSION } from '../../shared/version.ts';
import { auditCommand } from './commands/audit.ts';
import { demoCommand } from './commands/demo.ts';
import { gradcheckCommand } from './commands/gradcheck.ts';
import { inspectCommand } from './commands/inspect.ts';
import { linearCommand } from './commands/linear.ts';
import { mapCommand } from './commands/map.ts';
import { reportCommand } from './commands/report.ts';
import { schemaCommand } from './commands/schema.ts';
import { serveCommand } from './commands/serve.ts';
import { verifyCommand } from './commands/verify.ts';
import { EXIT, Exit } from './exit.ts';
import { boundsPictures } from './megapixels.ts';
import { line, lines } from './print.ts';

const COMMANDS = [
  inspectCommand,
  gradcheckCommand,
  auditCommand,
  linearCommand,
  mapCommand,
  reportCommand,
  verifyCommand,
  schemaCommand,
  serveCommand,
  demoCommand,
];
/** Those that open pictures; linear's own commands say so themselves. */
const ON_PICTURES = new Set([gradcheckCommand, auditCommand, mapCommand, verifyCommand, serveCommand]);

function program(): Command {
  const all = new Command('hairline')
    .description('Finds the smallest change to an image that breaks a local ONNX model. Works offline.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(hairline --help or hairline COMMAND --help tells more)')
    .addHelpText('after', '\nExit codes: 0 done, 1 findings beyond --fail-under, 2 bad input, 3 the engine failed, 130 cancelled.');
  for (const command of COMMANDS) all.addCommand((ON_PICTURES.has(command) ? boundsPictures(command()) : command()).exitOverride());
  speakSafely(all);
  return all;
}

/** Commander repeats in its errors what was typed, or pasted. */
function speakSafely(command: Command): void {
  command.configureOutput({ writeErr: (text) => lines(text.trimEnd().split('\n'), process.stderr) });
  command.commands.forEach(speakSafely);
}

/**
 * Runs one command to its end; what it has to say goes to stdout and stderr of this process.
 * @param args without the program's own name
 * @returns the exit code
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): number {
  if (error instanceof Exit) return error.code;
  // Commander has printed its own message; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
  line(`hairline: ${messageOf(error)}`, process.stderr);
  if (process.env['HAIRLINE_DEBUG'] && error instanceof Error) lines(String(error.stack).split('\n'), process.stderr);
  return error instanceof UserError ? EXIT.badInput : EXIT.engine;
}
