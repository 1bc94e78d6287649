import { sep } from 'node:path';
import type { CallIn, CallName, CallOut, RunEvent } from '../../shared/contract.ts';
import type { Service } from '../engine/api.ts';

/** Fields that hold sentences for people; every other text may be a path that goes into a further call. */
const SENTENCES = new Set(['message', 'reason', 'warnings']);

/**
 * The engine, where every sentence that goes to the window calls a file as it was dropped: nobody knows the copy by the folder that it
 * lies in.
 * @param imports folder of the uploads
 */
export function telling(service: Service, imports: string): Service {
  const told = (text: string): string => {
    const [start, ...rest] = text.split(`${imports}${sep}`);
    // What follows is a batch, and what lies in it.
    return [start, ...rest.map((piece) => piece.slice(piece.indexOf(sep) + 1))].join('');
  };
  const asTold = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      // The same error goes on: hosts look at what kind it is.
      if (error instanceof Error && told(error.message) !== error.message) error.message = told(error.message);
      throw error;
    }
  };
  return {
    call: async <N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> =>
      sentences(await asTold(service.call(name, input)), told),
    listen: (listener) => service.listen((event: RunEvent) => listener(sentences(event, told))),
    picture: (address) => asTold(service.picture(address)),
    close: () => service.close(),
  };
}

/** A value with its sentences told otherwise. */
function sentences<T>(value: T, told: (text: string) => string, isSentence = false): T {
  if (typeof value === 'string') return (isSentence ? told(value) : value) as T;
  if (Array.isArray(value)) return value.map((one: unknown) => sentences(one, told, isSentence)) as T;
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sentences(one as unknown, told, SENTENCES.has(key))])) as T;
}
