import { z } from 'zod';
import { UserError } from '../../shared/errors.ts';
import { NBSP, significant } from '../../shared/format.ts';
import { DECIBELS } from '../../shared/goalWords.ts';
import { REFERENCES } from '../../shared/plan.ts';
import { decibels, peak, distanceAt, farther } from './distance.ts';
import { defineGoal } from './goal.ts';
import { decibelsIn, LIKENESS, LIKENESS_WORDS, likeness } from './likeness.ts';

const options = z.strictObject({
  reference: z
    .enum(REFERENCES)
    .default('clean-output')
    .describe(
      'What an output is held against: what the network makes of the clean image, or the image as the network reads it (autoencoders).',
    ),
  psnr: decibels('The output counts as broken below this many dB.'),
  peak,
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
  figures: LIKENESS,
  words: {
    en: {
      title: 'Output leaves its reference',
      options: {
        reference: { title: 'Reference', choices: { 'clean-output': 'The clean output', input: 'The image itself' } },
        psnr: {
          title: 'Threshold in dB',
          hint: 'Broken below this peak signal-to-noise ratio: the lower, the larger the damage asked for.',
        },
        peak: { title: 'Peak of the output' },
      },
      name: 'output deviation (below {psnr} dB from {reference})',
      broken: `output below ${DECIBELS} from {reference}`,
      reference: '{reference}',
      values: { reference: EN },
      figures: LIKENESS_WORDS,
    },
    de: {
      title: 'Ausgabe verlässt ihre Referenz',
      options: {
        reference: { title: 'Referenz', choices: { 'clean-output': 'Die ungestörte Ausgabe', input: 'Das Bild selbst' } },
        psnr: {
          title: 'Schwellwert in dB',
          hint: 'Gebrochen unterhalb dieses Spitzen-Signal-Rausch-Verhältnisses: je niedriger, desto größer der verlangte Schaden.',
        },
        peak: { title: 'Spitzenwert der Ausgabe' },
      },
      name: 'Abweichung der Ausgabe (unter {psnr} dB gegenüber {reference})',
      broken: `Ausgabe unter ${DECIBELS} gegenüber {reference}`,
      reference: '{reference}',
      values: { reference: DE },
      figures: LIKENESS_WORDS,
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
    figures: (y, reference, output) => likeness(y, reference, output, peak),
    reached: (figures) => (decibelsIn(figures) ?? NaN) < psnr,
  }),
});
