import type { Dice } from '../dice.ts';
import { NUMBERS } from '../hostile.ts';
import { bmp, idx, npy } from './headers.ts';
import type { Made } from './made.ts';

type Claim = Pick<Made, 'name' | 'bytes' | 'use'>;

const DIMS = [0, 0, 1, 1, 2, 3, 255, 65_536, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const LARGE = [...DIMS, 2 ** 53, 2 ** 63, 1e30];

/** Files of few bytes that claim to be anything: most of these are whole by the letter of their format. */
const CLAIMS: readonly ((dice: Dice) => Claim)[] = [
  (dice) => ({
    name: 'claim-images-idx3-ubyte',
    use: dice.pick(['images', 'labels']),
    bytes: idx(dice.pick([8, 9, 11, 12, 13, 14]), dice.pick([0, 0, 1, 4]), ...some(dice, DIMS)),
  }),
  (dice) => ({
    name: 'claim.npy',
    use: dice.pick(['images', 'labels']),
    bytes: npy(
      dice.pick(['|u1', '|b1', '<f4', '>f8', '<i8', '<u2', '<f2', '|O', '<U9', '<c8', '|b8']),
      shape(dice),
      Buffer.alloc(dice.pick([0, 1, 8, 4096])),
      dice.pick([1, 2, 3]),
    ),
  }),
  (dice) => ({
    name: 'claim.bmp',
    use: 'images',
    bytes: bmp(dice.pick([1, 4, 8, 24, 32]), dice.pick(DIMS) | 0, dice.pick([...DIMS, -1, -65_536]) | 0),
  }),
  (dice) => ({ name: 'deep.json', use: dice.pick(['labels', 'names']), bytes: Buffer.from(deep(dice)) }),
  (dice) => ({
    name: 'many.txt',
    use: dice.pick(['labels', 'names']),
    bytes: Buffer.from(
      dice
        .pick(['\n', ',', ', ', ';', '\t', ' ', '"', '1\n', 'a,1\n', 'a 1\n', '{"a":', '[],', '['])
        .repeat(dice.pick([1000, 100_000, 3_000_000])),
    ),
  }),
  // What a careless regular expression goes through in squares or powers of the length.
  (dice) => ({
    name: 'slow.txt',
    use: dice.pick(['labels', 'names']),
    bytes: Buffer.from(`a${dice.pick([' ', '\t', ' \t', '0', '.0', 'x ', '_'] as const).repeat(dice.pick([1000, 500_000]))}b 1\n`),
  }),
  (dice) => ({
    name: 'slow.npy',
    use: 'images',
    bytes: npy(
      `|u1', ${dice.pick(["'shape': (", "'descr': '", ' ', '(', "'shape':"]).repeat(dice.pick([100, 900, 6000]))}`,
      '(1, 2, 2)',
      Buffer.alloc(4),
      2,
    ),
  }),
  (dice) => ({
    name: 'values.json',
    use: dice.pick(['labels', 'names']),
    bytes: Buffer.from(
      JSON.stringify(
        Object.fromEntries(
          Array.from({ length: 6 }, (_, i) => [
            dice.pick([String(i), '__proto__', 'constructor', 'labels', 'byHand', 'length']),
            dice.pick([...NUMBERS, null, true, [[1]], {}, 'a']),
          ]),
        ),
      ),
    ),
  }),
];

/** One of these. */
export function claim(dice: Dice): Claim {
  return dice.pick(CLAIMS)(dice);
}

function some(dice: Dice, from: readonly number[]): number[] {
  return Array.from({ length: 1 + dice.int(4) }, () => dice.pick(from));
}

function shape(dice: Dice): string {
  const dims = some(dice, LARGE).map((dim) =>
    dice.chance(0.1) ? dice.pick(['-1', '1.5', '', ' ', 'L', '1 2', 'None', '1e9', '0x10', '(', '9'.repeat(400)]) : BigInt(dim).toString(),
  );
  return `(${dims.join(', ')}${dims.length === 1 ? ',' : ''})`;
}

function deep(dice: Dice): string {
  const depth = dice.pick([3, 50, 99, 150, 10_000, 2_000_000]);
  const [open, close] = dice.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"labels":[', ']}'],
  ] as const);
  return `${dice.pick(['', '{"byHand":[[0]],"labels":', '[1,'])}${open.repeat(depth)}1${close.repeat(dice.chance(0.8) ? depth : 0)}${dice.pick(['', ']', '}'])}`;
}
