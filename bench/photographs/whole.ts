import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { Watch } from '../../tests/fuzz/memory.ts';

export interface Whole {
  /** Seconds until the first attack began, and until the end. */
  attack: number;
  end: number;
  /** Bytes: the most that all processes of the command held together. */
  peak: number;
}

/** A whole audit of one picture, as a person runs it: `hairline audit` with its engine. */
export async function wholeAudit(model: string, [width, height]: readonly [number, number], flags: readonly string[]): Promise<Whole> {
  const folder = mkdtempSync(join(tmpdir(), 'hairline-bench-'));
  try {
    const picture = join(folder, 'photograph.jpg');
    // Blurred noise: neither flat, nor as large a file as noise itself.
    await sharp({ create: { width, height, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 60 } } })
      .blur(3)
      .jpeg()
      .toFile(picture);
    const began = performance.now();
    const since = () => (performance.now() - began) / 1000;
    const child = spawn(
      process.execPath,
      ['bin/hairline.js', 'audit', '--model', model, '--images', picture, '--out', join(folder, 'audit'), '--json', ...flags],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const watch = new Watch(() => [child.pid!]);
    let attack = NaN;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as { type?: string; status?: { message?: string } };
      if (Number.isNaN(attack) && event.status?.message === 'Attacking') attack = since();
    });
    const code = await new Promise<number | null>((done) => child.once('close', done));
    watch.close();
    if (code !== 0) throw new Error(`The audit of ${width} x ${height} ended with code ${code}.`);
    return { attack, end: since(), peak: watch.together };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
