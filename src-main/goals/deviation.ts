import { z } from 'zod';
import { UserError } from '../../shared/errors.ts';
import { NBSP, significant } from '../../shared/format.ts';
import { DECIBELS } from '../../shared/goalWords.ts';
import { REFERENCES } from '../../shared/plan.ts';
import { decibelOptions, distanceAt, farther } from './distance.ts';
import { defineGoal } from './goal.ts';

const options = z.strictObject({
  reference: z
    .enum(REFERENCES)
    .default('clean-output')
    .describe(
      'What an output is held against: what the network makes of the clean image, or the image as the network reads it (autoencoders).',
    ),
  ...decibelOptions,
  psnr: decibelOptions.psnr.describe('The output counts as broken below this many dB.'),
});

const EN = { 'clean-output': 'the clean output', input: 'the image itself' };
const DE = { 'clean-output': 'der ungestörten Ausgabe', input: 'dem Bild selbst' };

/** An output that lies more than so many dB from its reference (peak signal-to-noise ratio): Balda et al., section 3, "regression". */
export const deviation = defineGoal({
  kind: 'deviation',
  on: 'output',
  targeted: false,
  byProducts: true,
  options,
  paths: [],
  words: {
    en: {
      name: 'output deviation (below {psnr} dB from {reference})',
      broken: `output below ${DECIBELS} from {reference}`,
      reference: '{reference}',
      values: { reference: EN },
    },
    de: {
      name: 'Abweichung der Ausgabe (unter {psnr} dB gegenüber {reference})',
      broken: `Ausgabe unter ${DECIBELS} gegenüber {reference}`,
      reference: '{reference}',
      values: { reference: DE },
    },
  },
  verdict: ({ psnr, reference }) => ({
    lead: ' ',
    subject: (share) => `the output for ${share} of the images`,
    rest: ` stays within ${significant(psnr)}${NBSP}dB of ${EN[reference]}`,
  }),
  aim: ({ psnr, peak, reference }) => ({
    on: 'output',
    peak,
    ...farther(distanceAt(psnr, peak)),
    async reference(original, clean, shape, output) {
      if (reference === 'clean-output') return original.output(clean, shape);
      const read = original.read(clean, shape);
      if (read.length !== output.width)
        throw new UserError(
          `The network reads ${read.length} values of an image and puts out ${output.width}, so its output cannot be held against the image: take the clean output as the reference.`,
        );
      return Float64Array.from(read);
    },
    reached: (dB) => dB < psnr,
  }),
});
