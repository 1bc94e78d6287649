import { inflatedWhole } from '../../images/index.ts';

export interface PdfObject {
  /** As it is written, without the length of what follows. */
  dict: string;
  /** Unpacked; null where there is none. */
  stream: Buffer | null;
}

/** Bytes that a stream unpacks to at most. */
const MOST = 2 ** 30;
const OBJECT = /(\d+) 0 obj\n/y;
const END = /xref\n0 (\d+)\n((?:\d{10} \d{5} [nf] \n)+)trailer\n(<<\n(?:[^>]|>(?!>\nstartxref))*>>)\nstartxref\n(\d+)\n%%EOF\n$/y;
/** Objects begin with 1: under this number stands what is around them, the first line and the trailer that says where a reader begins. */
const AROUND = 0;

/**
 * The objects of a PDF as pdfkit writes it: one after another, then the table of their places, and nothing else. Null for any
 * other PDF, one that something was added to at its end above all, which readers would show instead.
 */
export function objectsOf(bytes: Buffer): Map<number, PdfObject> | null {
  // One character a byte.
  const text = bytes.toString('latin1');
  const header = /^%PDF-1\.\d\n%....\n/s.exec(text);
  if (!header) return null;
  const objects = new Map<number, PdfObject>();
  const places = new Map<number, number>();
  let at = header[0].length;
  for (;;) {
    OBJECT.lastIndex = at;
    const start = OBJECT.exec(text);
    if (!start) break;
    const number = Number(start[1]);
    const body = at + start[0].length;
    const end = text.indexOf('\nendobj\n', body);
    if (end < 0 || objects.has(number)) return null;
    const packed = text.slice(body, end).indexOf('\nstream\n');
    places.set(number, at);
    if (packed < 0) {
      objects.set(number, { dict: text.slice(body, end), stream: null });
      at = end + 8;
      continue;
    }
    const dict = text.slice(body, body + packed);
    const length = Number(/\/Length (\d+)/.exec(dict)?.[1] ?? NaN);
    const from = body + packed + 8;
    if (!text.startsWith('\nendstream\nendobj\n', from + length)) return null;
    const data = bytes.subarray(from, from + length);
    const stream = dict.includes('/Filter /FlateDecode') ? inflatedWhole(data, MOST) : data;
    if (stream === null) return null;
    objects.set(number, { dict: dict.replace(/\/Length \d+/, '/Length'), stream });
    at = from + length + 18;
  }
  END.lastIndex = at;
  const tail = END.exec(text);
  if (!tail || Number(tail[4]) !== at || objects.has(AROUND)) return null;
  const entries = tail[2]!.split('\n').slice(0, -1);
  const right = [...places].every(([number, place]) => entries[number] === `${String(place).padStart(10, '0')} 00000 n `);
  if (!right || entries.filter((entry) => entry.endsWith('n ')).length !== places.size) return null;
  return objects.set(AROUND, { dict: `${header[0]}${tail[3]!}`, stream: null });
}
