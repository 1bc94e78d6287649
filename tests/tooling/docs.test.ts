import { Command } from 'commander';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../shared/plan.ts';
import { attackCards } from '../../src-main/attacks/registry.ts';
import { shipped } from '../../scripts/connections.mjs';
import { EXIT } from '../../src-main/cli/exit.ts';
import { PRESETS } from '../../src-main/model/preprocessing/index.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const scripts = Object.keys(JSON.parse(read('package.json')).scripts);

describe.each(['README.md', 'CONTRIBUTING.md'])('%s', (file) => {
  const text = read(file);
  it('names only npm scripts that exist', () => {
    for (const [, name] of text.matchAll(/\bnpm run ([\w:-]+)/g)) expect(scripts).toContain(name);
  });
  it('names only files that exist', () => {
    for (const [, path] of text.matchAll(/`((?:src-\w+|tests|lint|shared|scripts)\/[\w./-]*)`/g))
      expect(existsSync(join(root, path!)), path).toBe(true);
  });
});

describe('docs/bring.md', () => {
  it('names a test that exists in every row', () => {
    const rows = read('docs/bring.md')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| What'));
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      const files = [...row.matchAll(/`(tests\/[\w./-]+)`/g)].map(([, file]) => file!);
      expect(files, row).not.toEqual([]);
      for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
    }
  });
});

describe('docs/offline.md', () => {
  const text = read('docs/offline.md');
  it('names every package that ships, and those that the window is built with', () => {
    const names = [...shipped(root).map((path) => path.replace(/.*node_modules\//, '')), 'vue', 'pinia', 'reka-ui'];
    expect(names.length).toBeGreaterThan(50);
    // Of sharp's own packages there is one for each system.
    for (const name of names) expect(text, name).toContain(name.startsWith('@img/sharp-') ? '`@img/sharp-' : `\`${name}\``);
  });
  it('names only switches that something here reads', () => {
    const readers = ['scripts/setup-cuda.mjs', 'scripts/start.mjs', 'src-main/runtime/telemetry.ts'].map(read).join('');
    for (const [, name] of text.matchAll(/`((?:HAIRLINE|ELECTRON|ORT)_[A-Z_]+)/g)) expect(readers, name).toContain(name);
  });
});

describe('README.md', () => {
  const text = read('README.md');
  /** Commander adds --help to every command by itself. */
  const setup = new Command().option('--help');

  it('names only commands and flags of the command line', async () => {
    const commands = new Map<string, Command>();
    for (const file of readdirSync(join(root, 'src-main/cli/commands'))) {
      for (const make of Object.values(await import(join(root, 'src-main/cli/commands', file)))) {
        const command = typeof make === 'function' && make.length === 0 ? make() : null;
        if (command instanceof Command) commands.set(command.name(), command);
      }
    }
    const lines = [...text.matchAll(/node bin\/hairline\.js ((?:[^\n]|\\\n)*)/g)].map((match) => match[1]!);
    expect(lines.length).toBeGreaterThan(6);
    for (const line of lines) {
      const [name, second] = line.split(/\s/);
      const top = commands.get(name!);
      expect(top, line).toBeDefined();
      // `linear train` and its like have their flags themselves.
      const command = top!.commands.find((one) => one.name() === second) ?? top;
      for (const [flag] of line.matchAll(/--[a-z-]+/g))
        expect(
          command!.options.map((option) => option.long),
          line,
        ).toContain(flag);
    }
    for (const [, flag] of text.matchAll(/`(--[a-z-]+)`/g)) {
      expect(
        [...commands.values(), setup].flatMap((command) => command.options.map((option) => option.long)),
        flag,
      ).toContain(flag);
    }
  });

  it('names every preset, attack, provider and exit code', () => {
    for (const name of [...Object.keys(PRESETS), ...attackCards().map((card) => card.id), ...PROVIDERS])
      expect(text, name).toContain(`\`${name}\``);
    for (const code of Object.values(EXIT)) expect(text).toContain(`| ${code} |`);
  });

  it("asks for the same tests as the server's script", () => {
    expect(text).toContain('npm ci && npm test');
    expect(read('.ci/run')).toContain("'npm ci && npm test'");
  });
});
