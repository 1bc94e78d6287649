import type { InferenceSession } from 'onnxruntime-node';

/** What the program uses of onnxruntime's sessions. */
export type Session = Pick<InferenceSession, 'run' | 'release' | 'endProfiling' | 'inputNames' | 'outputNames' | 'outputMetadata'>;

type Create = () => Promise<InferenceSession>;

/** The one session that has its weights in memory, and whatever waits for it. */
let holder: LargeSession | null = null;
let last: Promise<unknown> = Promise.resolve();

function afterOthers<T>(act: () => Promise<T>): Promise<T> {
  const done = last.then(act, act);
  last = done.catch(() => undefined);
  return done;
}

/**
 * A session on a large model, which gives its memory back when another large one wants to run in the same thread, and
 * opens again for its next run: the original, the forward pass and each loss's gradient never hold the weights side by side.
 * Opening is quick, since weights are mapped from the file. Results are those of a session that stays open.
 */
export class LargeSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly outputMetadata: InferenceSession['outputMetadata'];
  private session: InferenceSession | null;
  private readonly create: Create;
  private ended = false;

  private constructor(session: InferenceSession, create: Create) {
    this.session = session;
    this.create = create;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
    this.outputMetadata = session.outputMetadata;
  }

  static open(create: Create): Promise<Session> {
    return afterOthers(async () => {
      await holder?.close();
      holder = new LargeSession(await create(), create);
      return holder;
    });
  }

  run(
    ...args: [
      feeds: InferenceSession.FeedsType,
      fetches?: InferenceSession.FetchesType | InferenceSession.RunOptions,
      options?: InferenceSession.RunOptions,
    ]
  ): Promise<InferenceSession.ReturnType> {
    return afterOthers(async () => {
      if (this.ended) throw new Error('the session was released');
      if (holder !== this) {
        await holder?.close();
        this.session = await this.create();
        holder = this;
      }
      return this.session!.run(...(args as Parameters<InferenceSession['run']>));
    });
  }

  release(): Promise<void> {
    this.ended = true;
    return afterOthers(() => this.close());
  }

  endProfiling(): void {
    this.session?.endProfiling();
  }

  private async close(): Promise<void> {
    const session = this.session;
    this.session = null;
    if (holder === this) holder = null;
    await session?.release();
  }
}
