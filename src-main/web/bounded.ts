import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts';
import { FILES } from '../audit/jobs.ts';
import { readPlan } from '../audit/plan.ts';
import type { Service } from '../engine/api.ts';
import { checkInput } from '../engine/check.ts';
import type { Bounds } from './bounds.ts';
import { NAMED, readsOf, type Named } from './named.ts';

/** The engine for a browser: every path and every audit that a call or the address of a picture names is looked at before the engine sees it. */
export function bounded(service: Service, bounds: Bounds): Service {
  async function demand({ reads = [], audit, planned, writes = null }: Named): Promise<void> {
    const paths = new Set(reads);
    if (audit !== undefined) {
      const plan = join(await bounds.demandAudit(audit), FILES.plan);
      // Of an audit that has only just begun there is none; its call was looked at.
      if (planned && existsSync(plan)) readsOf(readPlan(plan)).forEach((path) => paths.add(path));
    }
    for (const path of paths) if (path !== null) await bounds.demandReadable(path);
    if (writes !== null) await bounds.demandWritable(writes);
  }

  return {
    /** @throws UserError for a path or an audit outside the bounds; whatever the engine throws. */
    async call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
      const checked = checkInput(name, input);
      await demand(NAMED[name](checked as never));
      return service.call(name, checked);
    },
    listen: (listener) => service.listen(listener),
    async picture(address) {
      if ('audit' in address) await bounds.demandAudit(address.audit);
      return service.picture(address);
    },
    close: () => service.close(),
  };
}
