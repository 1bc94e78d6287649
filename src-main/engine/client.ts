import { PictureAddress, RunEvent } from '../../shared/contract.ts';
import type { AuditStatus, CallIn, CallName, CallOut } from '../../shared/contract.ts';
import { Crashed, messageOf, UserError } from '../../shared/errors.ts';
import { issueText } from '../../shared/issues.ts';
import type { EngineChannel, EngineFork, Service } from './api.ts';
import { checkInput, checkOutput } from './check.ts';
import { Respawn } from './respawn.ts';
import { callNameOf } from './wire.ts';
import type { Message, Request } from './wire.ts';

/** Milliseconds the engine gets to close its files before it is killed. */
const CLOSE_GRACE = 3000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

type Ask = Request extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never;

/**
 * The engine process as a Service. The process is started by the first call. When it dies, calls
 * under way are rejected, audits under way are told of as crashed, and the next call starts a new
 * one, later and later and only a few times a minute: a machine that cannot hold the engine must
 * not be kept busy by starting it. Finished images are in the journal, so nothing of them is lost.
 */
export class EngineClient implements Service {
  private channel: Promise<EngineChannel> | null = null;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Set<(event: RunEvent) => void>();
  /** Audits that a dying engine takes along, as they were last told of. */
  private readonly running = new Map<string, AuditStatus | null>();
  private nextId = 1;
  private closing: Promise<void> | null = null;
  private readonly fork: EngineFork;
  private readonly respawn: Respawn;

  constructor(fork: EngineFork, respawn: Respawn = new Respawn()) {
    this.fork = fork;
    this.respawn = respawn;
  }

  /**
   * @throws UserError when the input is wrong or the engine says that the user can mend it;
   * Error when the engine failed, broke the contract, died, or cannot be started.
   */
  async call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
    callNameOf(name);
    const checked = checkInput(name, input);
    const output = checkOutput(name, await this.ask({ kind: 'call', name, input: checked }));
    // From here on the audit is lost with the engine, even before its first status comes.
    if (name === 'start') {
      const { audit } = output as CallOut<'start'>;
      this.running.set(audit, this.running.get(audit) ?? null);
    }
    return output;
  }

  /** @returns PNG bytes. @throws like `call`. */
  async picture(address: PictureAddress): Promise<Uint8Array> {
    const checked = PictureAddress.safeParse(address);
    if (!checked.success) throw new UserError(`This is not the address of a picture: ${issueText(checked.error)}.`);
    const bytes = await this.ask({ kind: 'picture', address: checked.data });
    if (!(bytes instanceof Uint8Array)) throw new Error('The engine answered a picture without bytes.');
    return bytes;
  }

  listen(listener: (event: RunEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    this.closing ??= this.stop();
    return this.closing;
  }

  private async stop(): Promise<void> {
    const channel = await this.channel?.catch(() => null);
    if (!channel) return;
    const goodbye = this.post(channel, { kind: 'close' }).catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([goodbye, new Promise((done) => (timer = setTimeout(done, CLOSE_GRACE)))]);
    clearTimeout(timer);
    this.channel = null;
    channel.kill();
    this.rejectAll(new Error('The engine was closed.'));
  }

  private async ask(request: Ask): Promise<unknown> {
    if (this.closing) throw new Error('The engine was closed.');
    this.channel ??= this.start();
    return this.post(await this.channel, request);
  }

  private post(channel: EngineChannel, request: Ask): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      try {
        channel.post({ id, ...request });
      } catch (error) {
        this.pending.delete(id);
        reject(new Error(`The engine could not be reached: ${messageOf(error)}`));
      }
    });
  }

  private async start(): Promise<EngineChannel> {
    try {
      await this.respawn.turn();
      if (this.closing) throw new Error('The engine was closed.');
      const channel = this.fork();
      channel.onMessage((message) => this.receive(message as Message));
      channel.onExit((reason) => this.died(reason));
      return channel;
    } catch (error) {
      this.channel = null;
      throw error;
    }
  }

  private receive(message: Message): void {
    if ('event' in message) {
      this.receiveEvent(message.event);
      return;
    }
    const pending = this.pending.get(message.id);
    if (!pending) return;
    this.pending.delete(message.id);
    this.respawn.healthy();
    if (message.ok) pending.resolve(message.value);
    else pending.reject(message.error.user ? new UserError(message.error.message) : new Error(message.error.message));
  }

  private receiveEvent(message: unknown): void {
    const event = RunEvent.safeParse(message);
    if (!event.success) {
      console.error(`The engine sent a wrong event: ${issueText(event.error)}.`);
      return;
    }
    this.follow(event.data);
    for (const listener of [...this.listeners]) listener(event.data);
  }

  private follow(event: RunEvent): void {
    if (event.type === 'finished' || event.type === 'failed') this.running.delete(event.audit);
    if (event.type !== 'status') return;
    const { audit, state } = event.status;
    if (state === 'preparing' || state === 'running' || state === 'paused') this.running.set(audit, event.status);
    else this.running.delete(audit);
  }

  private died(reason: string): void {
    // During `stop` the exit is wanted; `stop` itself settles what is left.
    if (this.closing) return this.rejectAll(new Error('The engine was closed.'));
    this.channel = null;
    const crash = new Crashed(reason);
    this.respawn.died(crash.reason);
    const lost = [...this.running];
    const message = `The engine stopped unexpectedly (${crash.reason}).`;
    this.rejectAll(new Error(message));
    for (const [audit, status] of lost) {
      if (status) this.receiveEvent({ type: 'status', status: { ...status, state: 'crashed', message: crash.reason, eta: null } });
      this.receiveEvent({ type: 'failed', audit, message: crash.message });
    }
    this.receiveEvent({ type: 'died', message });
  }

  private rejectAll(error: Error): void {
    const open = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of open) reject(error);
  }
}
