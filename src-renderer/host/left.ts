import type { LeftOut } from '../../shared/results.ts';

/** What a host says of a file that it did not take; the sentence may begin with the file's name in quotes. */
export function notTaken(source: string, sentence: string): LeftOut {
  const named = /^"[^"]*" (.*)$/s.exec(sentence);
  return { source, reason: named ? named[1]! : `was not taken: ${sentence}` };
}
