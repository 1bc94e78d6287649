import type { CallName, PictureAddress, RunEvent } from '../../shared/contract.ts';
import type { Service } from '../../src-main/engine/api.ts';

/** A service in memory that records what reaches it. */
export class FakeService implements Service {
  asked: { name: CallName; input: unknown }[] = [];
  addresses: PictureAddress[] = [];
  listeners = new Set<(event: RunEvent) => void>();
  answer: (name: CallName, input: unknown) => unknown = () => ({});
  paint: (address: PictureAddress) => Uint8Array = () => Uint8Array.from([137, 80, 78, 71]);

  async call(name: CallName, input: unknown): Promise<never> {
    this.asked.push({ name, input });
    return (await this.answer(name, input)) as never;
  }
  listen(listener: (event: RunEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  async picture(address: PictureAddress): Promise<Uint8Array> {
    this.addresses.push(address);
    return this.paint(address);
  }
  async close(): Promise<void> {}
}
