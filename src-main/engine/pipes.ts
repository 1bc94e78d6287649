import type { Socket } from 'node:net';
import { frame, FrameReader } from './frames.ts';

/**
 * The two pipes between a host and its engine, by their numbers in the engine. One for each way: Windows lets reading and
 * writing wait for each other on one pipe. Standard output is not among them, since native libraries write there.
 */
export const PIPES = { toEngine: 3, toHost: 4 } as const;

/** Writes a message; to a process that is gone, nothing. @throws Error when it cannot be put into a frame. */
export function write(pipe: Socket, message: object): void {
  const chunks = frame(message);
  if (pipe.destroyed || !pipe.writable) return;
  pipe.cork();
  for (const chunk of chunks) pipe.write(chunk);
  pipe.uncork();
}

/**
 * Reads messages.
 * @param wrong told when what came is no frame; nothing is read after that
 */
export function read(pipe: Socket, take: (message: unknown) => void, wrong: (error: Error) => void): void {
  const reader = new FrameReader();
  pipe.on('data', (chunk: Buffer) => {
    let messages: object[] = [];
    try {
      messages = reader.add(chunk);
    } catch (error) {
      pipe.destroy();
      wrong(error as Error);
    }
    for (const message of messages) take(message);
  });
}
