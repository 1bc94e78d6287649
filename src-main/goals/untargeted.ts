import { z } from 'zod';
import { defineGoal } from './goal.ts';

/** Another class than the image's own. */
export const untargeted = defineGoal({
  kind: 'untargeted',
  on: 'classes',
  targeted: false,
  byProducts: false,
  options: z.strictObject({}),
  paths: [],
  figures: [],
  words: {
    en: { title: 'Any wrong class', name: 'untargeted (any wrong class)', broken: null, reference: null },
    de: { title: 'Jede falsche Klasse', name: 'ungezielt (jede falsche Klasse)', broken: null, reference: null },
  },
  verdict: (_, labelled) => ({
    lead: ' the model ',
    subject: (share) => `keeps ${share} of ${labelled ? 'the images right' : 'its predictions'}`,
    rest: '',
  }),
  aim: () => ({ on: 'classes', target: () => null, demandFit: () => undefined }),
});
