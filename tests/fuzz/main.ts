import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import type { Tally } from './fuzz.ts';
import type { Suite } from './suite.ts';
import { SUITES } from './suites.ts';

/** `npm run fuzz`: every kind of hostile input, or the ones named; see `--help`. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    gigabytes: { type: 'string', default: '2' },
    all: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

function usage(): never {
  console.error(`npm run fuzz -- [${SUITES.map((suite) => suite.name).join('|')}]... [--count N] [--seed S] [--only SEED] [--all] [--seconds N] [--gigabytes N]
Without a name: all of them. --only repeats one try and says how it ended; --all says so of every try; --seconds and --gigabytes are the limits that models get.`);
  process.exit(values.help ? 0 : 2);
}

const chosen = positionals.length > 0 ? positionals.map((name) => SUITES.find((suite) => suite.name === name) ?? usage()) : SUITES;
if (values.help) usage();
const limits = { seconds: Number(values.seconds), gigabytes: Number(values.gigabytes) };
const folder = mkdtempSync(join(tmpdir(), 'hairline-fuzz-'));
const tallies: Tally[] = [];
try {
  for (const suite of chosen) tallies.push(await one(suite));
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
const bytes = (n: number) => `${(n / 1e9).toFixed(2)} GB`;
console.log(['', 'suite', 'tries', 'accepted', 'refused', 'crashes', 'hangs', 'raw', 'peak', 'slowest'].join('\t').trimStart());
for (const t of tallies) {
  const over = t.peak - limits.gigabytes * 1e9;
  console.log(
    [
      t.suite,
      t.tries,
      t.accepted,
      t.refused,
      t.crashed,
      t.hung,
      t.raw,
      `${bytes(t.peak)}${over > 0 ? ` (${bytes(over)} over the limit)` : ''}`,
      t.slowest ? `${(t.slowest.ms / 1000).toFixed(1)} s: ${t.slowest.what.slice(0, 80)}` : '',
    ].join('\t'),
  );
}
process.exitCode = tallies.some((t) => t.faults.length > 0) ? 1 : 0;

function one(suite: Suite): Promise<Tally> {
  const only = values.only === undefined ? null : Number(values.only);
  let told = 0;
  return fuzz(suite, {
    count: only === null ? Number(values.count ?? suite.whole) : 1,
    seed: only ?? Number(values.seed),
    limits,
    folder,
    onTry: (tally, seed, outcomes) => {
      // At once: the whole takes long, and may be stopped.
      for (; told < tally.faults.length; told++) console.log(`fault: ${tally.faults[told]}`);
      if (only !== null || values.all)
        for (const { what, end, sentence, ms } of outcomes) console.log(`${seed} ${what}\n  ${end} after ${Math.round(ms)} ms ${sentence}`);
      else if (tally.tries % 50 === 0)
        console.log(
          `${suite.name} up to seed ${seed}: ${tally.accepted} accepted, ${tally.refused} refused, ${tally.faults.length} faults`,
        );
    },
  });
}
