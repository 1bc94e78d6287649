import { UNCHECKED } from '../../shared/gradientCheck.ts';
import { asksForGradients } from '../attacks/registry.ts';
import type { Gate } from '../attacks/problem/counted.ts';
import type { Models } from '../audit/models.ts';
import { pictureOf } from '../audit/picture.ts';
import { settle } from '../audit/prepare.ts';
import type { Setup } from '../audit/records.ts';
import { onOutput } from '../goals/index.ts';
import type { ProbeTask } from './probeTask.ts';

/**
 * What an audit settles before its first attack, of models that are tried by hand. Once for a model is enough: it does not depend on
 * the image, but for its shape, nor on more of the plan than this.
 */
export class SettledModels {
  private readonly setups = new WeakMap<Models, Map<string, Setup>>();

  async of({ plan, image }: ProbeTask, provider: Setup['provider'], models: Models, gate: Gate): Promise<Setup> {
    const known = this.setups.get(models) ?? new Map<string, Setup>();
    this.setups.set(models, known);
    const { width, height, channels, label, source, id } = image;
    const key = [channels, height, width, onOutput(plan), asksForGradients(plan)].join();
    const item = { id, at: 0, source, width, height, channels, label, read: () => Promise.resolve(pictureOf(image)) };
    const set = { items: [item], total: 1, leftOut: [], classNames: null, warnings: [] };
    const setup =
      known.get(key) ??
      (await settle(
        plan,
        provider,
        models,
        image,
        () => Promise.resolve(set),
        () => gate.check(),
      ));
    // Where the picture gave no numbers, there was nothing to check.
    if (setup.gradientCheck !== UNCHECKED) known.set(key, setup);
    return setup;
  }
}
