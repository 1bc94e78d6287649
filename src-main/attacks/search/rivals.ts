import { z } from 'zod';

const rivals = (least: number, description: string) => z.number().int().min(least).max(1000).default(9).describe(description);

/** The option of attacks that choose a class once, where they begin. */
export const startRivals = rivals(
  0,
  'Start at the nearest boundary of this many likely classes, as linearised at the clean image; 0: start at the image itself.',
);

/** And of those that look at several in every step. */
export const stepRivals = rivals(
  1,
  'Likeliest other classes whose boundaries are looked at in every step, two passes each. The paper takes all; 9 are all of ten classes.',
);
