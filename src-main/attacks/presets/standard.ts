import type { Norm } from '../../../shared/norms.ts';
import type { Stage } from '../attack.ts';
import { definePreset, stage } from './preset.ts';

/** σ-zero as its authors run it: without our other starts, exchange and early end. So the preset is never worse than that. */
const PUBLISHED = stage('sigma-zero', { steps: 100, sigma: 1e-3, patience: 1, rivals: 0, polish: 0 });
const SPARSE = [PUBLISHED, stage('sigma-zero', { steps: 100 }), stage('pdpgd', { steps: 200 })];

const STAGES: Record<Norm, Stage[]> = {
  l0: [...SPARSE, stage('fmn', { steps: 100 })],
  l0Pixels: SPARSE,
  l1: [stage('fmn', { steps: 100 }), stage('alma', { steps: 200 })],
  l2: [stage('ddn', { steps: 100 }), stage('fmn', { steps: 100 }), stage('pdgd', { steps: 200 })],
  // On training images the descent of probabilities' margin finds what cross-entropy does and more, and the targets the last of them; both as long as published.
  linf: [
    stage('fmn', { steps: 100, direction: 'signs' }),
    stage('apgd', { steps: 100, loss: 'probability-margin' }),
    stage('apgd-targeted', { steps: 100 }),
  ],
};

export const standard = definePreset({
  id: 'standard',
  title: 'Standard',
  summary: 'Attacks that fail in different ways, so that what one overlooks another finds: for figures that somebody signs.',
  stages: ({ norm }) => STAGES[norm],
});
