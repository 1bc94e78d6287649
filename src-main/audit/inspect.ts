import { resolve } from 'node:path';
import type { ModelCard } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { inspectGraph, loadGraph } from '../graph/index.ts';
import { findImageInput, networkInput } from '../model/network.ts';
import { findLogits } from '../model/output.ts';
import { guessPreprocessing, leadingNormalisation } from '../model/preprocessing/index.ts';
import { traceFacts } from '../runtime/trace.ts';

/** Side of the picture a model of free size is tried with. */
const FREE_SIDE = 224;

/**
 * What a window or a person wants to know of a model before anything is attacked.
 * @throws UserError for a file that is no model, or one Hairline cannot attack, with the reason.
 */
export async function inspectModel(path: string): Promise<ModelCard> {
  const graph = loadGraph(path);
  const identity = inspectGraph(graph);
  const input = findImageInput(graph, null);
  const hints = { leading: leadingNormalisation(graph, input.name), producer: identity.producer };
  const first = guessPreprocessing(input, hints);
  const { network } = first;
  const picture = { channels: network.channels ?? 3, height: network.height ?? FREE_SIDE, width: network.width ?? FREE_SIDE };
  const rows = input.dims[0] ?? 1;
  const facts = await traceFacts(graph, { [input.name]: networkInput(input, first.preprocessing, picture, rows).dims });
  const output = findLogits(graph, facts, rows);
  if (output.classes < 2) throw new UserError('The model tells fewer than two classes apart.');
  // The number of classes says more: a thousand of them mean ImageNet.
  const guess = guessPreprocessing(input, { ...hints, classes: output.classes });
  return {
    path: resolve(path),
    identity,
    input: input.name,
    classes: output.classes,
    network: { width: network.width, height: network.height, channels: picture.channels },
    preprocessing: guess.preprocessing,
    guess: guess.why,
    output: output.kind,
  };
}
