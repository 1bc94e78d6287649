import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Dice } from './dice.ts';
import { spoiled } from './hostile.ts';
import { spoil } from './json.ts';
import { Lane } from './lane.ts';
import { ROOT } from './root.ts';
import { Served } from './served.ts';
import type { Outcome, Suite } from './suite.ts';

const SAMPLES = join(ROOT, 'assets/samples');

/** Audit folders as somebody else may send them: one that was finished and one that was interrupted, with something in them changed. */
export const folders: Suite = {
  name: 'folders',
  whole: 1000,
  short: 1,
  async open(folder, limits) {
    const lane = new Lane(folder, limits);
    const served = new Served(folder, limits);
    const finished = join(folder, 'finished');
    const made = await lane.run(
      'an audit',
      [
        'audit',
        '--model',
        join(SAMPLES, 'autoencoder.onnx'),
        '--goal',
        'deviation',
        '--psnr',
        '25',
        '--images',
        join(SAMPLES, 'images/star'),
        '--limit',
        '2',
        '--norm',
        'l2',
        '--eps',
        '2',
        '--steps',
        '4',
        '--attacks',
        'pgd',
        '--workers',
        '1',
        '--json',
        '--out',
        finished,
      ],
      300,
    );
    const other = await lane.run(
      'another',
      [
        'audit',
        '--model',
        join(SAMPLES, 'signs.onnx'),
        '--images',
        join(SAMPLES, 'images/star'),
        '--limit',
        '3',
        '--norm',
        'linf,l2',
        '--steps',
        '4',
        '--workers',
        '1',
        '--json',
        '--out',
        join(folder, 'classes'),
      ],
      300,
    );
    for (const { end, sentence } of [made, other])
      if (end !== 'accepted') throw new Error(`the audit to start from did not end well: ${sentence}`);
    const interrupted = join(folder, 'interrupted');
    cpSync(join(folder, 'classes'), interrupted, { recursive: true });
    interrupt(interrupted);
    const originals = [finished, join(folder, 'classes'), interrupted];
    const outside = new Outside(join(folder, 'outside'));
    return {
      roots: () => [lane.pid, served.pid].filter((pid) => pid !== null),
      async attempt(seed) {
        const dice = new Dice(seed);
        const audit = `try-${seed}`;
        const own = join(served.data, 'audits', audit);
        const original = dice.pick(originals);
        cpSync(original, own, { recursive: true });
        const ids = readdirSync(join(own, 'clean')).map((name) => name.replace(/\.png$/, ''));
        const changes = Array.from({ length: dice.pick([1, 1, 2, 5]) }, () => change(own, dice, outside.folder));
        const what = `${relative(folder, original)} with ${changes.join('; ')}`;
        const outcomes: Outcome[] = [];
        const model = dice.chance(0.5) ? ['--model', join(SAMPLES, original === finished ? 'autoencoder.onnx' : 'signs.onnx')] : [];
        const commands = [
          ['verify', own, ...model],
          ...(dice.chance(0.4) ? [['report', own]] : []),
          ...(dice.chance(0.4) ? [['audit', '--resume', '--out', own, '--workers', '1', '--json']] : []),
        ];
        // Somebody looks at it in the window.
        outcomes.push(
          await served.call('audits', {}),
          await served.call('open', { file: join(own, 'audit.hairline') }),
          await served.call('progress', { audit }),
          await served.call('results', { audit }),
        );
        const image = dice.pick([...ids, '../../outside/secret', '../results.json', '/etc/hostname']);
        const attack = dice.pick(['pgd', '../../../outside', 'fgsm']);
        outcomes.push(await served.call('noiseOutput', { audit, image, threat: 0, attack }));
        for (const kind of ['clean', 'adversarial', 'difference', 'output', 'clean-output'])
          if (dice.chance(0.5)) outcomes.push(await served.picture({ kind, audit, image, threat: dice.pick([0, 1, 1e9]), attack }));
        outcomes.push(await served.call('export', { audit, format: dice.pick(['pdf', 'csv', 'json']) }));
        for (const args of commands) outcomes.push(await lane.run(args[0]!, args));
        const touched = outside.changed();
        if (touched) outcomes.push({ what: 'looking outside', end: 'failed', sentence: touched, ms: 0 });
        rmSync(own, { recursive: true, force: true, maxRetries: 5 });
        return outcomes.map((outcome) => ({ ...outcome, what: `${outcome.what} of ${what}` }));
      },
      close: async () => {
        lane.close();
        served.close();
      },
    };
  },
};

/** As a kill leaves it: half the journal, the last line torn, no documents. */
export function interrupt(folder: string): void {
  const journal = readFileSync(join(folder, 'journal.jsonl'), 'utf8');
  const lines = journal.split('\n');
  writeFileSync(join(folder, 'journal.jsonl'), `${lines.slice(0, Math.ceil(lines.length * 0.6)).join('\n')}\n{"type":"fin`);
  for (const name of ['results.json', 'results.schema.json', 'results.csv', 'report.pdf']) rmSync(join(folder, name), { force: true });
}

/** A folder that no audit has a right to. */
class Outside {
  readonly folder: string;
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder);
    this.mend();
  }

  private mend(): void {
    for (const name of readdirSync(this.folder)) rmSync(join(this.folder, name), { recursive: true, force: true });
    writeFileSync(join(this.folder, 'secret.txt'), 'a secret\n');
    cpSync(join(SAMPLES, 'images/star/03.png'), join(this.folder, 'secret.png'), { force: true });
  }

  changed(): string | null {
    const names = readdirSync(this.folder).sort().join(', ');
    const words =
      names !== 'secret.png, secret.txt'
        ? `it now holds ${names}`
        : readFileSync(join(this.folder, 'secret.txt'), 'utf8') === 'a secret\n'
          ? null
          : 'secret.txt was written';
    if (words) this.mend();
    return words;
  }
}

/** Files of the folder itself: what lies behind a link is somebody else's. */
function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [relative(folder, join(entry.parentPath, entry.name))] : [],
  );
}

/** One change to a folder. */
function change(folder: string, dice: Dice, outside: string): string {
  const names = files(folder);
  const kind = dice.next();
  const documents = names.filter((name) => /^(plan\.json|results\.json|journal\.jsonl|audit\.hairline)$/.test(name));
  if (kind < 0.55 && documents.length > 0) return document(folder, dice.pick(documents), dice);
  if (names.length === 0) return 'nothing left to change';
  const name = dice.pick(names);
  const path = join(folder, name);
  if (kind < 0.7) {
    writeFileSync(path, spoiled(dice, readFileSync(path)));
    return `the bytes of ${name} changed`;
  }
  if (kind < 0.75) {
    rmSync(path);
    return `${name} deleted`;
  }
  const at = dice.chance(0.25) && dirname(name) !== '.' ? dirname(path) : path;
  rmSync(at, { recursive: true, force: true });
  const put = dice.pick(['pipe', 'folder', 'outside', 'folder outside', 'device', 'dangling', 'circle', 'fresh'] as const);
  const targets = {
    outside: join(outside, 'secret.txt'),
    'folder outside': outside,
    device: '/dev/zero',
    dangling: join(outside, 'nowhere'),
    circle: at,
    fresh: join(outside, 'fresh'),
  };
  if (put === 'pipe') execFileSync('mkfifo', [at]);
  else if (put === 'folder') mkdirSync(at);
  else symlinkSync(targets[put], at);
  // A file that is only there while it is written can be waited for.
  if (dice.chance(0.2) && !existsSync(`${path}.part`)) symlinkSync(join(outside, 'part'), `${at}.part`);
  return `${relative(folder, at)} is now ${put}`;
}

function document(folder: string, name: string, dice: Dice): string {
  const path = join(folder, name);
  const text = readFileSync(path, 'utf8');
  const lines = name.endsWith('.jsonl') ? text.split('\n') : [text];
  const at = dice.int(lines.length);
  let holder: { value: unknown };
  try {
    holder = { value: JSON.parse(lines[at]!) as unknown };
  } catch {
    return `${name} as it was`;
  }
  const changes = Array.from({ length: dice.pick([1, 1, 3]) }, () => spoil(holder, dice));
  lines[at] = JSON.stringify(holder.value) ?? '';
  writeFileSync(path, lines.join('\n'));
  return `${name}${lines.length > 1 ? `:${at + 1}` : ''} ${changes.join(', ')}`;
}
