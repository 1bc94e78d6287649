import { Command, Option } from 'commander';
import { withLimits } from '../limited.ts';
import { exactLinear } from '../linear/exact.ts';
import type { ExactFlags } from '../linear/exact.ts';
import { boundsPictures } from '../megapixels.ts';
import { trainLinear } from '../linear/train.ts';
import type { TrainFlags } from '../linear/train.ts';

export function linearCommand(): Command {
  const command = new Command('linear').description(
    'Linear models, where everything is exact: trains them plainly, as a soft-margin SVM and adversarially, and tells the exact robust accuracy of one.',
  );
  const list = (value: string, before: string[] = []): string[] => [...before, value];
  const train = new Command('train')
    .description(
      'Trains three linear models of the same images and draws their exact curves of robust accuracy; every training ends with a proof of how near its minimum it is.',
    )
    .option('--images <path...>', 'training images: files, folders (class sub-folders give labels), IDX(.gz), CIFAR-10 binary, .npy')
    .option('--labels <file>', 'their labels')
    .option('--test-images <path...>', 'images the curves are of (default: the last fifth of the training images)')
    .option('--test-labels <file>', 'their labels')
    .option('--classes <list>', 'classes to tell apart, such as 3,7 (default: all; more than two by one against the rest)')
    .addOption(new Option('--norm <norm>', 'norm of the perturbations').choices(['l2', 'linf']).default('l2'))
    .option('--eps <radius>', 'radius that the adversarial training is against, in [0,1] (default: 1 for l2, 0.1 for linf)')
    .addOption(
      new Option('--loss <loss>', 'of the plain and the adversarial training; the SVM has the hinge')
        .choices(['hinge', 'logistic'])
        .default('hinge'),
    )
    .option('--ridge <lambda>', 'λ of λ/2 ‖w‖² in plain and adversarial training, which makes the minimum unique', '1e-4')
    .option('--svm-ridge <lambda>', 'λ of the soft-margin SVM', '0.01')
    .option('--gap <share>', 'end when the objective is proven to be within this share of its minimum', '1e-3')
    .option('--limit <n>', 'at most so many training images')
    .option('--test-limit <n>', 'at most so many test images')
    .option('--out <folder>', 'output folder', 'linear')
    .option('--json', 'as one JSON line')
    .action((flags: TrainFlags) => trainLinear(flags));
  const exact = withLimits(new Command('exact'))
    .description(
      'Recognises a model that is affine from pixels to logits and gives its exact minimum norms inside [0,1] and its exact robust accuracy. Exits with 1 when it is not affine.',
    )
    .argument('<model>', 'the .onnx file')
    .option('--images <path...>', 'images, as for audit')
    .option('--labels <file>', 'their labels')
    .option('--preset <name>', 'preprocessing by name')
    .option(
      '--preprocess <spec>',
      'preprocessing as JSON or key=value list, or a file: JSON, preprocessor_config.json of Hugging Face, config.json of timm',
    )
    .option('--eps <list>', 'budgets of a norm, such as l2=0.5,1 (repeatable)', list)
    .option('--exponent <p>', 'also the minima in ℓp for this exponent above 1')
    .option('--limit <n>', 'at most so many images')
    .option('--out <file>', 'writes the whole curves as CSV')
    .option('--json', 'as one JSON line')
    .action((model: string, flags: ExactFlags) => exactLinear(model, flags));
  for (const one of [train, exact]) command.addCommand(boundsPictures(one).exitOverride());
  return command;
}
