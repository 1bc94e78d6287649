import { isDeepStrictEqual } from 'node:util';
import type { Answer, Preprocessing, Provider, Surrogate } from '../../shared/plan.ts';
import { loadGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import type { NetworkOutput } from '../model/networkOutput.ts';
import { findImageInput } from '../model/network.ts';
import type { ImageInput } from '../model/network.ts';
import { NoScores } from '../model/output.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { windowOf } from '../model/preprocessing/index.ts';
import type { Window } from '../model/preprocessing/index.ts';
import { openDifferentiable } from '../runtime/differentiable.ts';
import type { OpenModel } from '../runtime/differentiable.ts';
import { openOutput } from '../runtime/openOutput.ts';
import type { OpenOutput } from '../runtime/openOutput.ts';
import { openOriginal, openOriginalOutput } from '../runtime/original.ts';
import type { Original, OriginalOutput } from '../runtime/original.ts';

/** Derived graphs kept open of a kind; one for every picture size in use at a time. */
const KEPT = 2;

export interface ModelSource {
  model: string;
  input: string | null;
  fixed: Record<string, number | number[]>;
  output: string | null;
  answer?: Answer | undefined;
  preprocessing: Preprocessing;
  provider: Provider;
  /** Threads inside a session; 1 where several workers share the machine. */
  threads?: number;
}

/** A worker's open sessions on one model: the judge, and a derived graph for each picture size. */
export class Models {
  readonly graph: Graph;
  readonly input: ImageInput;
  private readonly source: ModelSource;
  private readonly surrogates = new Map<string, Models>();
  private judge: Promise<Original> | null = null;
  private outputJudge: Promise<OriginalOutput> | null = null;
  private readonly classifiers = new Shelf<OpenModel>();
  private readonly outputs = new Shelf<OpenOutput>();

  constructor(source: ModelSource) {
    this.source = source;
    this.graph = loadGraph(source.model);
    this.input = findImageInput(this.graph, source.input, source.fixed);
  }

  /** The output that was named; null: found. */
  get output(): string | null {
    return this.source.output;
  }

  /** Everything a derived graph needs but the picture and the rows. */
  get request() {
    const { preprocessing, provider, answer, threads = 1 } = this.source;
    return { graph: this.graph, input: this.input, preprocessing, provider, answer, threads };
  }

  /** Whether the model is taken by its output: one is named, or it puts out no class scores. */
  async takesOutput(picture: ImageShape): Promise<boolean> {
    if (this.source.output !== null) return true;
    try {
      await this.differentiable(picture, this.input.batch ?? 1);
      return false;
    } catch (error) {
      if (error instanceof NoScores) return true;
      throw error;
    }
  }

  original(output: ClassifierOutput): Promise<Original> {
    this.judge ??= openOriginal({ ...this.request, output });
    return this.judge;
  }

  originalOutput(output: NetworkOutput): Promise<OriginalOutput> {
    this.outputJudge ??= openOriginalOutput({ ...this.request, output });
    return this.outputJudge;
  }

  /** @param window the part of the picture that is asked about; null: all of it */
  differentiable(picture: ImageShape, rows: number, window: Window | null = null): Promise<OpenModel> {
    return this.classifiers.get(keyOf(picture, rows, window), () => openDifferentiable({ ...this.request, picture, rows, window }));
  }

  outputModel(picture: ImageShape, rows: number, window: Window | null = null): Promise<OpenOutput> {
    return this.outputs.get(keyOf(picture, rows, window), () => openOutput({ ...this.request, picture, rows, window }, this.source.output));
  }

  /** The part of such a picture that these models read, and the surrogates with them; null: all of it. */
  window(picture: ImageShape, surrogates: readonly Surrogate[]): Window | null {
    const windows = [this.source, ...surrogates.map((one) => this.surrogate(one).source)].map(({ preprocessing }) =>
      windowOf(preprocessing, picture),
    );
    // Models that look at different parts are asked about the whole picture.
    return windows.every((one) => isDeepStrictEqual(one, windows[0])) ? windows[0]! : null;
  }

  /** A surrogate's models, kept open beside these. */
  surrogate({ model, preprocessing }: Surrogate): Models {
    const key = JSON.stringify([model, preprocessing]);
    const known =
      this.surrogates.get(key) ??
      new Models({
        ...this.source,
        model,
        preprocessing: preprocessing ?? this.source.preprocessing,
        input: null,
        fixed: {},
        output: null,
        answer: undefined,
      });
    this.surrogates.set(key, known);
    return known;
  }

  async close(): Promise<void> {
    for (const models of this.surrogates.values()) await models.close();
    await (await this.judge)?.close();
    await (await this.outputJudge)?.close();
    await this.classifiers.close();
    await this.outputs.close();
  }
}

const keyOf = (picture: ImageShape, rows: number, window: Window | null) =>
  JSON.stringify([picture.channels, picture.height, picture.width, rows, window]);

/** The last few of a kind that were asked for. */
class Shelf<T extends { close(): Promise<void> }> {
  private readonly open = new Map<string, Promise<T>>();

  async get(key: string, make: () => Promise<T>): Promise<T> {
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
    const opening = make();
    this.open.set(key, opening);
    opening.catch(() => this.open.delete(key));
    return opening;
  }

  async close(): Promise<void> {
    for (const model of this.open.values()) await (await model).close();
    this.open.clear();
  }
}
