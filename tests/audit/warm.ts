import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPng } from '../images/files.ts';

/** The sample's pictures in two folders, by whether blue or red is more on average: `warmth` names the folder. @returns how many */
export function sortByWarmth(samples: string, into: string, most: number): number {
  let count = 0;
  for (const name of readdirSync(samples, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.png'))
    .sort()) {
    if (count === most) break;
    const { data } = readPng(readFileSync(join(samples, name)));
    let redder = 0;
    for (let i = 0; i < data.length; i += 3) redder += data[i]! - data[i + 2]!;
    // Nearly grey ones say little.
    if (Math.abs(redder) < data.length) continue;
    const folder = join(into, redder > 0 ? '1-red' : '0-blue');
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(samples, name), join(folder, name.replaceAll(/[\\/]/g, '-')));
    count++;
  }
  return count;
}
