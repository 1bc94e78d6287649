import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { expect } from 'vitest';

// The samples are read with sharp and onnxruntime alone, so that a fault in Hairline's own reading of
// pictures or models cannot hide a fault in the samples, nor the other way round.
export const ASSETS = fileURLToPath(new URL('../../assets/', import.meta.url));
export const SAMPLES = join(ASSETS, 'samples');

/** The PNG files of a folder of the samples, in order. */
export function pngs(...folder: string[]): string[] {
  const path = join(SAMPLES, ...folder);
  return readdirSync(path).filter((file) => file.endsWith('.png')).sort().map((file) => join(path, file));
}

/** 8-bit grey or interleaved RGB as planes of [0,1]: (channels, side, side), as a network reads it. Expects that shape of the file. */
export async function planes(file: string, side: number, channels: 1 | 3): Promise<number[]> {
  const picture = sharp(file);
  expect((await picture.metadata()).channels, file).toBe(channels);
  const { data, info } = await picture.toColourspace(channels === 1 ? 'b-w' : 'srgb').raw().toBuffer({ resolveWithObject: true });
  expect({ width: info.width, height: info.height, channels: info.channels }, file).toEqual({ width: side, height: side, channels });
  return Array.from({ length: channels }, (_, c) => Array.from({ length: side * side }, (_, i) => data[channels * i + c]! / 255)).flat();
}

/** What a sample model puts out for pictures of (channels, side, side): one row each, and the shape of the whole. */
export async function outputs(model: string, pictures: number[][], shape: number[]): Promise<{ rows: number[][]; dims: readonly number[] }> {
  const session = await InferenceSession.create(join(SAMPLES, model));
  const feed = new Tensor('float32', Float32Array.from(pictures.flat()), [pictures.length, ...shape]);
  const found = (await session.run({ [session.inputNames[0]!]: feed }))[session.outputNames[0]!]!;
  const values = Array.from(found.data as Float32Array);
  await session.release();
  const width = values.length / pictures.length;
  return { rows: pictures.map((_, i) => values.slice(i * width, (i + 1) * width)), dims: found.dims };
}
