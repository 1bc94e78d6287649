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

const program = new Command('hairline')
  .description('Finds the smallest change to an image that breaks a local ONNX model. Works offline.')
  .version(VERSION)
  .exitOverride()
  .showHelpAfterError('(hairline --help or hairline COMMAND --help tells more)')
  .addHelpText('after', '\nExit codes: 0 done, 1 findings beyond --fail-under, 2 bad input, 3 the engine failed, 130 cancelled.');

for (const command of [inspectCommand, gradcheckCommand, auditCommand, linearCommand, mapCommand, reportCommand, verifyCommand, schemaCommand, serveCommand, demoCommand])
  program.addCommand(command().exitOverride());

// Whoever read our lines has gone, as `head` does: there is nobody left to work for. The journal keeps what is done.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.cancelled);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = codeOf(error);
}
// Sessions of onnxruntime and a served window keep the process alive; a command that is over is over.
if (!process.exitCode) process.exitCode = EXIT.done;

function codeOf(error: unknown): number {
  if (error instanceof Exit) return error.code;
  // Commander has printed its own message; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
  process.stderr.write(`hairline: ${messageOf(error)}\n`);
  if (process.env['HAIRLINE_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof UserError ? EXIT.badInput : EXIT.engine;
}
