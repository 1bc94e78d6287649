import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { globSync } from 'tinyglobby';
import { messageOf } from '../shared/errors.ts';
import { EngineClient } from '../src-main/engine/client.ts';
import { engineArguments } from '../src-main/engine/options.ts';
import { spawnEngine } from '../src-main/engine/spawn.ts';

const HELP = `Time from a model's drop to its first answer, in an engine that has just started: what the model is, and then what it says of one picture,
while its gradient is being checked, as in the window. Needs a build (npm run build).

  npm run bench -- firstAnswer [options]
    --folder PATH   models; default ../shared/models, and the bundled sample
    --only TEXT     models whose path contains it
    --most MB       larger files are left out; default 20`;

/** Beside the check that is at work, the next model is looked at. */
const NEXT = 'assets/samples/signs.onnx';
const text = { type: 'string' } as const;

interface Row {
  file: string;
  megabytes: number;
  inspect: number;
  preview: number | null;
  next: number;
  detail: string;
}

async function drop(file: string): Promise<Row> {
  const audits = mkdtempSync(join(tmpdir(), 'hairline-first-'));
  const client = new EngineClient(
    spawnEngine(
      process.execPath,
      resolve('out/main/engine.js'),
      engineArguments({ host: 'test', audits, assets: resolve('assets'), data: audits }),
    ),
  );
  const timed = async <T>(work: () => Promise<T>): Promise<[number, T]> => {
    const began = performance.now();
    const out = await work();
    return [(performance.now() - began) / 1000, out];
  };
  try {
    await client.call('about', {});
    const { images } = await client.call('sample', {});
    const list = await client.call('images', { paths: images, labels: null, offset: 0, limit: 1 });
    const [inspect, card] = await timed(() => client.call('inspect', { model: file }).catch(messageOf));
    let [preview, detail]: [number | null, string] = [null, ''];
    if (typeof card === 'string') detail = card;
    else {
      // Nobody waits for it.
      const check = client.call('gradcheck', { model: file, preprocessing: card.preprocessing, images }).catch(() => null);
      const spec = card.preprocessing;
      const [seconds, answer] = await timed(() =>
        client.call('preview', { model: file, preprocessing: spec, images: [list.images[0]!.id] }).catch(messageOf),
      );
      preview = seconds;
      detail = typeof answer === 'string' ? answer : answer?.pictures[0]?.top ? 'class' : 'no classes';
      void check;
    }
    const [next] = await timed(() => client.call('inspect', { model: resolve(NEXT) }));
    return { file, megabytes: statSync(file).size / 1e6, inspect, preview, next, detail };
  } finally {
    await client.close();
    rmSync(audits, { recursive: true, force: true, maxRetries: 5 });
  }
}

const { values } = parseArgs({ options: { folder: text, only: text, most: text, help: { type: 'boolean' } } });
if (values.help) console.log(HELP);
else {
  const folder = resolve(values.folder ?? '../shared/models');
  const most = Number(values.most ?? 20) * 1e6;
  const found = existsSync(folder) ? globSync('**/*.onnx', { cwd: folder, absolute: true }).sort() : [];
  const files = [resolve(NEXT), ...found].filter((file) => file.includes(values.only ?? '') && statSync(file).size <= most);
  const load = () => readFileSync('/proc/loadavg', 'utf8').split(' ')[0]!;
  console.log(
    '| model | MB | what it is, s | and of a picture, s | together | the next model, s | load | |\n|---|---:|---:|---:|---:|---:|---:|---|',
  );
  let worst = 0;
  for (const file of files) {
    const row = await drop(file);
    const together = row.inspect + (row.preview ?? 0);
    worst = Math.max(worst, together);
    console.log(
      `| ${file.replace(`${folder}/`, '')} | ${row.megabytes.toFixed(1)} | ${row.inspect.toFixed(2)} | ${row.preview?.toFixed(2) ?? ''} | ${together.toFixed(2)} | ${row.next.toFixed(2)} | ${load()} | ${row.detail.slice(0, 80)} |`,
    );
  }
  console.log(`worst of ${files.length}: ${worst.toFixed(2)} s`);
}
