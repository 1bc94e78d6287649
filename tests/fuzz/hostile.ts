import type { Dice } from './dice.ts';

/** Texts that break out of where they are put: of a folder, a line, a terminal, a table, or the memory. */
export const TEXTS: readonly string[] = [
  '',
  '.',
  '..',
  '../../escape',
  '/etc/passwd',
  '/dev/zero',
  'C:\\Windows\\win.ini',
  '\\\\server\\share',
  'a\0b',
  '\u001b[2J\u001b]0;title\u0007',
  'one\ntwo\r\nthree',
  '\u202egnp.exe\u2066',
  '__proto__',
  'constructor',
  '$(touch x)`touch y`',
  '%00%2e%2e%2f',
  '<img src=x onerror=alert(1)>',
  '\ud800',
  'x'.repeat(70_000),
  'ﷺ'.repeat(300),
  '-1',
  '1e999',
];

export const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1,
  2,
  0.5,
  -0.5,
  255,
  256,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e30,
  -1e30,
  1e308,
  Infinity,
  -Infinity,
  NaN,
  5e-324,
];

/** A JSON value of any kind, mostly of the wrong one. */
export function anything(dice: Dice, depth = 0): unknown {
  switch (dice.int(depth > 2 ? 5 : 8)) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
    case 3:
      return dice.pick(NUMBERS);
    case 4:
      return dice.pick(TEXTS);
    case 5:
      return Array.from({ length: dice.pick([0, 1, 3, 2000]) }, () => anything(dice, 3));
    case 6:
      return Object.fromEntries(Array.from({ length: dice.int(4) }, () => [dice.pick(TEXTS).slice(0, 20), anything(dice, depth + 1)]));
    default:
      return nested(dice.pick([3, 200]));
  }
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { a: value };
  return value;
}

/** Bytes as a bad disk or a bad person leaves them. */
export function spoiled(dice: Dice, bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  switch (dice.int(6)) {
    case 0:
      return copy.subarray(0, dice.int(copy.length + 1));
    case 1:
      return Buffer.concat([copy, Buffer.alloc(dice.pick([1, 100, 100_000]), dice.int(256))]);
    case 2: {
      const at = dice.int(copy.length);
      return Buffer.concat([copy.subarray(0, at), copy.subarray(dice.int(copy.length))]);
    }
    default:
      for (let n = dice.pick([1, 2, 8, 200]); n > 0 && copy.length > 0; n--)
        copy[dice.chance(0.7) ? dice.int(Math.min(copy.length, 400)) : dice.int(copy.length)] = dice.pick([
          0,
          1,
          0x7f,
          0x80,
          0xff,
          dice.int(256),
        ]);
      return copy;
  }
}
