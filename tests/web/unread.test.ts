import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../shared/contract.ts';
import type { Counter } from '../../src-main/web/socket.ts';
import { speak } from '../../src-main/web/socket.ts';

/** The end of a connection whose reader lets so many bytes pile up: no test piles up half a gigabyte. */
class Unread extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  ended = false;
  send(text: string): void {
    this.sent.push(text);
  }
  terminate(): void {
    this.ended = true;
    this.readyState = 3;
  }
}

function spoken() {
  const socket = new Unread();
  let [tell, stopped] = [(_: RunEvent): void => undefined, 0];
  const gone: object[] = [];
  const counter = {
    service: {
      listen: (listener: (event: RunEvent) => void) => {
        tell = listener;
        return () => stopped++;
      },
    },
    gone: (window: object) => gone.push(window),
  } as unknown as Counter;
  speak(socket as unknown as WebSocket, counter);
  const event = (): void => tell({ type: 'warning', audit: 'a', message: 'm' });
  return { socket, event, gone, stopped: () => stopped };
}

describe('a window that reads nothing of what it is sent', () => {
  it('is sent more until half a gigabyte waits for it, and is let go then', () => {
    const { socket, event } = spoken();
    for (const waits of [0, 1e6, 512 * 2 ** 20]) {
      socket.bufferedAmount = waits;
      event();
    }
    expect([socket.sent.length, socket.ended]).toEqual([3, false]);
    socket.bufferedAmount = 512 * 2 ** 20 + 1;
    event();
    expect([socket.sent.length, socket.ended]).toEqual([3, true]);
    // Of what happens then it is told nothing.
    socket.bufferedAmount = 0;
    event();
    expect(socket.sent.length).toBe(3);
  });

  it('or that is gone, is listened for no more', () => {
    const { socket, gone, stopped } = spoken();
    expect([gone.length, stopped()]).toEqual([0, 0]);
    socket.emit('close');
    expect([gone, stopped()]).toEqual([[socket], 1]);
  });

  it('has its connection ended by an error of it', () => {
    const { socket } = spoken();
    socket.emit('error', new Error('reset'));
    expect(socket.ended).toBe(true);
  });
});
