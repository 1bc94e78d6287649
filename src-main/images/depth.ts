/** Largest value of 16 bits, and of the 12 bits that many cameras and scanners put into 16. */
export const SIXTEEN = 65535;
export const TWELVE = 4095;

/**
 * What counts as white in a picture of 16 bits a value: 4095 where no value is above that, as in pictures of 12 bits, which would
 * else be nearly black; 65535 in any other. Each picture is judged by itself, so that it is the same in every set.
 */
export function whiteOf(values: Uint16Array): number {
  let high = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > high) high = values[i]!;
  return high <= TWELVE ? TWELVE : SIXTEEN;
}

/** Values up to `white` as levels up to 255, rounded to the nearest: libvips itself rounds grey and drops bits of colour. */
export function toLevels(values: Uint16Array, white: number): Uint8Array {
  const levels = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) levels[i] = Math.round((values[i]! * 255) / white);
  return levels;
}

/** How the reduction is told. */
export function depthNotes(deep: number, twelve: number, images: number): string[] {
  const sixteen = deep - twelve;
  return [
    ...(sixteen > 0
      ? [`${sixteen} of ${images} images have more than 8 bits a value and were reduced to 8 (16 bits: value / 257, rounded).`]
      : []),
    ...(twelve > 0
      ? [
          `${twelve} of ${images} images have 16 bits a value but none above 4095, so they were taken for 12 bits in 16 and reduced to 8 from there (value x 255 / 4095, rounded).`,
        ]
      : []),
  ];
}
