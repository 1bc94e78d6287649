import { useApp } from '../stores/app.ts';
import { useImages } from '../stores/images.ts';
import { useModel } from '../stores/model.ts';
import { useRun } from '../stores/run.ts';

/** What somebody who helps asks first, as text. No path, no file name, no picture. */
export function diagnostics(): string {
  const app = useApp();
  const model = useModel();
  const run = useRun();
  const identity = model.card?.identity;
  const facts: Record<string, unknown> = {
    hairline: app.about?.hairline ?? 'not connected',
    host: app.about?.host,
    providers: app.about?.providers,
    browser: navigator.userAgent,
    window: { step: app.step, width: innerWidth, height: innerHeight, ratio: devicePixelRatio },
    model: identity && { sha256: identity.sha256, opsets: identity.opsets, operators: identity.operators, output: model.card!.output },
    preprocessing: model.preprocessing,
    gradientCheck: model.check ?? model.checkError,
    images: useImages().images.length,
    run: run.status && { state: run.status.state, done: run.status.done, total: run.status.total },
    trace: run.trace ?? undefined,
    errors: app.toasts.filter(({ kind }) => kind === 'error').map(({ message }) => message),
  };
  return JSON.stringify(facts, null, 2);
}
