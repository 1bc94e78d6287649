import { UserError } from '../../../shared/errors.ts';
import { firstIssue } from '../../../shared/issues.ts';
import { Preprocessing } from '../../../shared/plan.ts';
import { PRESETS } from '../../../shared/presets.ts';
import { sized } from './presets.ts';
import type { Fit } from './presets.ts';
import { publishedPreprocessing } from './published.ts';

/**
 * Reads a preprocessing as people write it on a command line: JSON, or a list of key=value with commas between, where
 * several numbers are joined with a slash: `geometry=centre-crop,size=224,mean=0.485/0.456/0.406`. A preset may come
 * first, by its name alone, and is then changed by the rest: `imagenet,channels=bgr`. `size` stands for width and height.
 * @throws UserError naming the key or value that is wrong, and what it may be.
 */
export function parsePreprocessing(text: string): Preprocessing {
  const trimmed = text.trim();
  if (trimmed === '')
    throw new UserError(`The preprocessing is empty: give a preset (${Object.keys(PRESETS).join(', ')}) or key=value pairs.`);
  if (!trimmed.startsWith('{')) return checked(fromPairs(trimmed));
  const value = fromJson(trimmed);
  return checked(publishedPreprocessing(value) ?? value);
}

/**
 * Reads a preprocessing from a file: one that `parsePreprocessing` reads, or what lies beside a published model (Hugging Face's
 * preprocessor_config.json, timm's config.json), fitted to the network in what such a file does not say.
 * @param source how error messages call the file
 * @throws UserError for a file that is neither, or asks for what Hairline does not do
 */
export function preprocessingFile(text: string, source: string, fit: Fit): Preprocessing {
  try {
    const value = fromJson(text.replace(/^\uFEFF/, '').trim());
    const published = publishedPreprocessing(value);
    if (published === null) return checked(value);
    const { width, height } = fit.network;
    const size = published.geometry === undefined && width !== null && height !== null ? sized('stretch', width, height) : {};
    return checked({ layout: fit.layout, ...size, ...published });
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${source} cannot be taken for a preprocessing: ${error.message}`);
    throw error;
  }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError('The preprocessing starts like JSON but is not valid JSON: check its quotes and commas.');
  }
}

const FIELDS = Object.keys(Preprocessing.shape);
const LISTS = ['mean', 'std'];
/** Spellings that people use for the same thing. */
const SPELLINGS: Record<string, string> = { 'center-crop': 'centre-crop', gray: 'grey', resize: 'resizeTo' };

function fromPairs(text: string): Record<string, unknown> {
  const spec: Record<string, unknown> = {};
  for (const [i, pair] of text.split(',').entries()) {
    const at = pair.indexOf('=');
    const [written, value] = at < 0 ? [pair.trim(), null] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    if (value === null) {
      if (i > 0) throw new UserError(`"${written}" in the preprocessing is no key=value pair.`);
      if (!Object.hasOwn(PRESETS, written))
        throw new UserError(
          `"${written}" in the preprocessing is neither a preset (${Object.keys(PRESETS).join(', ')}) nor a key=value pair.`,
        );
      Object.assign(spec, structuredClone(PRESETS[written]!.preprocessing));
      continue;
    }
    const key = fieldOf(written);
    if (key === 'size') spec['width'] = spec['height'] = single(value);
    else spec[key] = LISTS.includes(key) ? value.split('/').map(single) : single(value);
  }
  return spec;
}

/** The field a key means, whatever its case and hyphens. */
function fieldOf(written: string): string {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');
  const key = [...FIELDS, 'size'].find((field) => plain(field) === plain(SPELLINGS[written] ?? written));
  if (!key) throw new UserError(`The preprocessing has no "${written}": it has ${FIELDS.join(', ')}, and size for width and height.`);
  return key;
}

function single(value: string): string | number | null {
  if (value === 'null') return null;
  if (value !== '' && !Number.isNaN(Number(value))) return Number(value);
  return SPELLINGS[value] ?? value;
}

function checked(value: unknown): Preprocessing {
  const parsed = Preprocessing.safeParse(value);
  if (!parsed.success) {
    const { where, what } = firstIssue(parsed.error);
    throw new UserError(`The preprocessing's ${where || 'content'} is wrong: ${what}.`);
  }
  const spec = parsed.data;
  if (spec.geometry !== 'none' && (spec.width === null || spec.height === null))
    throw new UserError(`The preprocessing ${spec.geometry} needs a width and a height: give the size that the network reads.`);
  if (spec.geometry === 'none' && (spec.width !== null || spec.height !== null))
    throw new UserError('The preprocessing has a width or a height but no geometry: choose stretch, centre-crop, letterbox or pad.');
  return spec;
}
