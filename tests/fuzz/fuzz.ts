import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Watch } from './memory.ts';
import { faultOf } from './suite.ts';
import type { Limits, Outcome, Suite } from './suite.ts';

export interface Tally {
  suite: string;
  tries: number;
  accepted: number;
  refused: number;
  crashed: number;
  hung: number;
  /** Failures of the engine, and refusals that are no sentence. */
  raw: number;
  /** Bytes, of the largest process. */
  peak: number;
  slowest: Outcome | null;
  /** With the seeds that show them. */
  faults: string[];
}

interface Asked {
  count: number;
  seed: number;
  limits: Limits;
  folder: string;
  /** Told after each try. */
  onTry?: (tally: Tally, seed: number, outcomes: readonly Outcome[]) => void;
}

/** Tries one kind of hostile input so many times, with the seeds from one on. */
export async function fuzz(suite: Suite, { count, seed, limits, folder, onTry }: Asked): Promise<Tally> {
  const tally: Tally = {
    suite: suite.name,
    tries: 0,
    accepted: 0,
    refused: 0,
    crashed: 0,
    hung: 0,
    raw: 0,
    peak: 0,
    slowest: null,
    faults: [],
  };
  const own = join(folder, suite.name);
  mkdirSync(own, { recursive: true });
  const tries = await suite.open(own, limits);
  const watch = new Watch(() => tries.roots());
  try {
    for (let at = seed; at < seed + count; at++) {
      const outcomes = await tries.attempt(at);
      tally.tries++;
      tally.peak = watch.peak;
      for (const outcome of outcomes) take(tally, at, outcome);
      onTry?.(tally, at, outcomes);
    }
  } finally {
    watch.close();
    await tries.close();
    rmSync(own, { recursive: true, force: true, maxRetries: 5 });
  }
  return tally;
}

function take(tally: Tally, seed: number, outcome: Outcome): void {
  const fault = faultOf(outcome);
  if (outcome.end === 'accepted') tally.accepted++;
  if (outcome.end === 'refused') tally.refused++;
  if (outcome.end === 'crashed') tally.crashed++;
  if (outcome.end === 'hung') tally.hung++;
  if (fault && outcome.end !== 'crashed' && outcome.end !== 'hung') tally.raw++;
  if (fault) tally.faults.push(`seed ${seed}, ${outcome.what}: ${fault}`);
  if (outcome.ms > (tally.slowest?.ms ?? 0)) tally.slowest = outcome;
}
