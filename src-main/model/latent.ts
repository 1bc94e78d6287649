import type { ImageInput } from './network.ts';
import type { NetworkOutput } from './networkOutput.ts';

/** Numbers of which a larger picture is made are no picture, though they may be as many as one has. */
export function latentNotes(input: ImageInput, { picture, width }: NetworkOutput): string[] {
  const values = input.dims.slice(1).reduce<number>((product, d) => product * (d ?? 1), 1);
  if (input.dims.length !== 2 || picture === null || width <= values) return [];
  return [
    `The input ${input.name} takes ${values} values, of which the model makes a picture of ${picture.width} x ${picture.height}: it looks like a generator, whose input is a latent vector and no picture.`,
  ];
}
