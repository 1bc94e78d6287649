import type { Component } from 'vue';
import { SCREENS, type Step } from '../../shared/screens.ts';

/** Every component of this folder, by its file. */
const FILES = import.meta.glob<Component>('./*Screen.vue', { eager: true, import: 'default' });

const fileOf = (step: Step): string => `./${step[0]!.toUpperCase()}${step.slice(1)}Screen.vue`;

/** The component of each screen. */
export const COMPONENTS = Object.fromEntries(SCREENS.map(({ step }) => [step, FILES[fileOf(step)]])) as Record<Step, Component>;
