import { z } from 'zod';
import { CALLS, PictureAddress } from '../../shared/contract.ts';
import type { CallError, CallIn, CallName, RunEvent } from '../../shared/contract.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Service } from './api.ts';

/**
 * What a host and the engine process say to each other, in frames (frames.ts). Everything is JSON, but a PNG, which travels
 * as the Uint8Array it is.
 */

/** Host to engine. `close` asks the engine to bring its files in order; the host then kills it. */
export type Request = { id: number } & (
  { kind: 'call'; name: CallName; input: unknown } | { kind: 'picture'; address: PictureAddress } | { kind: 'close' }
);

/** Engine to host: one answer per request, and events whenever they happen. */
export type Answer = { id: number; ok: true; value: unknown } | { id: number; ok: false; error: CallError };
export type Message = Answer | { event: RunEvent };

/** The engine's end of the channel; `parentEnd` gives the one of this process. */
export interface WireEnd {
  post(message: Message): void;
  onMessage(listener: (message: unknown) => void): void;
}

const RequestShape = z.discriminatedUnion('kind', [
  z.object({ id: z.number(), kind: z.literal('call'), name: z.string(), input: z.unknown() }),
  z.object({ id: z.number(), kind: z.literal('picture'), address: PictureAddress }),
  z.object({ id: z.number(), kind: z.literal('close') }),
]);

/**
 * Serves a Service over the wire: dispatches requests, posts answers and events. Never throws;
 * whatever the service throws goes back as a CallError. Messages that are no requests are ignored.
 */
export function serveWire(end: WireEnd, service: Service): void {
  service.listen((event) => end.post({ event }));
  end.onMessage((message) => {
    const request = RequestShape.safeParse(message);
    if (!request.success) return;
    const { id } = request.data;
    dispatch(service, request.data)
      .then((value) => end.post({ id, ok: true, value }))
      // An answer that cannot be sent is an error, too.
      .catch((error: unknown) => end.post({ id, ok: false, error: callErrorOf(error) }));
  });
}

async function dispatch(service: Service, request: z.infer<typeof RequestShape>): Promise<unknown> {
  switch (request.kind) {
    case 'call':
      // The host's end has checked the input; the name picks a method here, so it is checked again.
      return service.call(callNameOf(request.name), request.input as CallIn<CallName>);
    case 'picture':
      return service.picture(request.address);
    case 'close':
      return service.close();
  }
}

/** Any error as the contract's CallError; a UserError keeps its mark. */
export function callErrorOf(error: unknown): CallError {
  return { message: messageOf(error), user: error instanceof UserError };
}

/** @throws UserError when the contract has no such call. */
export function callNameOf(name: unknown): CallName {
  if (typeof name === 'string' && Object.hasOwn(CALLS, name)) return name as CallName;
  throw new UserError(`There is no call named ${JSON.stringify(name)?.slice(0, 80)}.`);
}
