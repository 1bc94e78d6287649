import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { frame, FrameReader, MOST_BYTES, MOST_HEAD } from '../../src-main/engine/frames.ts';

const bytesOf = (...messages: object[]): Buffer => Buffer.concat(messages.flatMap((message) => frame(message)));
const readAll = (bytes: Buffer): object[] => new FrameReader().add(bytes);

/** A frame written down by hand: length, head, parts. */
function byHand(head: string | Buffer, parts: Buffer = Buffer.alloc(0)): Buffer {
  const text = Buffer.from(head);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, parts]);
}

describe('a frame', () => {
  it('is a length, a JSON head and the bytes beside it', () => {
    const value = Uint8Array.from([1, 2, 255]);
    expect(bytesOf({ id: 7, ok: true, value })).toEqual(byHand('[{"id":7,"ok":true},{"value":3}]', Buffer.from(value)));
    expect(bytesOf({ id: 8, name: 'ä\u2028' })).toEqual(byHand('[{"id":8,"name":"ä\u2028"},{}]'));
  });

  it('says of undefined and NaN what JSON says', () => {
    expect(readAll(bytesOf({ id: 1, value: undefined, input: { a: undefined, b: NaN, c: [undefined] } }))).toEqual([
      { id: 1, input: { b: null, c: [null] } },
    ]);
  });

  it('does not write bytes deeper inside number by number', () => {
    expect(() => frame({ value: { picture: new Uint8Array(3) } })).toThrow('not as "picture" inside one');
    expect(() => frame({ value: { picture: Buffer.alloc(3) } })).toThrow('not as "picture" inside one');
    expect(() => frame({ value: new Float32Array(3) })).toThrow('not as "value" inside one');
  });

  it('is refused in words when it is longer than any text', () => {
    const megabytes = 'x'.repeat(2 ** 20);
    expect(() => frame({ value: Array<string>(513).fill(megabytes) })).toThrow('A message between the engine and its host is too long');
  });

  it('carries data whose names look like those of the format', () => {
    const message = { value: { $part: 0, value: 3, length: 4 }, lengths: [1] };
    expect(readAll(bytesOf(message))).toEqual([message]);
  });
});

describe('the reader', () => {
  const messages = [
    { id: 1, text: 'é€😀'.repeat(50) },
    { id: 2, value: new Uint8Array(0) },
    { id: 3, value: new Uint8Array(randomBytes(7_000)), other: Uint8Array.of(9) },
    { id: 4 },
  ];

  it('takes frames one byte at a time, all in one piece, and cut anywhere', () => {
    const bytes = bytesOf(...messages);
    expect(readAll(bytes)).toEqual(messages);
    for (const most of [1, 3, 1000]) {
      const reader = new FrameReader();
      const seen: object[] = [];
      for (let at = 0; at < bytes.length;) {
        const next = at + randomInt(1, most + 1);
        seen.push(...reader.add(bytes.subarray(at, next)));
        at = next;
      }
      expect(seen, `pieces of up to ${most}`).toEqual(messages);
    }
  });

  it('gives bytes that are their own, whatever becomes of the chunk', () => {
    const chunk = bytesOf({ id: 1, value: Uint8Array.of(5, 6) });
    const [message] = readAll(chunk) as { value: Uint8Array }[];
    chunk.fill(0);
    expect(message!.value.constructor).toBe(Uint8Array);
    expect([...message!.value]).toEqual([5, 6]);
  });

  it('refuses absurd lengths before the bytes have come', () => {
    const long = Buffer.alloc(4);
    long.writeUInt32LE(MOST_HEAD + 1);
    expect(() => readAll(long)).toThrow('too long');
    expect(() => readAll(Buffer.from([255, 255, 255, 255]))).toThrow('too long');
    expect(() => readAll(byHand(`[{},{"value":${MOST_BYTES + 1}}]`))).toThrow('too large');
    expect(() => readAll(byHand(`[{},{"a":${MOST_BYTES},"b":1}]`))).toThrow('too large');
  });

  it.each([
    '',
    'null',
    '{}',
    '[]',
    '[1,{}]',
    '[{}]',
    '[[],{}]',
    '[{},[]]',
    '[{},{"a":-1}]',
    '[{},{"a":0.5}]',
    '[{},{"a":"1"}]',
    '[{},{"a":1e300}]',
    '[{},{}',
    '\u0000',
  ])('refuses the head %j', (head) => {
    expect(() => readAll(byHand(head))).toThrow(Error);
  });
});
