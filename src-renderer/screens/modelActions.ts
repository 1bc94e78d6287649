import type { Handlers } from '../actions/handler.ts';
import { useModel } from '../stores/model.ts';

/** What can be done about the model. */
export const MODEL_ACTIONS: Handlers<'model'> = {
  'model.check': { enabled: () => useModel().card !== null && !useModel().checking, run: () => useModel().runCheck() },
  'model.checkStop': { enabled: () => useModel().checking, run: () => useModel().stopCheck() },
};
