import type { CallIn, CallName, CallOut, PictureAddress, RunEvent } from '../../shared/contract.ts';

/**
 * The engine as a host sees it: the contract's calls, its events, and pictures as PNG bytes.
 * `EngineClient` provides it from the engine process; hosts only pass things on.
 */
export interface Service {
  call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>>;
  listen(listener: (event: RunEvent) => void): () => void;
  picture(address: PictureAddress): Promise<Uint8Array>;
  /** Stops the engine process; a running audit can be resumed later. */
  close(): Promise<void>;
}

/** A running engine process as a message channel, see `spawnEngine`. */
export interface EngineChannel {
  /** @throws Error when the message cannot be sent as it is. */
  post(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, with the exit code or signal and the last lines that it wrote. */
  onExit(listener: (reason: string) => void): void;
  kill(): void;
}

/** Starts an engine process. */
export type EngineFork = () => EngineChannel;
