import type { WebSocket } from 'ws';
import { z } from 'zod';
import { CALLS, type CallError, type CallIn, type CallName, type CallOut } from '../../shared/contract.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Service } from '../engine/api.ts';

const Request = z.strictObject({ id: z.number().int(), call: z.string(), input: z.unknown() });

/** Passes an answer on before it is sent; the server turns exported files into addresses there. */
export type Answered = <N extends CallName>(name: N, out: CallOut<N>) => CallOut<N>;

/**
 * Speaks the contract over one WebSocket: `{id, call, input}` in, `{id, out}` or `{id, error}` back,
 * `{event}` whenever something happens. Both directions are validated; a message that is no request
 * at all ends the connection.
 */
export function speak(socket: WebSocket, service: Service, answered: Answered): void {
  const stop = service.listen((event) => send({ event }));
  socket.on('close', stop);
  socket.on('error', () => socket.terminate());
  socket.on('message', (data, binary) => {
    const request = binary ? null : parse(String(data));
    if (!request) return socket.close(1008, 'not a request');
    void perform(service, request.call, request.input, answered).then(
      (out) => send({ id: request.id, out }),
      (error: unknown) => send({ id: request.id, error: describe(error) }),
    );
  });

  function send(message: unknown): void {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  }
}

function parse(text: string): z.infer<typeof Request> | null {
  try {
    return Request.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

async function perform(service: Service, call: string, input: unknown, answered: Answered): Promise<unknown> {
  if (!Object.hasOwn(CALLS, call)) throw new Error(`There is no call "${call.slice(0, 40)}".`);
  const name = call as CallName;
  const checked = CALLS[name].in.safeParse(input);
  if (!checked.success) {
    const issue = checked.error.issues[0]!;
    throw new Error(`The call "${name}" got a wrong ${issue.path.join('.') || 'input'}: ${issue.message}.`);
  }
  const out = await service.call(name, checked.data as CallIn<typeof name>);
  return CALLS[name].out.parse(answered(name, out));
}

function describe(error: unknown): CallError {
  const user = error instanceof Error && (error.name === 'UserError' || ('user' in error && error.user === true));
  if (error instanceof z.ZodError) return { message: 'The engine gave an answer that does not fit the contract.', user: false };
  return { message: messageOf(error), user };
}
