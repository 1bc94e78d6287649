import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { png } from './files.ts';

const IMAGES = join(import.meta.dirname, '../../assets/samples/images');

/** Good names of as many bytes as a file system takes, and of 244. */
export const LONG = [`${'n'.repeat(240)}.png`, `${'ü'.repeat(125)}a.png`];

/**
 * A folder of good pictures, copies of the bundled ones (two under very long names), and one file of each kind that cannot be taken.
 * @param special whether it also holds what is no plain file, which a browser does not even show
 * @returns of each bad one, as it is called in results, what its reason must say
 */
export function folderWithBadFiles(folder: string, good: number, special = process.platform === 'linux'): Record<string, RegExp> {
  mkdirSync(folder, { recursive: true });
  const samples = readdirSync(IMAGES, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .sort();
  const names = [...LONG, ...Array.from({ length: good - LONG.length }, (_, i) => `good-${i}.png`)];
  names.forEach((name, i) => copyFileSync(samples[i % samples.length]!, join(folder, name)));
  const whole = readFileSync(samples[0]!);
  const write = (name: string, content: Uint8Array | string): void => writeFileSync(join(folder, name), content);
  // Its header is whole: what is wrong shows only when it is decoded.
  write('cut.png', whole.subarray(0, Math.floor(whole.length / 2)));
  write('empty.png', '');
  write('text.png', 'hello, I am text');
  write('photo.heic', Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic\0\0\0\0mif1heic')]));
  write('scan.ppm', 'P6\n2 1\n255\nabc');
  write('notes.txt', 'Pictures of signs, taken in May.\n');
  write('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  write('icon.ico', Buffer.from([0, 0, 1, 0, 1, 0, 16, 16, 0, 0]));
  write('pictures.zip', Buffer.from('PK\u0003\u0004\u0014\0\0\0'));
  write('vast.png', png(60_000, 60_000, 8, 0, [[0]]));
  const bad: Record<string, RegExp> = {
    'cut.png': /damaged or cut short/,
    'empty.png': /is empty/,
    'text.png': /not a picture/,
    'photo.heic': /HEIC picture, which is not read/,
    'drawing.svg': /SVG drawing, which is not read/,
    'icon.ico': /icon \(ICO\), which is not read/,
    'pictures.zip': /is not a picture/,
    'scan.ppm': /damaged or truncated PPM/,
    'notes.txt': /is text, not a picture/,
    'vast.png': /megapixels/,
  };
  if (!special) return bad;
  mkdirSync(join(folder, 'folder.png'));
  execFileSync('mkfifo', [join(folder, 'pipe.png')]);
  symlinkSync('nowhere', join(folder, 'dangling.png'));
  symlinkSync('/dev/zero', join(folder, 'endless.png'));
  symlinkSync('round.png', join(folder, 'round.png'));
  execFileSync('bash', ['-c', `cp good-0.png $'caf\\xe9.png'`], { cwd: folder });
  // No disk is as large: a file with a hole.
  write('hollow.png', whole.subarray(0, 100));
  truncateSync(join(folder, 'hollow.png'), 2 ** 40);
  return {
    ...bad,
    'folder.png': /is a folder/,
    'pipe.png': /is a pipe/,
    'dangling.png': /leads nowhere/,
    'endless.png': /is a device/,
    'round.png': /leads nowhere/,
    'caf\\xe9.png': /not UTF-8/,
    'hollow.png': /bytes/,
  };
}
