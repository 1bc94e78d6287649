import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Dice } from '../fuzz/dice.ts';
import { ROOT } from '../fuzz/root.ts';
import { differences, hairline, pages } from './killed.ts';

/** `npm run kills`: audits under four norms are killed at random moments, gone on with, and held against undisturbed ones. */
const { values } = parseArgs({ options: { count: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } });
const NORMS = { l0: 'sigma-zero', l1: 'fmn', l2: 'ddn', linf: 'pgd' } as const;
const EPS = { l0: 10, l1: 5, l2: 0.5, linf: 8 / 255 };

const folder = mkdtempSync(join(tmpdir(), 'hairline-kills-'));
process.env['HAIRLINE_DATA'] = join(folder, 'installation');
const dice = new Dice(Number(values.seed));
const faults: string[] = [];
let kills = 0;

async function undisturbed(args: readonly string[]): Promise<number> {
  const { code, err, ms } = await hairline(args);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${err}`);
  return ms;
}

/** Kills a command so many times at random moments of the time that it takes; gives how often it was really killed. */
async function kill(args: readonly string[], times: number, span: number): Promise<number> {
  let killed = 0;
  for (let i = 0; i < 4 * times && killed < times; i++) if ((await hairline(args, dice.next() * span)).code === null) killed++;
  kills += killed;
  return killed;
}

async function norm(name: keyof typeof NORMS, times: number): Promise<void> {
  const plan = join(folder, `${name}.json`);
  writeFileSync(plan, JSON.stringify({ model: join(ROOT, 'assets/samples/signs.onnx'), preprocessing: {}, images: [join(ROOT, 'assets/samples/images')], limit: 12, threats: [{ norm: name, eps: [EPS[name]], attacks: [{ id: NORMS[name], options: { steps: 30 } }] }] }));
  const whole = join(folder, `${name}-whole`);
  const audit = (out: string) => ['audit', plan, '--resume', '--out', out, '--workers', '2', '--batch', '2', '--json'];
  const span = await undisturbed(audit(whole));
  for (let done = 0, round = 1; done < times; round++) {
    const out = join(folder, `${name}-${round}`);
    // A few times in a row: what goes on is killed again, and some are killed while they start.
    const wanted = Math.min(times - done, 3 + dice.int(3));
    done += await kill(audit(out), wanted, dice.chance(0.25) ? 600 : span);
    await undisturbed(audit(out));
    report(`${name}, round ${round}`, whole, out);
    if (!(await pages(out, join(whole, 'results.json'))).equals(await pages(whole, join(whole, 'results.json')))) faults.push(`${name}, round ${round}: the report differs`);
    rmSync(out, { recursive: true });
  }
  console.log(`${name}: ${times} kills, ${Math.round(span)} ms undisturbed`);
}

function report(what: string, whole: string, out: string): void {
  for (const fault of differences(whole, out)) faults.push(`${what}: ${fault}`);
}

/** Commands on a finished audit, which must leave it as it was. */
async function finished(command: 'report' | 'verify', times: number): Promise<void> {
  const whole = join(folder, 'linf-whole');
  const out = join(folder, command);
  cpSync(whole, out, { recursive: true });
  const span = await undisturbed([command, out]);
  await kill([command, out], times, span);
  await undisturbed([command, out]);
  report(command, whole, out);
  console.log(`${command}: ${times} kills`);
}

try {
  const each = Math.ceil(Number(values.count) / 4);
  for (const name of Object.keys(NORMS) as (keyof typeof NORMS)[]) await norm(name, each);
  for (const command of ['report', 'verify'] as const) await finished(command, Math.ceil(each / 3));
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
for (const fault of faults) console.log(fault);
console.log(`${kills} kills: ${faults.length === 0 ? 'identical bytes, and nothing left over' : `${faults.length} differences`}`);
process.exitCode = faults.length === 0 ? 0 : 1;
