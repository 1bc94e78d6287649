import type { ActionHandler, Handlers } from '../actions/handler.ts';
import { useExports, type Format } from '../stores/exports.ts';
import { useResults } from '../stores/results.ts';

const save = (format: Format): ActionHandler => ({ enabled: () => useResults().audit !== null, run: () => useExports().save(format) });

/** What can be done with results that are there. */
export const EXPORT_ACTIONS: Handlers<'export'> = {
  'export.pdf': save('pdf'),
  'export.csv': save('csv'),
  'export.json': save('json'),
};
