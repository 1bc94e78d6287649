import { create } from '@bufbuild/protobuf';
import { closeSync, fstatSync, realpathSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { StringStringEntryProtoSchema, TensorProtoSchema } from 'onnx-buf';
import type { ModelProto, TensorProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { openRegular } from '../files/regular.ts';
import { externalFile, reading } from './external.ts';
import { elementBytes, elementsOf, externalLocation } from './tensors.ts';
import { tensorsOf } from './walk.ts';

/**
 * Every tensor of a model is possible, and the bytes it needs are there: onnxruntime opens the files of weights by itself, and
 * would wait for ever for a pipe.
 * @param path the model's file; empty for one in memory
 * @throws UserError naming the tensor or file that is wrong
 */
export function demandWeights(model: ModelProto, path: string): void {
  const sizes = new Map<string, number>();
  for (const tensor of tensorsOf(model)) {
    const bytes = elementsOf(tensor) * elementBytes(tensor.dataType);
    const at = externalLocation(tensor);
    if (!at || !path) continue;
    if (!(at.offset >= 0 && at.length >= 0))
      throw new UserError(`Tensor ${tensor.name} points nowhere in ${at.location}: the model file is damaged.`);
    if (at.length < bytes) throw new UserError(`Tensor ${tensor.name} is shorter than its shape says: the model file is damaged.`);
    const size = sizes.get(at.location) ?? sizeOf(externalFile(path, at.location), at.location);
    sizes.set(at.location, size);
    if (size < at.offset + at.length) throw new UserError(`${at.location} is shorter than the model needs: copy the whole file again.`);
  }
}

function sizeOf(file: string, location: string): number {
  return reading(location, () => {
    const fd = openRegular(file);
    try {
      return fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
  });
}

/** The folder that external data is relative to, and the names in it of files that are called otherwise in the message. */
export interface Place {
  dataFolder: string;
  names: ReadonlyMap<string, string>;
}

/**
 * Where onnxruntime finds the weights of a model. It refuses files that leave the model's folder, by links, too; but the
 * Hugging Face Hub's cache is made of links to files elsewhere. Then all files go by their real names, from the nearest
 * folder that holds them all.
 */
export function placeOf(tensors: Iterable<TensorProto>, model: string): Place {
  if (!model) return { dataFolder: '', names: new Map() };
  const locations = new Set<string>();
  for (const tensor of tensors) {
    const at = externalLocation(tensor);
    if (at) locations.add(at.location);
  }
  const folder = dirname(model);
  const real = new Map([...locations].map((location) => [location, reading(location, () => realpathSync(externalFile(model, location)))]));
  if (real.size === 0 || [...real.values()].every((file) => inside(realpathSync(folder), file)))
    return { dataFolder: folder, names: new Map() };
  const files = [...real.values()];
  let common = dirname(files[0]!);
  while (!files.every((file) => inside(common, file))) {
    if (dirname(common) === common) throw new UserError('The model and its weights lie on different drives: copy them into one folder.');
    common = dirname(common);
  }
  return {
    dataFolder: common,
    names: new Map([...real].map(([location, file]) => [location, relative(common, file).split(sep).join('/')])),
  };
}

/** A tensor under the name that its file goes by. */
export function placed(tensor: TensorProto, { names }: Place): TensorProto {
  const name = names.size > 0 ? names.get(externalLocation(tensor)?.location ?? '') : undefined;
  if (name === undefined) return tensor;
  const externalData = tensor.externalData.map((entry) =>
    entry.key === 'location' ? create(StringStringEntryProtoSchema, { key: 'location', value: name }) : entry,
  );
  return Object.assign(create(TensorProtoSchema), tensor, { externalData });
}

const inside = (folder: string, file: string): boolean => file.startsWith(folder.endsWith(sep) ? folder : folder + sep);
