import type { CallIn, LoadedImage, ModelCard } from '../../shared/contract.ts';
import { z } from 'zod';
import { AuditPlan, REFERENCES, type Goal, type Preprocessing, type Provider } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';

type Ask = CallIn<'map'>;

/** A model and the pictures that can be mapped on it: those loaded now, or an audit's. */
export interface MapSubject {
  /** What a map is asked for with, but for its settings. */
  request: Pick<Ask, 'model' | 'preprocessing' | 'input' | 'fixed' | 'output' | 'answer' | 'provider' | 'peak'>;
  images: readonly Pick<LoadedImage, 'id' | 'source' | 'width' | 'height' | 'channels'>[];
  names: readonly string[] | null;
  onOutput: boolean;
  /** What outputs are held against, at first. */
  reference: (typeof REFERENCES)[number];
  address(image: string): Ask['image'];
}

export interface Loaded {
  card: ModelCard;
  preprocessing: Preprocessing;
  ends: Pick<AuditPlan, 'input' | 'fixed' | 'output' | 'answer'>;
  provider: Provider;
  images: readonly LoadedImage[];
  names: readonly string[] | null;
  goal: Goal;
}

/** The model and the pictures that are loaded. */
export function loadedSubject({ card, preprocessing, ends, provider, images, names, goal }: Loaded): MapSubject {
  const { reference, peak } = Held.parse(goal);
  return {
    request: { model: card.path, preprocessing, ...ends, provider, peak },
    images,
    names,
    onOutput: card.networkOutput !== null,
    reference,
    address: (image) => ({ kind: 'image', image }),
  };
}

/** What a goal on an output is about; of one that has none of these, the usual. */
const Held = z.object({ peak: z.number().positive().catch(1), reference: z.enum(REFERENCES).catch('clean-output') });

/**
 * The model and the clean pictures of an audit; null where its plan cannot be read. The same model where it is loaded comes first: the
 * plan of an audit that was begun elsewhere may name any file.
 */
export function auditSubject(
  audit: string,
  results: Results,
  threat: number,
  images: MapSubject['images'],
  loaded: ModelCard | null,
): MapSubject | null {
  const plan = AuditPlan.safeParse(results.plan).data;
  if (!plan) return null;
  const { model, preprocessing, input, fixed, output, answer, provider } = plan;
  const held = Held.parse(results.threats[threat]?.goal ?? {});
  return {
    request: {
      model: loaded?.identity.sha256 === results.model.sha256 ? loaded.path : model,
      preprocessing,
      input,
      fixed,
      output,
      answer,
      provider,
      peak: held.peak,
    },
    images,
    names: results.classNames,
    onOutput: results.output !== null,
    reference: held.reference,
    address: (image) => ({ kind: 'clean', audit, image }),
  };
}
