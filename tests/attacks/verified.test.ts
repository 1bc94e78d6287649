import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { neededFiles, readInstances, tryInstances } from '../../bench/oracles/verified.ts';
import type { Instance, Outcome } from '../../bench/oracles/verified.ts';
import { attackCards } from '../../src-main/attacks/registry.ts';

/** What published verifiers said of real networks, against every l∞ attack; few steps here, all of them in `bench verified`. */
const shared = '../shared';
const has = (file: string): boolean => existsSync(join(shared, file));
const missing = neededFiles(shared).find((file) => !has(file)) ?? neededFiles(shared, false).find((file) => !has(file));

const QUICK: Record<string, Record<string, unknown>> = {
  pgd: { steps: 12 },
  apgd: { steps: 12 },
  'apgd-minimal': { steps: 4, searches: 2, rivals: 3 },
  pma: { steps: 6 },
  'apgd-targeted': { steps: 5, targets: 3 },
  bim: { steps: 8 },
  fmn: { steps: 20, rivals: 3 },
  gnm: { steps: 2, rivals: 3 },
  'gnm-simple': { steps: 2 },
  'linear-minimum': { steps: 8, rivals: 3, rounds: 3 },
  deepfool: { steps: 8, rivals: 3 },
  subset: { subsets: 2, rivals: 3 },
  pdpgd: { steps: 20, rivals: 3 },
  fab: { steps: 8, rivals: 3 },
  'trust-region': { steps: 20, rivals: 3 },
  'carlini-wagner': { steps: 4, initial: 1, decrease: 0.5, least: 0.1 },
};

async function outcomes(instances: readonly Instance[], attacks: readonly string[]): Promise<Outcome[]> {
  const all: Outcome[] = [];
  await tryInstances(
    shared,
    instances,
    attacks.map((attack) => ({ attack, options: QUICK[attack] ?? {} })),
    (one) => all.push(one),
  );
  return all;
}

describe.skipIf(missing)(`verified networks${missing ? ` (skipped: ../shared/${missing} is not there)` : ''}`, () => {
  // Attacks on outputs that are no classes have nothing to do here.
  const attacks = attackCards().flatMap((card) =>
    card.norms.includes('linf') && !('needsOutput' in card && card.needsOutput) ? [card.id] : [],
  );

  it('no attack ever counts a picture as broken inside a ball proved robust', { timeout: 300_000 }, async () => {
    const robust = readInstances(shared).filter(({ verdict }) => verdict === 'robust');
    expect(robust.length).toBe(120);
    // The minimum-norm attacks go wherever they like: only what they bring inside the ball counts.
    const all = await outcomes(robust, attacks);
    expect(all.length).toBe(120 * attacks.length);
    expect(all.filter(({ float, eightBit }) => float || eightBit)).toEqual([]);
  });

  it('of the balls with a known counterexample most are broken even in a few steps', { timeout: 120_000 }, async () => {
    const broken = readInstances(shared).filter(({ verdict }) => verdict === 'broken');
    expect(broken.length).toBe(24);
    const all = await outcomes(broken, ['pgd', 'fmn', 'linear-minimum']);
    const found = new Set(all.filter(({ float }) => float).map(({ instance }) => instance));
    expect(found.size).toBeGreaterThanOrEqual(20);
  });
});
