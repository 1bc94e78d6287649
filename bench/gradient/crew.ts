import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import { pixelsFor, requestFor } from './measure.ts';

/** Told to a process of this benchmark that shall be one worker of a crew. */
export const MEMBER = '--member';

interface Share {
  file: string;
  /** Rows of this worker's part of the batch. */
  batch: number;
}

/** Workers as an audit has them: each its own session of one thread, and its own part of the batch. */
export interface Crew {
  /** Every worker takes so many gradient steps of its part; done when all are. */
  steps(count: number): Promise<void>;
  close(): void;
}

/** @param workers that the batch is divided among; they have to divide it */
export async function startCrew({ file, batch }: Share, workers: number): Promise<Crew> {
  const share: Share = { file, batch: batch / workers };
  const crew = Array.from({ length: workers }, () => fork(process.argv[1]!, [MEMBER, JSON.stringify(share)]));
  await Promise.all(crew.map((member) => once(member, 'message')));
  return {
    async steps(count) {
      const done = Promise.all(crew.map((member) => once(member, 'message')));
      for (const member of crew) member.send(count);
      await done;
    },
    close: () => crew.forEach((member) => member.disconnect()),
  };
}

/** The worker's side. */
export async function serveAsMember(share: Share): Promise<void> {
  const request = requestFor({ ...share, threads: 1 });
  const model = await openDifferentiable(request);
  const pixels = pixelsFor(request);
  const label = Int32Array.from({ length: share.batch }, (_, r) => r % 10);
  const step = () => model.gradient('margin', pixels, label, null);
  await step();
  process.on('message', (count) => {
    void (async () => {
      for (let i = 0; i < Number(count); i++) await step();
      process.send!('done');
    })();
  });
  process.send!('ready');
}
