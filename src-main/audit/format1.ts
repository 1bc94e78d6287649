import type { GradientCheck } from '../../shared/results.ts';
import { NO_CLASS } from './records.ts';
import type { Setup } from './records.ts';

/*
 * What an older Hairline wrote, as this one reads it. Format 1 knew the figures of two goals by heart (`psnr`, `ssim` beside the
 * output's file), called the straight-through operators of a gradient check surrogates, the network's output a field and a session
 * a sitting. Only names change: everything else, and whatever Hairline never wrote, stays as it is for whoever checks it.
 */

type Json = Record<string, unknown>;

/** results.json as parsed: format 1 becomes 2, anything else comes back as it is. */
export function migrateResults(raw: unknown): unknown {
  if (!isObject(raw) || raw['format'] !== 1) return raw;
  return {
    ...raw,
    ...(raw['$schema'] === 'urn:hairline:results:1' && { $schema: 'urn:hairline:results:2' }),
    format: 2,
    ...at(raw, 'gradientCheck', checked),
    ...at(raw, 'images', each(pictured)),
    ...at(raw, 'findings', each(found)),
  };
}

/** A line of journal.jsonl as parsed. A journal has no format of its own: each line is what it is. */
export function migrateRecord(raw: unknown): unknown {
  if (!isObject(raw)) return raw;
  if (raw['type'] === 'sitting') return { ...raw, type: 'session' };
  return { ...raw, ...at(raw, 'setup', settled), ...at(raw, 'image', pictured), ...at(raw, 'finding', found) };
}

/** What was settled as format 1 had it, which is what an older Hairline has sealed. */
export function setupOfFormat1({ output, gradientCheck, ...rest }: Setup): Json {
  const { straightThrough, ...check }: GradientCheck = gradientCheck;
  return { ...rest, field: output, gradientCheck: { ...check, surrogates: straightThrough } };
}

const settled = (setup: unknown): unknown => {
  const renamed = isObject(setup) ? rename(setup, 'field', 'output') : setup;
  return isObject(renamed) ? { ...renamed, ...at(renamed, 'gradientCheck', checked) } : renamed;
};
const checked = (check: unknown): unknown => (isObject(check) ? rename(check, 'surrogates', 'straightThrough') : check);
/** Of an image for which the network gave no numbers, format 1 had null, as of equals. */
const pictured = (image: unknown): unknown =>
  isObject(image) ? { ...image, ...at(image, 'outputs', each(image['prediction'] === NO_CLASS ? unmeasured : measured)) } : image;
const found = (finding: unknown): unknown => (isObject(finding) ? { ...finding, ...at(finding, 'output', measured) } : finding);

/** The two figures by their names; the similarity was null where there was none, which is now absent. */
function measured(output: unknown): unknown {
  if (!isObject(output) || !('psnr' in output) || 'figures' in output) return output;
  const { psnr, ssim, ...rest } = output;
  return { figures: { psnr, ...(ssim !== null && ssim !== undefined && { ssim }) }, ...rest };
}

function unmeasured(output: unknown): unknown {
  const known = measured(output);
  return isObject(known) && known !== output ? { ...known, figures: {} } : known;
}

const each = (to: (value: unknown) => unknown) => (list: unknown) => (Array.isArray(list) ? list.map(to) : list);

function at(owner: Json, key: string, to: (value: unknown) => unknown): Json {
  return key in owner ? { [key]: to(owner[key]) } : {};
}

/** In its place, so that the order of what is written stays. */
function rename(owner: Json, from: string, to: string): Json {
  if (to in owner) return owner;
  return Object.fromEntries(Object.entries(owner).map(([key, value]) => [key === from ? to : key, value]));
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
