import type { CallIn, CallName, CallOut } from '../../shared/contract.ts';
import type { Service } from '../engine/api.ts';
import type { Imports } from './imports.ts';

/** The engine, where the uploads of an audit that begins are kept until it has a plan on the disk: at the latest when it is over. */
export function holding(service: Service, imports: Imports): Service {
  const running = new Map<string, () => void>();
  service.listen((event) => {
    if (event.type !== 'finished' && event.type !== 'failed') return;
    running.get(event.audit)?.();
    running.delete(event.audit);
  });
  return {
    async call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
      if (name !== 'start') return service.call(name, input);
      const release = imports.hold(JSON.stringify(input));
      try {
        const out = await service.call(name, input);
        running.set((out as CallOut<'start'>).audit, release);
        return out;
      } catch (error) {
        release();
        throw error;
      }
    },
    listen: (listener) => service.listen(listener),
    picture: (address) => service.picture(address),
    close: () => service.close(),
  };
}
