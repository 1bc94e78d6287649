import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { serve } from '../tests/e2e/hairline.ts';
import { family, resident } from '../tests/fuzz/memory.ts';
import { Visitor } from '../tests/web/visitor.ts';

const HELP = `Resident memory of a served window and its engine while it runs one small audit after another, as a visitor asks for
them over the socket: start, results, some pictures, the report. Linux only.

  npm run build && npm run bench -- audits [options]
    --count N       audits; default 60
    --every N       tell after the first, and after so many more; default 5
    --workers N     workers of each; default: as many as cores`;

const MIB = 2 ** 20;
const EARLY = 5;
/** Sentences of the table's head, in the order in which the processes start each other. */
const NAMES = ['server', 'engine'] as const;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { count: { ...text, default: '60' }, every: { ...text, default: '5' }, workers: text, help: { type: 'boolean' } },
});
if (values.help) {
  console.log(HELP);
  process.exit();
}
const [count, every] = [Number(values.count), Number(values.every)];
const folder = mkdtempSync(join(tmpdir(), 'hairline-audits-'));
// What this installation knows, as the audits that it began, grows with each; a person's own is left alone.
process.env['HAIRLINE_DATA'] = join(folder, 'installation');
const served = await serve(join(folder, 'data'));
const visitor = new Visitor(served.url);
await visitor.enter();
await visitor.connect();

/** One audit of six sample pictures under two norms, looked at as the window does. */
async function audit(n: number): Promise<void> {
  const { model, images, classNames } = await visitor.call('sample', { name: 'signs' });
  const over = new Promise<void>((done, fail) =>
    visitor.listen((event) => {
      if (event.type === 'finished') done();
      if (event.type === 'failed') fail(new Error(event.message));
    }),
  );
  const attack = (id: string, steps: number) => [{ id, options: { steps } }];
  const { audit: name } = await visitor.call('start', {
    plan: {
      ...{
        name: `Audit ${n}`,
        model,
        images,
        classNames,
        preprocessing: {},
        limit: 6,
        workers: values.workers ? Number(values.workers) : null,
      },
      threats: [
        { norm: 'l2', eps: [0.5], attacks: attack('ddn', 20) },
        { norm: 'linf', eps: [8 / 255], attacks: attack('pgd', 10) },
      ],
    },
  });
  await over;
  const results = await visitor.call('results', { audit: name });
  for (const { id } of results.images) {
    const { status } = await visitor.ask(`/picture?a=${encodeURIComponent(JSON.stringify({ kind: 'clean', audit: name, image: id }))}`);
    if (status !== 200) throw new Error(`a picture of ${name} came with ${status}`);
  }
  await visitor.call('export', { audit: name, format: 'pdf' });
  await visitor.call('audits', {});
}

try {
  console.log(`| audits | ${NAMES.map((one) => `${one} MiB`).join(' | ')} | both MiB |\n|---:|---:|---:|---:|`);
  let early = 0;
  for (let n = 1; n <= count; n++) {
    await audit(n);
    if (n !== 1 && n !== count && n % every !== 0) continue;
    // What is on its way out, as an ended worker, goes.
    await sleep(500);
    const [server, engine] = family([served.process.pid!]).map(resident);
    const both = server! + engine!;
    if (n === EARLY) early = both;
    console.log(`| ${n} | ${[server!, engine!, both].map((bytes) => Math.round(bytes / MIB)).join(' | ')} |`);
    if (n === count && early > 0) console.log(`\nAfter ${count} audits ${(both / early).toFixed(3)} times what it was after ${EARLY}.`);
  }
} finally {
  visitor.leave();
  await served.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
