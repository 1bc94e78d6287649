import { UserError } from '../../shared/errors.ts';

/** Largest value of 16 bits. */
export const SIXTEEN = 65535;
/** Numbers of bits that are taken for those in use of 16: many cameras and scanners put 12 into 16, and programs save 8 so. */
const USUAL = [8, 12, 16];

/** How many bits of 16 are taken to be in use where no value is above this one. */
export const bitsOf = (high: number): number => USUAL.find((bits) => high < 2 ** bits)!;

export function highest(values: Uint16Array): number {
  let high = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > high) high = values[i]!;
  return high;
}

/** What counts as white where so many bits are in use. @throws UserError for a picture or an array with larger values */
export function whiteOf(bits: number, high: number, name: string): number {
  const white = 2 ** bits - 1;
  if (high > white)
    throw new UserError(
      `${name} holds the value ${high}, and ${bits} bits end at ${white}: say how many bits are in use (--bits), or leave it out.`,
    );
  return white;
}

/** Values up to `white` as levels up to 255, rounded to the nearest: libvips itself rounds grey and drops bits of colour. */
export function toLevels(values: Uint16Array, white: number): Uint8Array {
  const levels = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) levels[i] = Math.round((values[i]! * 255) / white);
  return levels;
}

/** Pictures, or arrays, of 16 bits a value, as far as they were looked at. */
export interface Depth {
  /** How many bits are taken to be in use; null: in each as many as its own values show. */
  bits: number | null;
  /** Somebody said so. */
  byHand?: boolean;
  highs: { source: string; high: number }[];
}

/** Names that are told of many. */
const TOLD = 3;

/** How the reduction of so many of the images is told. */
export function depthNotes(count: number, images: number, { bits, byHand = false, highs }: Depth): string[] {
  if (count === 0) return [];
  const of = `${count} of ${images} images`;
  if (byHand) return [`${of} have 16 bits a value, of which ${bits} were taken to be in use, as was said: reduced to 8 (${rule(bits!)}).`];
  const high = highs.reduce((most, one) => Math.max(most, one.high), 0);
  const used = bits ?? bitsOf(high);
  const least = Math.ceil(Math.log2(high + 1));
  if (used < 16)
    return [
      `${of} have 16 bits a value but none above ${2 ** used - 1}, so they were taken for ${used} bits in 16 and reduced to 8 from there (${rule(used)}), which is a guess: --bits says it otherwise.`,
      ...(used > 8 && least < used - 1 && bits !== null
        ? [
            `No value that was looked at is above ${high}: if these are ${least} bits in 16, they are too dark, and --bits ${least} says so.`,
          ]
        : []),
    ];
  const low = highs.filter((one) => bitsOf(one.high) < 16);
  const names = low.slice(0, TOLD).map(({ source }) => source);
  const more = low.length > TOLD ? ` and ${low.length - TOLD} more` : '';
  const whole = Math.ceil(Math.log2(high + 1));
  return [
    `${of} have more than 8 bits a value and were reduced to 8 (${rule(16)}).`,
    ...(low.length > 0
      ? [
          `${names.join(', ')}${more} ${low.length > 1 ? 'have' : 'has'} no value above 4095, as 12 bits in 16 would, but others go up to ${high}, so all were read by the full 16 bits: give those of 12 bits by themselves, or --bits.`,
        ]
      : []),
    ...(whole <= 14
      ? [`No value that was looked at is above ${high}: if these are ${whole} bits in 16, they are too dark, and --bits ${whole} says so.`]
      : []),
  ];
}

const rule = (bits: number): string => (bits === 16 ? '16 bits: value / 257, rounded' : `value x 255 / ${2 ** bits - 1}, rounded`);
