import { Command, Option } from 'commander';
import { UserError } from '../../../shared/errors.ts';
import { toldCheck, verdictWords, wordOf } from '../../../shared/gradientCheck.ts';
import { PROVIDERS } from '../../../shared/plan.ts';
import type { Provider } from '../../../shared/plan.ts';
import type { GradientCheck } from '../../../shared/results.ts';
import { flatNote, SECONDS } from '../../audit/gradcheck.ts';
import { Checks } from '../../engine/checks.ts';
import { LatestOnly } from '../../workers/latestOnly.ts';
import { EXIT, Exit } from '../exit.ts';
import { preprocessing } from '../given.ts';
import { answering } from '../interrupt.ts';
import { inLimits, withLimits } from '../limited.ts';
import { wantedFrom } from '../ends.ts';
import type { WantedFlags } from '../ends.ts';
import { json, line } from '../print.ts';
import { checkProgress } from '../progress.ts';

interface Flags extends WantedFlags {
  images?: string[];
  preset?: string;
  preprocess?: string;
  provider?: Provider;
  seconds?: string;
  json?: boolean;
}

export function gradcheckCommand(): Command {
  return withLimits(new Command('gradcheck'))
    .description(
      "Checks the differentiated model: its forward pass against onnxruntime's, its gradient against central differences in random directions.",
    )
    .argument('<model>', 'the .onnx file')
    .option('--images <path...>', 'pictures to check at (default: random pixels)')
    .option('--preset <name>', 'preprocessing by name')
    .option(
      '--preprocess <spec>',
      'preprocessing as JSON or key=value list, or a file: JSON, preprocessor_config.json of Hugging Face, config.json of timm',
    )
    .option(
      '--output <name>',
      'check this output or inner value as a network of pictures or vectors (default: class scores, where there are any)',
    )
    .option(
      '--threshold <value>',
      'of one number an image: from which value on it stands for the second of two classes; --output then names that number',
    )
    .option('--input <name>', 'the input that takes the image (default: found)')
    .option('--fix <name=value>', 'value of another input (default: 0); repeatable', (value: string, before: string[] = []) => [
      ...before,
      value,
    ])
    .option('--seconds <n>', `after which it ends with what it has (default: ${SECONDS})`)
    .addOption(new Option('--provider <name>', 'execution provider').choices([...PROVIDERS]))
    .option('--json', 'as one JSON line')
    .action(async (model: string, flags: Flags) => {
      const seconds = secondsFrom(flags.seconds);
      const progress = checkProgress();
      const check = await inLimits(async (limited) => {
        const request = {
          model,
          preprocessing: await preprocessing({ ...flags, model }, limited),
          images: flags.images ?? null,
          ...wantedFrom(flags),
          ...(flags.provider && { provider: flags.provider }),
          seconds,
        };
        const checks = new Checks(new LatestOnly(limited), progress.event);
        // The answer is then what is known.
        let interrupted = false;
        const interrupt = () => {
          interrupted = true;
          checks.stop();
        };
        const found = await answering(interrupt, () => checks.check(request));
        progress.end();
        print(found!, flags.json);
        if (interrupted) throw new Exit(EXIT.cancelled);
        return found!;
      });
      if (!check.ok) throw new Exit(EXIT.findings);
    });
}

function print(check: GradientCheck, asJson = false): void {
  if (asJson) return json(toldCheck(check));
  const directions = `against central differences in ${check.directions} random directions`;
  if (check.compared !== 0) line(`forward   relative error ${check.forwardError.toExponential(2)} against onnxruntime on the original`);
  if (check.directions > 0) {
    line(
      `${check.tangentError === null ? 'gradient  ' : "J'u       "}relative error ${check.gradientError.toExponential(2)} ${directions}`,
    );
    if (check.tangentError !== null) line(`Jv        relative error ${check.tangentError.toExponential(2)} ${directions}`);
  }
  if (check.straightThrough.length > 0)
    line(`surrogate straight-through for ${check.straightThrough.join(', ')}: the gradient is not the derivative there`);
  if (check.fallbacks.length > 0) line(`on the CPU ${check.fallbacks.join(', ')}`);
  line(verdictWords(check));
  const flat = flatNote(check, 'The network');
  if (flat !== null) line(flat);
  else if (wordOf(check) === 'partly' || wordOf(check) === 'unchecked') line('Give it longer with --seconds.', process.stderr);
}

/** More than a day is a slip. */
const MOST = 86_400;

function secondsFrom(text: string | undefined): number {
  const seconds = Number(text ?? SECONDS);
  if (!(seconds > 0 && seconds <= MOST)) throw new UserError(`--seconds takes a number above 0 and up to ${MOST}, not ${text}.`);
  return seconds;
}
