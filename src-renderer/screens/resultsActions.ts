import type { ActionHandler, Handlers } from '../actions/handler.ts';
import { useApp } from '../stores/app.ts';
import { useResults } from '../stores/results.ts';

const onResults = (run: () => unknown): ActionHandler => ({
  enabled: () => useApp().step === 'results' && useResults().results !== null,
  run,
});
const threatBy = (by: number): ActionHandler => ({
  enabled: () => ['results', 'image'].includes(useApp().step) && useResults().results?.threats[useResults().threat + by] !== undefined,
  run: () => (useResults().threat += by),
});

/** What can be done where all results are. */
export const RESULTS_ACTIONS: Handlers<'results'> = {
  'results.gallery': onResults(() => (useResults().view = 'gallery')),
  'results.table': onResults(() => (useResults().view = 'table')),
  'results.search': onResults(() => document.querySelector<HTMLElement>('#main input[type=search]')?.focus()),
  'results.nextThreat': threatBy(1),
  'results.previousThreat': threatBy(-1),
};
