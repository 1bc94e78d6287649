import { defineStore } from 'pinia';
import type { AuditStatus } from '../../shared/contract.ts';
import { useApp } from './app.ts';
import { useResults } from './results.ts';
import { goesOn, useRun } from './run.ts';

/** Opens an earlier audit: its results when it is finished, else where it stands. */
export const useOpening = defineStore('opening', () => {
  async function open(audit: AuditStatus): Promise<void> {
    const app = useApp();
    if (audit.state === 'finished') {
      if (await useResults().open(audit.audit)) app.step = 'results';
      return;
    }
    app.step = 'run';
    await useRun().attach(audit);
    // One that was stopped has results of what was done, where it got so far.
    if (!goesOn(audit)) await useResults().open(audit.audit, true);
  }
  return { open };
});
