import { expect, it } from 'vitest';
import { useLatest } from '../../src-renderer/logic/latest.ts';

it('takes what was asked last, in whatever order the answers come', async () => {
  const latest = useLatest();
  const shown: string[] = [];
  const answers = new Map<string, () => void>();
  const ask = async (what: string): Promise<void> => {
    const isLatest = latest.begin();
    await new Promise<void>((answer) => answers.set(what, answer));
    if (isLatest()) shown.push(what);
  };
  const asked = ['first', 'second', 'third'].map(ask);
  for (const what of ['second', 'third', 'first']) answers.get(what)!();
  await Promise.all(asked);
  expect(shown).toEqual(['third']);
});

it('drops all that is on its way when it is cancelled, and takes what is begun then', () => {
  const latest = useLatest();
  const before = latest.begin();
  const beside = latest.join();
  expect([before(), beside()]).toEqual([true, true]);
  latest.cancel();
  expect([before(), beside()]).toEqual([false, false]);
  const after = latest.begin();
  expect([before(), beside(), after()]).toEqual([false, false, true]);
});

it('knows nothing of another', () => {
  const [one, other] = [useLatest(), useLatest()];
  const still = one.begin();
  other.begin();
  other.cancel();
  expect(still()).toBe(true);
});
