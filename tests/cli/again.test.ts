import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { again, commandName } from '../../src-main/cli/again.ts';

it('names the command as it was started', () => {
  expect(commandName('/usr/local/bin/hairline', '/home')).toBe('hairline');
  expect(commandName('/src/hairline/bin/hairline.js', '/src/hairline')).toBe('node bin/hairline.js');
  expect(commandName('/src/hairline/bin/hairline.js', '/home')).toBe('node /src/hairline/bin/hairline.js');
});

it.runIf(process.platform !== 'win32')('gives a command that a shell takes as it is meant, whatever the folder is called', () => {
  for (const folder of ['/tmp/plain', '/tmp/two words', `/tmp/it's $HOME "so"`, '/tmp/ä;ls']) {
    const command = again(folder, '/usr/bin/hairline');
    // The shell itself says what it makes of the words.
    const words = execFileSync('sh', ['-c', `set -- ${command}; printf '%s\\n' "$@"`], { encoding: 'utf8' }).split('\n');
    expect(words.slice(0, 5)).toEqual(['hairline', 'audit', '--resume', '--out', folder]);
  }
});
