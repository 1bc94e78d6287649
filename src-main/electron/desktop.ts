import { join } from 'node:path';
import { app } from 'electron';
import type { BrowserWindow } from 'electron';
import type { AuditStatus, CallIn, CallName, RunEvent } from '../../shared/contract.ts';
import { FILES } from '../audit/jobs.ts';
import type { Service } from '../engine/api.ts';

/** What the bar on the taskbar or dock shows of an audit. */
function bar({ state, done, total }: AuditStatus): [progress: number, mode: 'none' | 'normal' | 'paused' | 'error' | 'indeterminate'] {
  const share = total > 0 ? done / total : 0;
  if (state === 'running') return [share, 'normal'];
  if (state === 'paused') return [share, 'paused'];
  if (state === 'preparing') return [2, 'indeterminate'];
  return state === 'failed' ? [1, 'error'] : [-1, 'none'];
}

/**
 * Ties an engine to the desktop around the window: progress on the taskbar, and recent documents, which are models that
 * were opened and audits that finished.
 * @returns the same service, and what stops it
 */
export function onDesktop(window: BrowserWindow, service: Service): { service: Service; stop(): void } {
  const stop = service.listen((event: RunEvent) => {
    if (event.type === 'finished') app.addRecentDocument(join(event.folder, FILES.mark));
    if (event.type !== 'status' || window.isDestroyed()) return;
    const [progress, mode] = bar(event.status);
    window.setProgressBar(progress, { mode });
  });
  const call: Service['call'] = async (name, input) => {
    const answer = await service.call(name, input);
    if ((name as CallName) === 'inspect') app.addRecentDocument((input as CallIn<'inspect'>).model);
    return answer;
  };
  return {
    service: {
      call,
      listen: (listener) => service.listen(listener),
      picture: (address) => service.picture(address),
      close: () => service.close(),
    },
    stop,
  };
}
