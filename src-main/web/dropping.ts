import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { isDroppedName } from '../../shared/names.ts';
import type { Drop } from '../../shared/plan.ts';
import { digestOf } from '../audit/namedFiles.ts';
import type { Service } from '../engine/api.ts';
import { isBatch } from './batch.ts';
import { readsOf } from './named.ts';

/** Files of a drop that a plan tells of; one of more would be larger than a plan may be. */
const MOST_FILES = 100_000;

/**
 * The engine, where the plan of an audit that begins says what the uploads are that it names: the names that were dropped, and hashes to
 * find them by when the copies are gone.
 * @param imports folder of the uploads
 */
export function dropping(service: Service, imports: string): Service {
  return {
    async call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
      if (name !== 'start') return service.call(name, input);
      // Whatever the browser says of it counts for nothing.
      const {
        plan: { dropped: _, ...plan },
        ...rest
      } = input as CallIn<'start'>;
      const dropped = await dropsOf(readsOf(plan as Parameters<typeof readsOf>[0]), imports);
      return service.call('start', { ...rest, plan: { ...plan, ...(dropped.length > 0 && { dropped }) } }) as Promise<CallOut<N>>;
    },
    listen: (listener) => service.listen(listener),
    picture: (address) => service.picture(address),
    close: () => service.close(),
  };
}

/** The drops that some of the paths are of, in their order. */
async function dropsOf(paths: readonly (string | null)[], imports: string): Promise<Drop[]> {
  const batches = paths.flatMap((path) => {
    const [batch, ...rest] = path === null ? [] : relative(imports, path).split(sep);
    return batch !== undefined && rest.length > 0 && isBatch(batch) ? [batch] : [];
  });
  return Promise.all([...new Set(batches)].map((batch) => dropIn(join(imports, batch))));
}

async function dropIn(folder: string): Promise<Drop> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  const odd = names.filter((name) => !isDroppedName(name));
  if (odd.length > 0)
    throw new UserError(
      `${odd.join(', ')} cannot be named in a plan: give ${odd.length === 1 ? 'it another name' : 'them other names'} and drop ${odd.length === 1 ? 'it' : 'them'} again.`,
    );
  const files: Drop['files'] = [];
  if (names.length <= MOST_FILES) for (const name of names) files.push({ name, ...(await digestOf(join(folder, name))) });
  return { folder, files };
}
