// Renews assets/fonts from npm: `node scripts/fonts.mjs`. The files are committed, so neither a build
// nor a run needs this. The web font packages are split by alphabet and lack ℓ ₀ ∞ beside Latin, and
// the PDF writer cannot take WOFF2 apart; these two packages carry the whole families as TrueType.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @type {{ package: string, files: [from: string, to: string, sha256: string][] }[]} */
const SOURCES = [
  {
    package: '@expo-google-fonts/inter@0.4.2',
    files: [
      ['400Regular/Inter_400Regular.ttf', 'Inter-Regular.ttf', 'a414b48aa577ef2c62ebb135341ddeef33ee26a4f5dc9f787f93c1aab08ebb50'],
      ['600SemiBold/Inter_600SemiBold.ttf', 'Inter-SemiBold.ttf', 'f30e9d2574c3bec5144347ff965f9841c8f06857f0b7383000f8c9489a161841'],
      ['LICENSE_FONT', 'OFL-Inter.txt', '5b9321a4298cfeb6b34354164a1c3afc3db114569984c502b9b35d988fd58c57'],
    ],
  },
  {
    package: '@expo-google-fonts/jetbrains-mono@0.4.1',
    files: [
      [
        '400Regular/JetBrainsMono_400Regular.ttf',
        'JetBrainsMono-Regular.ttf',
        'b6b1ff4ddefe36d7f2a6174e1d001cab374e594519ee9049af028d577b64c5f5',
      ],
      ['LICENSE_FONT', 'OFL-JetBrainsMono.txt', 'b2fe5e8987594e9ffd1d2ca52a2f5d73eb8335243893c5d6254b5ad69269591d'],
    ],
  },
];

const target = join(dirname(dirname(fileURLToPath(import.meta.url))), 'assets', 'fonts');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
mkdirSync(target, { recursive: true });

for (const source of SOURCES) {
  const folder = mkdtempSync(join(tmpdir(), 'hairline-fonts-'));
  try {
    const packed = execFileSync(npm, ['pack', source.package, '--silent'], {
      cwd: folder,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    execFileSync('tar', ['xzf', packed.trim().split('\n').at(-1) ?? ''], { cwd: folder });
    for (const [from, to, sha256] of source.files) {
      const file = join(folder, 'package', from);
      const found = createHash('sha256').update(readFileSync(file)).digest('hex');
      if (found !== sha256) throw new Error(`${source.package} ${from} has sha256 ${found}, expected ${sha256}.`);
      copyFileSync(file, join(target, to));
      console.log(`assets/fonts/${to}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
