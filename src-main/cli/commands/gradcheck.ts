import { Command } from 'commander';
import { checkModelGradient } from '../../audit/gradcheck.ts';
import { EXIT, Exit } from '../exit.ts';
import { preprocessing } from '../flags.ts';
import { json, line } from '../print.ts';

export function gradcheckCommand(): Command {
  return new Command('gradcheck')
    .description("Checks the differentiated model: its forward pass against onnxruntime's, its gradient against central differences in random directions.")
    .argument('<model>', 'the .onnx file')
    .option('--images <path...>', 'pictures to check at (default: random pixels)')
    .option('--preset <name>', 'preprocessing by name')
    .option('--preprocess <spec>', 'preprocessing as JSON or key=value list')
    .option('--json', 'as one JSON line')
    .action(async (model: string, flags: { images?: string[]; preset?: string; preprocess?: string; json?: boolean }) => {
      const check = await checkModelGradient({ model, preprocessing: await preprocessing({ ...flags, model }), images: flags.images ?? null });
      if (flags.json) json(check);
      else {
        line(`forward   relative error ${check.forwardError.toExponential(2)} against onnxruntime on the original`);
        line(`gradient  relative error ${check.gradientError.toExponential(2)} against central differences in ${check.directions} random directions`);
        if (check.surrogates.length > 0) line(`surrogate straight-through for ${check.surrogates.join(', ')}: the gradient is not the derivative there`);
        line(check.ok ? 'passed' : 'NOT passed');
      }
      if (!check.ok) throw new Exit(EXIT.findings);
    });
}
