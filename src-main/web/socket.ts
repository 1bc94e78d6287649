import type { WebSocket } from 'ws';
import { z } from 'zod';
import { CALLS, type CallError, type CallIn, type CallName, type CallOut } from '../../shared/contract.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { issueText } from '../../shared/issues.ts';
import { Uploads, UPLOADS, UploadsRequest } from '../../shared/uploads.ts';
import type { Service } from '../engine/api.ts';
import { callNameOf } from '../engine/wire.ts';

const Request = z.strictObject({ id: z.number().int(), call: z.string(), input: z.unknown() });

/** Calls of one window that may be under way; a window asks for a few at a time. */
const MOST_CALLS = 64;
/** Bytes that may wait for a window to read them; one that lets more pile up reads nothing. */
const MOST_UNREAD = 512 * 2 ** 20;
/** Deeper than any input of a call; what is made of a deeper one would exhaust a stack somewhere. */
const DEEPEST = 32;

/** What a socket speaks for. */
export interface Counter {
  /** Checks what it is given. */
  service: Service;
  /** Passes an answer on before it is sent; the server turns exported files into addresses there. */
  answered<N extends CallName>(name: N, out: CallOut<N>): CallOut<N>;
  /** The one call of this host alone. */
  uploads(window: object, request: z.output<typeof UploadsRequest>): Promise<Uploads>;
  /** A window is gone. */
  gone(window: object): void;
}

/**
 * Speaks the contract over one WebSocket: `{id, call, input}` in, `{id, out}` or `{id, error}` back,
 * `{event}` whenever something happens. Both directions are validated; a message that is no request
 * at all ends the connection.
 */
export function speak(socket: WebSocket, counter: Counter): void {
  let underWay = 0;
  const stop = counter.service.listen((event) => send(JSON.stringify({ event })));
  socket.on('close', () => {
    stop();
    counter.gone(socket);
  });
  socket.on('error', () => socket.terminate());
  socket.on('message', (data, binary) => {
    const request = binary ? null : parse(String(data));
    if (!request) return socket.close(1008, 'not a request');
    const { id } = request;
    underWay++;
    const answer =
      underWay > MOST_CALLS
        ? Promise.reject(new UserError(`${MOST_CALLS} calls are under way already; wait for their answers.`))
        : perform(counter, socket, request.call, request.input);
    void answer
      .then((out) => JSON.stringify({ id, out }))
      .catch((error: unknown) => JSON.stringify({ id, error: describe(error) }))
      .then((text) => {
        underWay--;
        send(text);
      });
  });

  function send(text: string): void {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > MOST_UNREAD) return socket.terminate();
    socket.send(text);
  }
}

function parse(text: string): z.infer<typeof Request> | null {
  try {
    return Request.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function isShallow(value: unknown, levels: number): boolean {
  return typeof value !== 'object' || value === null || (levels > 0 && Object.values(value).every((one) => isShallow(one, levels - 1)));
}

async function perform(counter: Counter, window: object, call: string, input: unknown): Promise<unknown> {
  if (!isShallow(input, DEEPEST)) throw new UserError(`What the call was given is nested deeper than ${DEEPEST} levels.`);
  if (call === UPLOADS) {
    const request = UploadsRequest.safeParse(input);
    if (!request.success) throw new UserError(`The call "${call}" was given something wrong: ${issueText(request.error)}.`);
    return Uploads.parse(await counter.uploads(window, request.data));
  }
  const name = callNameOf(call);
  const out = await counter.service.call(name, input as CallIn<typeof name>);
  return CALLS[name].out.parse(counter.answered(name, out));
}

function describe(error: unknown): CallError {
  const user = error instanceof Error && (error.name === 'UserError' || ('user' in error && error.user === true));
  if (error instanceof z.ZodError) return { message: 'The engine gave an answer that does not fit the contract.', user: false };
  return { message: messageOf(error), user };
}
