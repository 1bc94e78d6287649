import type { Norm } from '../../../shared/norms.ts';
import type { Stage } from '../attack.ts';
import { definePreset, stage } from './preset.ts';

const STAGES: Record<Norm, Stage[]> = {
  l0: [stage('sigma-zero', { steps: 100 })],
  l0Pixels: [stage('sigma-zero', { steps: 100 })],
  l1: [stage('fmn', { steps: 100 })],
  l2: [stage('ddn', { steps: 100 })],
  linf: [stage('fmn', { steps: 100 }), stage('pgd', { steps: 20 })],
};

export const quick = definePreset({
  id: 'quick',
  title: 'Quick',
  summary: 'A first look: a short run of the attack that finds most for the least.',
  stages: ({ norm }) => STAGES[norm],
});
