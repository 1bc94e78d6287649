import { UserError } from '../../../shared/errors.ts';
import type { Preprocessing } from '../../../shared/plan.ts';
import { PRESETS } from '../../../shared/presets.ts';

/** Size and layout that a preset is fitted to: what `guessPreprocessing` found. */
export interface Fit {
  network: { width: number | null; height: number | null };
  layout: Preprocessing['layout'];
}

/**
 * A preset by name, fitted to a network when that is given: its layout, and its size where it is fixed (presets for
 * any size stretch to it; a crop keeps its share of the picture, 7/8).
 * @throws UserError for an unknown name.
 */
export function presetFor(name: string, fit: Fit | null = null): Preprocessing {
  const found = Object.hasOwn(PRESETS, name) ? PRESETS[name]! : null;
  if (!found) throw new UserError(`There is no preset called ${name}: choose one of ${Object.keys(PRESETS).join(', ')}.`);
  const spec = structuredClone(found.preprocessing);
  if (!fit) return spec;
  spec.layout = fit.layout;
  const { width, height } = fit.network;
  if (width === null || height === null || (width === spec.width && height === spec.height)) return spec;
  return { ...spec, ...sized(spec.geometry, width, height) };
}

type Geometry = Pick<Preprocessing, 'geometry' | 'width' | 'height' | 'resizeTo'>;

/** The geometry for pictures of any size when the network's is fixed. */
export function sized(geometry: Preprocessing['geometry'], width: number, height: number): Geometry {
  if (geometry === 'centre-crop') return { geometry, width, height, resizeTo: Math.round(Math.max(width, height) / 0.875) };
  return { geometry: geometry === 'none' ? 'stretch' : geometry, width, height, resizeTo: null };
}
