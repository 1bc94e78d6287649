import type { Preprocessing, Provider } from '../../shared/plan.ts';
import { loadGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { findImageInput } from '../model/network.ts';
import type { ImageInput } from '../model/network.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { openDifferentiable } from '../runtime/differentiable.ts';
import type { OpenModel } from '../runtime/differentiable.ts';
import { openOriginal } from '../runtime/original.ts';
import type { Original } from '../runtime/original.ts';

/** Differentiable graphs kept open; one for every picture size in use at a time. */
const KEPT = 2;

export interface ModelSource {
  model: string;
  input: string | null;
  preprocessing: Preprocessing;
  provider: Provider;
}

/** A worker's open sessions on one model: the judge, and a derived graph for each picture size. */
export class Models {
  readonly graph: Graph;
  readonly input: ImageInput;
  private readonly source: ModelSource;
  private judge: Promise<Original> | null = null;
  private readonly open = new Map<string, Promise<OpenModel>>();

  constructor(source: ModelSource) {
    this.source = source;
    this.graph = loadGraph(source.model);
    this.input = findImageInput(this.graph, source.input);
  }

  /** Everything a derived graph needs but the picture and the rows. */
  get request() {
    return { graph: this.graph, input: this.input, preprocessing: this.source.preprocessing, provider: this.source.provider };
  }

  original(output: ClassifierOutput): Promise<Original> {
    this.judge ??= openOriginal({ ...this.request, output });
    return this.judge;
  }

  async differentiable(picture: ImageShape, rows: number): Promise<OpenModel> {
    const key = `${picture.channels}x${picture.height}x${picture.width}x${rows}`;
    const known = this.open.get(key);
    if (known) {
      this.open.delete(key); // to the end: last used
      this.open.set(key, known);
      return known;
    }
    while (this.open.size >= KEPT) {
      const [oldest, model] = this.open.entries().next().value!;
      this.open.delete(oldest);
      await (await model).close();
    }
    const opening = openDifferentiable({ ...this.request, picture, rows });
    this.open.set(key, opening);
    opening.catch(() => this.open.delete(key));
    return opening;
  }

  async close(): Promise<void> {
    await (await this.judge)?.close();
    for (const model of this.open.values()) await (await model).close();
    this.open.clear();
  }
}
