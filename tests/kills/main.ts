import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Dice } from '../fuzz/dice.ts';
import { ROOT } from '../fuzz/root.ts';
import { differences, hairline, pages } from './killed.ts';
import type { Victim } from './killed.ts';

/** `npm run kills`: audits under four norms are killed at random moments, gone on with, and held against undisturbed ones. */
const { values } = parseArgs({ options: { count: { type: 'string', default: '300' }, seed: { type: 'string', default: '1' } } });
const NORMS = { l0: 'sigma-zero', l1: 'fmn', l2: 'ddn', linf: 'pgd' } as const;
type Norm = keyof typeof NORMS;
const EPS = { l0: 10, l1: 5, l2: 0.5, linf: 8 / 255 };
/** Of all kills: those while a finished audit is reported or verified, and those while an audit starts; the rest strikes at any moment. */
const SHARES = { report: 1 / 20, verify: 1 / 20, start: 1 / 10 };
/** Milliseconds in which a command is still starting. */
const STARTING = 600;
/** Kills in a row before an audit may end, at least and at most. */
const [LEAST, MOST] = [4, 9];

const folder = mkdtempSync(join(tmpdir(), 'hairline-kills-'));
const installation = join(folder, 'installation');
process.env['HAIRLINE_DATA'] = installation;
const dice = new Dice(Number(values.seed));
let faults = 0;
const counts = new Map<string, number>();

async function undisturbed(args: readonly string[]): Promise<number> {
  const { code, err, ms } = await hairline(args);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${err}`);
  return ms;
}

/** Kills a command at a random moment of the time that it takes, until it was really killed and not through before. */
async function kill(what: string, args: readonly string[], span: number, victim: Victim = 'group'): Promise<void> {
  for (let i = 0; i < 100; i++)
    if ((await hairline(args, dice.next() * span, victim)).killed) {
      counts.set(what, (counts.get(what) ?? 0) + 1);
      return;
    }
  throw new Error(`${what} was through a hundred times before it could be killed.`);
}

/** Told at once: the command takes long, and somebody may end it. */
function fault(what: string): void {
  faults++;
  console.log(what);
}

function report(what: string, whole: string, out: string): void {
  for (const one of differences(whole, out)) fault(`${what}: ${one}`);
}

const whole = (name: Norm): string => join(folder, `${name}-whole`);

async function norm(name: Norm, times: number, starts: number): Promise<void> {
  const plan = join(folder, `${name}.json`);
  writeFileSync(
    plan,
    JSON.stringify({
      model: join(ROOT, 'assets/samples/signs.onnx'),
      preprocessing: {},
      images: [join(ROOT, 'assets/samples/images')],
      limit: 12,
      threats: [{ norm: name, eps: [EPS[name]], attacks: [{ id: NORMS[name], options: { steps: 30 } }] }],
    }),
  );
  const audit = (out: string) => ['audit', plan, '--resume', '--out', out, '--workers', '2', '--batch', '2', '--json'];
  const span = await undisturbed(audit(whole(name)));
  const results = join(whole(name), 'results.json');
  const right = await pages(whole(name), results);
  for (let left = times, early = starts, round = 1; left + early > 0; round++) {
    const out = join(folder, `${name}-${round}`);
    for (let row = LEAST + dice.int(MOST - LEAST + 1); row > 0 && left + early > 0; row--) {
      const start = early > 0 && dice.next() < early / (left + early);
      // Mostly all of it, as a machine's end would; else the engine alone, or the command alone.
      const victim = dice.chance(0.5) ? 'group' : dice.chance(0.5) ? 'engine' : 'command';
      await kill(start ? 'start' : name, audit(out), start ? STARTING : span, victim);
      if (start) early--;
      else left--;
    }
    await undisturbed(audit(out));
    report(`${name}, round ${round}`, whole(name), out);
    if (!(await pages(out, results)).equals(right)) fault(`${name}, round ${round}: the report differs`);
    rmSync(out, { recursive: true });
  }
  console.log(`${name}: ${times} kills at any moment and ${starts} while it starts, ${Math.round(span)} ms undisturbed`);
}

/** Commands on a finished audit, which must leave it as it was. */
async function finished(command: 'report' | 'verify', times: number): Promise<void> {
  const out = join(folder, command);
  cpSync(whole('linf'), out, { recursive: true });
  const span = await undisturbed([command, out]);
  for (let i = 0; i < times; i++) await kill(command, [command, out], span);
  await undisturbed([command, out]);
  report(command, whole('linf'), out);
  console.log(`${command}: ${times} kills`);
}

/** A whole number of kills for each norm, all of them together as many as wanted. */
const dealt = (all: number, at: number): number => Math.floor((all + at) / 4);

try {
  const count = Number(values.count);
  const [reports, verifies, starts] = [SHARES.report, SHARES.verify, SHARES.start].map((share) => Math.round(count * share)) as [
    number,
    number,
    number,
  ];
  const rest = count - reports - verifies - starts;
  for (const [at, name] of (Object.keys(NORMS) as Norm[]).entries()) await norm(name, dealt(rest, at), dealt(starts, at));
  await finished('report', reports);
  await finished('verify', verifies);
  const beside = readdirSync(installation).filter((name) => name !== 'installation.key');
  if (beside.length > 0) fault(`left in the installation's folder: ${beside.join(', ')}`);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
const kills = [...counts.values()].reduce((a, b) => a + b, 0);
console.log(
  `${kills} kills (${[...counts].map(([what, n]) => `${what} ${n}`).join(', ')}): ${faults === 0 ? 'identical bytes, and nothing left over' : `${faults} differences`}`,
);
process.exitCode = faults === 0 ? 0 : 1;
