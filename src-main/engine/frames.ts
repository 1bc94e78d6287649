/*
 * How a host and the engine process write messages into a pipe. They may be two versions of Node, or Electron and Node, so
 * nothing of V8's own is used. A frame is
 *
 *   length of the head (4 bytes, little endian) │ head │ parts, one after the other
 *
 * The head is JSON in UTF-8: the message, and the length of each part by the name of the message's property that it is.
 */

/** Longest head: V8 holds no text that is much longer (2^29 letters). */
export const MOST_HEAD = 500 * 2 ** 20;
/** Most bytes of all parts together: above any picture that is decoded. */
export const MOST_BYTES = 2 ** 30;

type Properties = Record<string, unknown>;

/**
 * A message as chunks to write, in order. What JSON does not know is left out (undefined) or becomes null (NaN), as on the
 * browser's WebSocket; a Uint8Array travels as bytes when it is a property of the message itself.
 * @throws Error for bytes deeper inside, and for a message that no reader would take.
 */
export function frame(message: object): Uint8Array[] {
  const plain: Properties = {};
  const lengths: Record<string, number> = {};
  const parts: Uint8Array[] = [];
  for (const [name, value] of Object.entries(message)) {
    if (value instanceof Uint8Array) {
      lengths[name] = value.byteLength;
      parts.push(value);
    } else plain[name] = value;
  }
  const head = Buffer.from(textOf([plain, lengths]));
  demand(
    head.length,
    parts.reduce((sum, part) => sum + part.byteLength, 0),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return [length, head, ...parts];
}

function textOf(head: object): string {
  try {
    return JSON.stringify(head, withoutBytes);
  } catch (error) {
    // V8 says "Invalid string length".
    throw error instanceof RangeError ? new Error('A message between the engine and its host is too long.') : error;
  }
}

/** JSON would write a number with its index for every byte. */
function withoutBytes(this: unknown, key: string, value: unknown): unknown {
  if (ArrayBuffer.isView((this as Properties)[key]))
    throw new Error(`Bytes travel as a property of a message only, not as "${key}" inside one.`);
  return value;
}

function demand(head: number, bytes: number): void {
  if (!(head <= MOST_HEAD)) throw new Error(`A message between the engine and its host is too long (${head} bytes).`);
  if (!(bytes <= MOST_BYTES)) throw new Error(`A picture between the engine and its host is too large (${bytes} bytes).`);
}

/** Reads frames from chunks that are cut anywhere. What a frame claims to need costs nothing before it has come. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private held = 0;
  /** Bytes that the next step waits for, and the step. */
  private wanted = 4;
  private step: (bytes: Buffer) => void = (bytes) => this.length(bytes);
  private whole: object[] = [];

  /** @returns the messages that are complete now. @throws Error for what is no frame; nothing after it can be read. */
  add(chunk: Buffer): object[] {
    this.chunks.push(chunk);
    this.held += chunk.length;
    while (this.held >= this.wanted) {
      // Joined once for each step, however many chunks a picture comes in.
      const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks, this.held);
      const bytes = all.subarray(0, this.wanted);
      const rest = all.subarray(this.wanted);
      this.chunks = rest.length > 0 ? [rest] : [];
      this.held = rest.length;
      this.step(bytes);
    }
    return this.whole.splice(0);
  }

  private expect(wanted: number, step: (bytes: Buffer) => void): void {
    this.wanted = wanted;
    this.step = step;
  }

  private length(bytes: Buffer): void {
    const head = bytes.readUInt32LE();
    demand(head, 0);
    this.expect(head, (text) => this.head(text));
  }

  private head(text: Buffer): void {
    const [message, lengths] = parse(text);
    const sum = lengths.reduce((total, [, length]) => total + length, 0);
    demand(0, sum);
    this.expect(sum, (bytes) => {
      let at = 0;
      for (const [name, length] of lengths) message[name] = new Uint8Array(bytes.subarray(at, (at += length)));
      this.expect(4, (next) => this.length(next));
      this.whole.push(message);
    });
  }
}

function parse(text: Buffer): [message: Properties, lengths: [string, number][]] {
  let head: unknown;
  try {
    head = JSON.parse(text.toString());
  } catch {
    // Whatever it was, it is no JSON.
  }
  const [message, lengths] = Array.isArray(head) ? (head as unknown[]) : [];
  if (!isRecord(message) || !isRecord(lengths)) throw new Error('What came from the other process is no message.');
  const entries = Object.entries(lengths);
  if (!entries.every((entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && (entry[1] as number) >= 0))
    throw new Error('A message from the other process has parts of no length.');
  return [message, entries];
}

function isRecord(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
