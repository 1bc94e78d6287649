import { statSync } from 'node:fs';
import { Models } from '../audit/models.ts';
import type { ModelSource } from '../audit/models.ts';

/** The sessions of the model that a worker last worked on. */
export class OpenModels {
  private known: { key: string; models: Models } | null = null;

  /** Opens another model in the place of the one before, which is closed. */
  async of(source: ModelSource): Promise<Models> {
    const { model, input, fixed, output, answer, preprocessing, provider } = source;
    const key = JSON.stringify([model, stampOf(model), input, fixed, output, answer, preprocessing, provider]);
    if (this.known?.key !== key) {
      const old = this.known;
      // Closed but once, even where the next model does not open.
      this.known = null;
      await old?.models.close();
      this.known = { key, models: new Models(source) };
    }
    return this.known.models;
  }
}

/** Tells a file from the one that lay there before; one that is gone is told of when it is opened. */
export function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : '';
}
