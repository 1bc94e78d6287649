import { Command, Option } from 'commander';
import { PROVIDERS } from '../../../shared/plan.ts';
import type { Provider } from '../../../shared/plan.ts';
import { EXIT, Exit } from '../exit.ts';
import { preprocessing } from '../flags.ts';
import { inLimits, withLimits } from '../limited.ts';
import { wantedFrom } from '../output.ts';
import type { WantedFlags } from '../output.ts';
import { json, line } from '../print.ts';

interface Flags extends WantedFlags {
  images?: string[];
  preset?: string;
  preprocess?: string;
  provider?: Provider;
  json?: boolean;
}

export function gradcheckCommand(): Command {
  return withLimits(new Command('gradcheck'))
    .description("Checks the differentiated model: its forward pass against onnxruntime's, its gradient against central differences in random directions.")
    .argument('<model>', 'the .onnx file')
    .option('--images <path...>', 'pictures to check at (default: random pixels)')
    .option('--preset <name>', 'preprocessing by name')
    .option('--preprocess <spec>', 'preprocessing as JSON or key=value list')
    .option('--output <name>', 'check this output or inner value as a network of pictures or vectors (default: class scores, where there are any)')
    .option('--input <name>', 'the input that takes the image (default: found)')
    .option('--fix <name=value>', 'value of another input (default: 0); repeatable', (value: string, before: string[] = []) => [...before, value])
    .addOption(new Option('--provider <name>', 'execution provider').choices([...PROVIDERS]))
    .option('--json', 'as one JSON line')
    .action(async (model: string, flags: Flags) => {
      const check = await inLimits(async (limited) => {
        const request = { model, preprocessing: await preprocessing({ ...flags, model }, limited), images: flags.images ?? null, ...wantedFrom(flags) };
        return limited.run('gradcheck', flags.provider ? { ...request, provider: flags.provider } : request);
      });
      if (flags.json) json(check);
      else {
        const what = check.tangentError === null ? 'gradient  ' : "J'u       ";
        line(`forward   relative error ${check.forwardError.toExponential(2)} against onnxruntime on the original`);
        line(`${what}relative error ${check.gradientError.toExponential(2)} against central differences in ${check.directions} random directions`);
        if (check.tangentError !== null) line(`Jv        relative error ${check.tangentError.toExponential(2)} against central differences in ${check.directions} random directions`);
        if (check.surrogates.length > 0) line(`surrogate straight-through for ${check.surrogates.join(', ')}: the gradient is not the derivative there`);
        if (check.fallbacks.length > 0) line(`on the CPU ${check.fallbacks.join(', ')}`);
        line(check.ok ? 'passed' : 'NOT passed');
      }
      if (!check.ok) throw new Exit(EXIT.findings);
    });
}
