import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import type { NodeOutcome } from './check.ts';

/**
 * What came of every test, by as many processes as there are cores, each of which takes one test after the other. One that
 * onnxruntime aborts, or that takes longer than the limit, is ended, and another goes on with the tests that are left.
 * @param argument tells the program that it is such a process; see `answer`
 */
export async function checkAll(
  folders: readonly string[],
  argument: string,
  seconds: number,
  tell: (folder: string, outcome: NodeOutcome) => void,
): Promise<void> {
  const left = folders.toReversed();
  const work = async () => {
    let child: ChildProcess | null = null;
    for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
      child ??= fork(process.argv[1]!, [argument], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced' });
      const outcome = await asked(child, folder, seconds);
      if (outcome.result === 'unfinished') {
        child.kill('SIGKILL');
        child = null;
      }
      tell(folder, outcome);
    }
    child?.kill();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

async function asked(child: ChildProcess, folder: string, seconds: number): Promise<NodeOutcome> {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), 1000 * seconds);
  child.send(folder);
  try {
    return await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(([outcome]) => outcome as NodeOutcome),
      once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => ({
        result: 'unfinished' as const,
        detail: `onnxruntime ended the process (${signal ?? code})`,
      })),
    ]);
  } catch {
    return { result: 'unfinished', detail: `not done after ${seconds} s` };
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

/** The other end: answers every folder it is sent. */
export function answer(check: (folder: string) => Promise<NodeOutcome>): void {
  process.on('message', (folder: string) => void check(folder).then((outcome) => process.send!(outcome)));
}
