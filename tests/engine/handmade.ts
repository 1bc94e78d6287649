import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads and writes frames with nothing of the program, so that the format itself is checked. */
const BY_HAND = `
import { Socket } from 'node:net';
const host = new Socket({ fd: 3 });
const out = new Socket({ fd: 4 });
let held = Buffer.alloc(0);
host.on('data', (chunk) => {
  held = Buffer.concat([held, chunk]);
  while (held.length >= 4 && held.length >= 4 + held.readUInt32LE()) {
    const end = 4 + held.readUInt32LE();
    const [message] = JSON.parse(held.subarray(4, end));
    held = held.subarray(end);
    hear(message);
  }
});
host.on('end', () => process.exit());
function send(message, parts = {}) {
  const head = Buffer.from(JSON.stringify([message, Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, bytes.length]))]));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  out.write(Buffer.concat([length, head, ...Object.values(parts)]));
}
`;

/**
 * An engine in plain JavaScript that speaks the wire by hand.
 * @param hear what it does with a message m: it may call send(message, parts), and write to the pipe \`out\`
 * @returns its file
 */
export function handmade(folder: string, hear: string): string {
  const file = join(folder, `engine-${Math.random()}.mjs`);
  writeFileSync(file, `${BY_HAND}\nfunction hear(m) {\n${hear}\n}`);
  return file;
}
