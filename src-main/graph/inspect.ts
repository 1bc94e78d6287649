import { toBinary } from '@bufbuild/protobuf';
import { createHash } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { ModelProtoSchema } from 'onnx-buf';
import type { ValueInfoProto } from 'onnx-buf';
import type { ModelIdentity } from '../../shared/results.ts';
import { openRegular } from '../files/regular.ts';
import { externalFile, reading } from './external.ts';
import { DTYPE_NAME, operatorName } from './ir.ts';
import type { Graph } from './ir.ts';
import { elementsOf, externalLocation } from './tensors.ts';

/** Declared element type and dimensions of an input or output; a string is a symbolic dimension, '?' an unknown one. */
export function declaredShape(value: ValueInfoProto): { type: number; dims: (number | string)[] } {
  if (value.type?.value.case !== 'tensorType') return { type: 0, dims: [] };
  const tensor = value.type.value.value;
  const dims = (tensor.shape?.dim ?? []).map((d) =>
    d.value.case === 'dimValue' && d.value.value > 0n
      ? Number(d.value.value)
      : d.value.case === 'dimParam' && d.value.value
        ? d.value.value
        : '?',
  );
  return { type: tensor.elemType, dims };
}

/** The program that wrote the model, with its version. */
export function producerOf({ model }: Graph): string {
  return [model.producerName, model.producerVersion].filter(Boolean).join(' ');
}

/** Who made the model and what it is made of, for people and for the record. Reads every byte of its files. */
export function inspectGraph(graph: Graph): ModelIdentity {
  const operators: Record<string, number> = {};
  for (const node of graph.nodes) operators[operatorName(node)] = (operators[operatorName(node)] ?? 0) + 1;
  const sorted = Object.fromEntries(Object.entries(operators).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
  let parameters = 0;
  for (const tensor of graph.initializers.values()) parameters += elementsOf(tensor);
  const describe = (v: ValueInfoProto) => {
    const { type, dims } = declaredShape(v);
    // A classifier exported for ONNX-ML puts out a sequence of maps beside its label.
    const other = v.type?.value.case?.replace('Type', '') ?? 'unknown';
    return { name: v.name, type: type === 0 ? other : (DTYPE_NAME[type] ?? String(type)), shape: dims };
  };
  return {
    file: basename(graph.path),
    ...(graph.path ? digest(graph.path) : digestMessage(graph)),
    weights: weightFiles(graph),
    producer: producerOf(graph),
    irVersion: Number(graph.model.irVersion),
    opsets: Object.fromEntries(graph.model.opsetImport.map((o) => [o.domain || 'ai.onnx', Number(o.version)])),
    parameters,
    operators: sorted,
    inputs: graph.inputs.map(describe),
    outputs: graph.outputs.map(describe),
  };
}

function digestMessage(graph: Graph): Digest {
  const message = toBinary(ModelProtoSchema, graph.model);
  return { sha256: createHash('sha256').update(message).digest('hex'), bytes: message.length };
}

interface Digest {
  sha256: string;
  bytes: number;
}

/** Length and hash of a file as it is, a piece at a time. */
function digest(path: string): Digest {
  const hash = createHash('sha256');
  const file = openRegular(path);
  try {
    const piece = new Uint8Array(2 ** 20);
    let bytes = 0;
    for (let count; (count = readSync(file, piece)) > 0; bytes += count) hash.update(piece.subarray(0, count));
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    closeSync(file);
  }
}

/** Names of the files beside a model that hold weights, in order. */
export function weightNames(graph: Graph): string[] {
  const names = new Set<string>();
  for (const tensor of graph.initializers.values()) {
    const at = externalLocation(tensor);
    // Weights inside the file are held as external data, too: see outline.ts.
    if (at && at.location !== basename(graph.path)) names.add(at.location);
  }
  return [...names].sort();
}

/** Without these the model's own hash would say nothing of its weights. @throws UserError for one that cannot be read */
function weightFiles(graph: Graph): ModelIdentity['weights'] {
  return weightNames(graph).map((file) => reading(file, () => ({ file, ...digest(externalFile(graph.path, file)) })));
}
