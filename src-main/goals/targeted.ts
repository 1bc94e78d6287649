import { z } from 'zod';
import { UserError } from '../../shared/errors.ts';
import { defineGoal } from './goal.ts';

const Class = z.number().int().min(0);
const options = z.strictObject({
  target: z.union([Class, z.array(Class), z.enum(['next', 'least-likely'])]).meta({
    format: 'class',
    description:
      'Class to reach: one for all images, a list with one class per image in image order, the least likely one of each clean image, or the one after its label.',
  }),
});

/** A given class. */
export const targeted = defineGoal({
  kind: 'targeted',
  on: 'classes',
  targeted: true,
  byProducts: false,
  options,
  paths: [],
  figures: [],
  words: {
    en: {
      title: 'A class to reach',
      options: {
        target: {
          title: 'Target class',
          choices: { next: 'The class after the label', 'least-likely': 'The least likely class', number: 'One class' },
        },
      },
      name: {
        by: 'target',
        cases: {
          list: 'targeted (one given class per image)',
          'least-likely': 'targeted (the class least likely on the clean image)',
          next: 'targeted (the class after the label)',
          number: 'targeted (class {target})',
        },
      },
      broken: null,
      reference: null,
    },
    de: {
      title: 'Eine Zielklasse',
      options: {
        target: {
          title: 'Zielklasse',
          choices: { next: 'Die Klasse nach dem Label', 'least-likely': 'Die unwahrscheinlichste Klasse', number: 'Eine Klasse' },
        },
      },
      name: {
        by: 'target',
        cases: {
          list: 'gezielt (eine gegebene Klasse je Bild)',
          'least-likely': 'gezielt (die auf dem ungestörten Bild unwahrscheinlichste Klasse)',
          next: 'gezielt (die Klasse nach dem Label)',
          number: 'gezielt (Klasse {target})',
        },
      },
      broken: null,
      reference: null,
    },
  },
  verdict: () => ({
    lead: ' ',
    subject: (share) => `${share} of the images`,
    rest: ', right when clean, could not be turned into their target class',
  }),
  aim: ({ target }) => ({
    on: 'classes',
    target({ label, leastLikely }, index, classes) {
      if (target === 'least-likely') return leastLikely;
      if (target === 'next') return (label + 1) % classes;
      return Array.isArray(target) ? target[index]! : target;
    },
    demandFit(images, classes, leftOut) {
      if (typeof target === 'string') return;
      const targets = Array.isArray(target) ? target : [target];
      if (Array.isArray(target) && targets.length !== images)
        throw new UserError(
          `The list of target classes holds ${targets.length}, but there are ${images} images${leftOut > 0 ? ` (${leftOut} more could not be taken)` : ''}: give one class per image, or one class for all.`,
        );
      const beyond = targets.find((one) => one >= classes);
      if (beyond !== undefined)
        throw new UserError(`The target class ${beyond} does not exist: the model tells ${classes} classes apart, 0 to ${classes - 1}.`);
    },
  }),
});
