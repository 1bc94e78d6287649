import type { Handlers } from '../actions/handler.ts';
import { useApp } from '../stores/app.ts';
import { useResults } from '../stores/results.ts';
import { useRun } from '../stores/run.ts';
import { useThreat } from '../stores/threat.ts';

/** What can be done about an audit. */
export const RUN_ACTIONS: Handlers<'run'> = {
  'run.start': { enabled: () => useThreat().missing === null && !useRun().busy && !useRun().starting, run: begin },
  'run.pause': { enabled: () => useRun().status?.state === 'running', run: () => useRun().act('pause') },
  'run.resume': {
    enabled: () => ['paused', 'cancelled', 'interrupted', 'crashed', 'failed'].includes(useRun().status?.state ?? ''),
    run: () => useRun().act('resume'),
  },
  'run.cancel': { enabled: () => useRun().busy && !useRun().cancelling, run: () => useRun().act('cancel') },
  'run.results': {
    enabled: () => useRun().status?.state === 'finished' || (useRun().status !== null && useResults().audit === useRun().status!.audit),
    run: see,
  },
};

async function begin(): Promise<void> {
  const app = useApp();
  app.step = 'run';
  if (!(await useRun().start())) app.step = 'threat';
}

/** The results of the audit that ran. */
async function see(): Promise<void> {
  const { audit } = useRun().status!;
  const results = useResults();
  if (results.audit === audit || (await results.open(audit))) useApp().step = 'results';
}
