import { existsSync } from 'node:fs';
import type { ModelCard } from '../../shared/contract.ts';
import { decodeText } from '../../shared/decodeText.ts';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan, Preprocessing } from '../../shared/plan.ts';
import { findBeside } from '../explore/beside.ts';
import type { LimitedProcess } from '../workers/limited.ts';
import { readRegular } from '../files/regular.ts';
import { parsePreprocessing, preprocessingFile, presetFor } from '../model/preprocessing/index.ts';
import type { AuditFlags, PlanFlags } from './planFlags.ts';
import { wantedFrom } from './ends.ts';
import type { Wanted, WantedFlags } from './ends.ts';

/* What flags give, or leave to be found: the preprocessing, and the lists that lie beside the images. */

/** Of a preprocessing: a config.json with 20 thousand class names is far smaller. */
const MOST_PREPROCESSING = 16 * 2 ** 20;

/** @param limited where the model is looked at, when its own guess is wanted */
export async function preprocessing(flags: PreprocessingFlags, limited: LimitedProcess): Promise<Preprocessing> {
  return (await guessed(flags, cardOf(flags, limited))).preprocessing;
}

type PreprocessingFlags = Pick<AuditFlags, 'preset' | 'preprocess' | 'model' | 'images' | keyof WantedFlags>;

/** What the model is, looked at once and only when somebody asks. */
export function cardOf(flags: PreprocessingFlags, limited: LimitedProcess, ends: Wanted = wantedFrom(flags)): () => Promise<ModelCard> {
  let card: Promise<ModelCard> | null = null;
  return () => (card ??= limited.run('inspect', { model: flags.model!, ...ends, ...(flags.images && { images: flags.images }) }));
}

/** The same, and what it was guessed from where no flag says it. */
export async function guessed(
  flags: PreprocessingFlags,
  cardOf: () => Promise<ModelCard>,
): Promise<Pick<AuditPlan, 'preprocessing' | 'guess'>> {
  if (flags.preset && flags.preprocess) throw new UserError('Give either --preset or --preprocess, not both.');
  if (flags.preprocess && !isFile(flags.preprocess)) return { preprocessing: parsePreprocessing(flags.preprocess) };
  const card = await cardOf();
  const fit = { network: card.network, layout: card.preprocessing.layout };
  if (flags.preprocess)
    return { preprocessing: preprocessingFile(textOf(flags.preprocess, MOST_PREPROCESSING, 'The preprocessing'), flags.preprocess, fit) };
  if (!flags.preset) return { preprocessing: card.preprocessing, guess: card.guess };
  return { preprocessing: presetFor(flags.preset, fit) };
}

/** Whether a preprocessing is given as a file. */
const isFile = (text: string): boolean => !/^\s*\{/.test(text) && (existsSync(text) || /\.json$/i.test(text.trim()));

/** What a flag takes that shall not be looked for. */
const NONE = 'none';

/** The files of labels and class names: those that are named, else those that lie beside the images. Goals on an output need neither. */
export async function lists(
  { labels, classNames }: PlanFlags,
  images: string[],
  onOutput: boolean,
  cardOf: () => Promise<ModelCard>,
): Promise<Pick<AuditPlan, 'labels' | 'classNames' | 'beside'>> {
  const named = (file: string | undefined) => (file === undefined || file === NONE ? null : file);
  const given = { labels: named(labels), classNames: named(classNames) };
  const wanted = (['labels', 'classNames'] as const).filter((kind) => ({ labels, classNames })[kind] === undefined);
  if (onOutput || wanted.length === 0) return given;
  const found = await findBeside(images, async () => (await cardOf()).classes || null);
  const beside = wanted.filter((kind) => found[kind] !== null);
  return { ...given, ...Object.fromEntries(beside.map((kind) => [kind, found[kind]])), ...(beside.length > 0 && { beside }) };
}

/** @throws UserError when it cannot be read */
export function textOf(file: string, most: number, what: string): string {
  try {
    return decodeText(readRegular(file, { most }));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${what} in ${file} cannot be read: check that the file may be opened.`);
  }
}
