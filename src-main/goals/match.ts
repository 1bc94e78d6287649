import { z } from 'zod';
import { UserError } from '../../shared/errors.ts';
import { NBSP, significant } from '../../shared/format.ts';
import { DECIBELS } from '../../shared/goalWords.ts';
import { decodeFile, toUnit } from '../images/index.ts';
import { decibels, peak, distanceAt, nearer } from './distance.ts';
import { defineGoal } from './goal.ts';
import { decibelsIn, LIKENESS, LIKENESS_WORDS, likeness } from './likeness.ts';

const options = z.strictObject({
  picture: z.string().meta({ format: 'picture', description: 'Picture whose output is to be matched.' }),
  psnr: decibels('The output counts as matched at this many dB or more.'),
  peak,
});

/** An output that comes as near to what the network makes of another picture (feature match). */
export const match = defineGoal({
  kind: 'match',
  on: 'output',
  targeted: false,
  byProducts: false,
  options,
  paths: ['picture'],
  figures: LIKENESS,
  words: {
    en: {
      title: 'Output matches another picture’s',
      options: {
        picture: { title: 'Picture to match' },
        psnr: { title: 'Threshold in dB', hint: 'Reached at this peak signal-to-noise ratio: the higher, the nearer.' },
        peak: { title: 'Peak of the output' },
      },
      name: 'feature match ({psnr} dB or more to the output for another picture)',
      broken: `output at ${DECIBELS} or more to what another picture gives`,
      reference: 'the output to be matched',
      figures: LIKENESS_WORDS,
    },
    de: {
      title: 'Ausgabe gleicht der eines anderen Bildes',
      options: {
        picture: { title: 'Zielbild' },
        psnr: { title: 'Schwellwert in dB', hint: 'Erreicht ab diesem Spitzen-Signal-Rausch-Verhältnis: je höher, desto ähnlicher.' },
        peak: { title: 'Spitzenwert der Ausgabe' },
      },
      name: 'Angleichung der Ausgabe ({psnr} dB oder mehr zur Ausgabe für ein anderes Bild)',
      broken: `Ausgabe mit ${DECIBELS} oder mehr zu der für ein anderes Bild`,
      reference: 'der Ausgabe, die erreicht werden soll',
      figures: LIKENESS_WORDS,
    },
  },
  verdict: ({ psnr }) => ({
    lead: ', ',
    subject: (share) => `${share} of the images`,
    rest: ` could not be made to give an output within ${significant(psnr)}${NBSP}dB of the one to be matched`,
  }),
  aim: ({ psnr, peak, picture }) => ({
    on: 'output',
    peak,
    ...nearer(distanceAt(psnr, peak)),
    async reference(original, _clean, shape) {
      const other = await decodeFile(picture, picture).catch((error: unknown) => {
        if (error instanceof UserError) throw error;
        throw new UserError(`${picture}, whose output is to be matched, cannot be read: check that the file is there.`);
      });
      if (other.channels !== shape.channels || other.height !== shape.height || other.width !== shape.width)
        throw new UserError(
          `${picture}, whose output is to be matched, is ${other.width} x ${other.height} with ${other.channels} channels and the images are ${shape.width} x ${shape.height} with ${shape.channels}: give one of their size.`,
        );
      return original.output(toUnit(other), shape);
    },
    figures: (y, reference, output) => likeness(y, reference, output, peak),
    reached: (figures) => (decibelsIn(figures) ?? NaN) >= psnr,
  }),
});
