import { createHash } from 'node:crypto';

/**
 * A stream of uniform numbers in [0,1) with 24 random bits each: xoshiro128** (Blackman and Vigna 2018), its state
 * being the first 128 bits of the sha256 of `key`. Two keys give independent streams on every machine.
 */
export function randomStream(key: string): () => number {
  const digest = createHash('sha256').update(key).digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  // All zero is the one state that never leaves itself.
  let d = digest.readUInt32LE(12) || 1;
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return (result >>> 8) / 0x1000000;
  };
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** Standard normal numbers from a uniform stream (Box and Muller; one of each pair is used, so no state is kept). */
export function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
