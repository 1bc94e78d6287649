import { describe, expect, it } from 'vitest';
import { messageOf, UserError } from '../../shared/errors.ts';
import { jsonLine, printable, shortened } from '../../shared/printable.ts';

/** Every character that a terminal obeys, or that hides or reorders others, by its number in the standards (ECMA-48, UAX 9). */
const RANGES = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x61c, 0x61c],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2064],
  [0x2066, 0x2069],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xe0001, 0xe0001],
  [0xe0020, 0xe007f],
] as const;
const HOSTILE = RANGES.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));

describe('text of somebody else', () => {
  it('shows each by its number, and nothing of it remains', () => {
    for (const point of HOSTILE) expect(printable(`a${String.fromCodePoint(point)}b`)).toBe(`a\\u{${point.toString(16)}}b`);
    expect(printable('\u001b]0;owned\u0007\u001b[2J')).toMatch(/^[\x20-\x7e]+$/);
  });

  it('leaves every other writing as it is', () => {
    const plain = 'Straße, 猫, กา, हिन्दी, عربي, עברית, 😀, ε ≤ 8/255 – “so”';
    expect(printable(plain)).toBe(plain);
  });

  it('as JSON is plain to see and parses to the same', () => {
    const value = { [`k\u202e\u009b`]: HOSTILE.map((point) => `x${String.fromCodePoint(point)}`), plain: 'ä' };
    const line = jsonLine(value);
    expect(HOSTILE.filter((point) => line.includes(String.fromCodePoint(point)))).toEqual([]);
    expect(line).toContain('"plain":"ä"');
    expect(jsonLine('😀')).toBe('"😀"');
    expect(JSON.parse(line)).toEqual(value);
  });

  it('keeps start and end of what is long, and cuts no pair in half', () => {
    expect(shortened('/folder/name.png', 20)).toBe('/folder/name.png');
    const long = shortened(`/start/${'😀'.repeat(1000)}/end.png`, 60);
    expect(long).toMatch(/^\/start\/😀+…😀+\/end\.png$/u);
    expect(long.length).toBeLessThanOrEqual(60);
  });
});

describe('the message of an error', () => {
  it('keeps a sentence whole whatever a name in it holds', () => {
    const message = messageOf(new UserError('a\nb\u001b[31m.png is damaged: copy it again.'));
    expect(message).toBe('a\\u{a}b\\u{1b}[31m.png is damaged: copy it again.');
    const long = messageOf(new UserError(`${'x'.repeat(1e6)} does not exist: check the path.`));
    expect(long.length).toBeLessThanOrEqual(2000);
    expect(long).toMatch(/^x+…x+ does not exist: check the path\.$/);
  });

  it('takes the first line of anything else', () => {
    expect(messageOf(new Error('broken\n    at somewhere'))).toBe('broken');
    expect(messageOf('')).toBe('Unknown error.');
  });
});
