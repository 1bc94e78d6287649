import type { Contender } from '../strength/measure.ts';
import type { Reference } from './reference.ts';

type Row = [RegExp, (parameters: Reference['parameters']) => Contender];

/** Which of our attacks a reference is held against, by the name of its file. */
const ROWS: Row[] = [
  [/\.al-pdpgd-/, (p) => ({ attack: 'pdpgd', options: { steps: p['num_steps'] } })],
  [/\.al-pdgd-/, (p) => ({ attack: 'pdgd', options: { steps: p['num_steps'] } })],
  [/\.al-alma-/, (p) => ({ attack: 'alma', options: { steps: p['num_steps'] } })],
  [/\.aa-fab-/, (p) => ({ attack: 'fab', options: { steps: p['n_iter'], alphaMax: p['alpha_max'], eta: p['eta'], beta: p['beta'] } })],
  [/\.al-sdf-/, (p) => ({ attack: 'super-deepfool', options: { steps: p['steps'], inner: p['df_steps'], overshoot: p['overshoot'] } })],
  [/\.al-tr-/, (p) => ({ attack: 'trust-region', options: { steps: p['iter'], rivals: p['c'], radius: p['eps'] } })],
  [/\.fb-ead-/, (p) => ({ attack: 'ead', options: { steps: p['steps'], searches: p['binary_search_steps'] } })],
  [/\.fb-cw-/, (p) => ({ attack: 'carlini-wagner', options: { steps: p['steps'], searches: p['binary_search_steps'] } })],
  [/\.al-cw-/, (p) => ({ attack: 'carlini-wagner', options: { steps: p['max_iterations'] } })],
  [/\.(al-)?sigmazero-/, (p) => ({ attack: 'sigma-zero', options: { steps: p['steps'] ?? p['num_steps'] } })],
  [/\.(al-fmn-l0-1000|al-vfga)/, () => ({ attack: 'sigma-zero', options: { steps: 1000 } })],
  [/\.al-fmn-/, (p) => ({ attack: 'fmn', options: { steps: p['steps'] } })],
  [/\.al-ddn-/, (p) => ({ attack: 'ddn', options: { steps: p['steps'] } })],
  [/\.fb-deepfool-/, () => ({ attack: 'deepfool', options: {} })],
  [/\.aa-apgd-(ce|dlr)-/, (p) => ({ attack: 'apgd', options: { steps: p['n_iter'], loss: p['loss'] === 'ce' ? 'cross-entropy' : 'dlr' } })],
  [/\.aa-apgdt-/, (p) => ({ attack: 'apgd-targeted', options: { steps: p['n_iter'], targets: p['n_target_classes'] } })],
  [/\.al-minapgd-/, (p) => ({ attack: 'apgd-minimal', options: { steps: p['n_iter'], searches: p['binary_search_steps'] } })],
  [/\.(fb|ta)-pgd-/, (p) => ({ attack: 'pgd', options: { steps: p['steps'] } })],
];

/** Our attack, at the settings of a reference. Null where we have no attack to hold against it. */
export function settingOf({ name, parameters }: Reference): Contender | null {
  return ROWS.find(([pattern]) => pattern.test(name))?.[1](parameters) ?? null;
}
