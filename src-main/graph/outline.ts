import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { StringStringEntryProtoSchema, TensorProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { openRegular } from '../files/regular.ts';
import { DType } from './ir.ts';

/** Smaller tensors stay in the message: onnxruntime reads them without opening the file, and needs them while it infers shapes. */
const INLINE_BYTES = 1024;
/** Read at a time where fields follow each other closely. */
const WINDOW = 65536;
/** Protobuf's own limit; bigger models keep their weights in external data. */
const MOST_BYTES = 2 ** 31 - 1;
/** Longest key and length of a field. */
const HEAD = 20;

/** Field numbers of onnx.proto on the way to a tensor's bytes, by the message they are in. */
const MODEL: Ways = { 7: 'graph' };
const GRAPH: Ways = { 1: 'node', 5: 'tensor' };
const NODE: Ways = { 5: 'attribute' };
const ATTRIBUTE: Ways = { 5: 'tensor' };
const WAYS: Record<string, Ways> = { model: MODEL, graph: GRAPH, node: NODE, attribute: ATTRIBUTE };
type Ways = Partial<Record<number, string>>;
const OP_TYPE = 4;
const [DATA_TYPE, RAW_DATA, EXTERNAL_DATA] = [2, 9, 13];
/** float_data and double_data, packed: in the file these are the bytes that raw_data would be. */
const TYPED: Partial<Record<number, number>> = { [DType.float32]: 4, [DType.float64]: 10 };

interface Field {
  number: number;
  wire: WireType;
  /** Where the field begins, where its content does, and where it ends. */
  at: number;
  from: number;
  to: number;
}

/**
 * The message of an .onnx file without its weights: in place of their bytes stands where these lie in the file, as external
 * data of ONNX (location, offset, length). The bytes themselves are passed over, not read. All other fields stay as they are,
 * also those that no version of the schema knows.
 *
 * @param location what the file is called in its own folder
 * @throws UserError for what is no regular file, or larger than ONNX allows; RangeError where the file is cut short or no protobuf message
 */
export function readOutline(path: string, location: string): Uint8Array {
  const file = openRegular(path);
  try {
    const { size } = fstatSync(file);
    if (size > MOST_BYTES)
      throw new UserError(`${location} is larger than 2 GiB, which ONNX does not allow in one file: export it with external data.`);
    return new Outline(file, size, location).read();
  } finally {
    closeSync(file);
  }
}

class Outline {
  private window: Uint8Array = new Uint8Array(0);
  private start = 0;
  private readonly file: number;
  private readonly size: number;
  private readonly location: string;

  constructor(file: number, size: number, location: string) {
    this.file = file;
    this.size = size;
    this.location = location;
  }

  read(): Uint8Array {
    return joined(this.message('model', 0, this.size));
  }

  /** A message with the tensors in it outlined; runs of other fields are taken together. */
  private message(kind: string, start: number, end: number): Uint8Array[] {
    if (kind === 'tensor') return this.tensor(start, end);
    const fields = this.fields(start, end);
    // Of nodes only Constant: loading makes an initializer of it, and onnxruntime wants others' tensors in the message.
    if (kind === 'node' && !fields.some((f) => f.number === OP_TYPE && text(this.bytes(f.from, f.to)) === 'Constant'))
      return [this.bytes(start, end)];
    const parts: Uint8Array[] = [];
    let done = start;
    for (const field of fields) {
      const inner = WAYS[kind]![field.number];
      if (!inner || field.wire !== WireType.LengthDelimited || field.to - field.from < INLINE_BYTES) continue;
      const body = joined(this.message(inner, field.from, field.to));
      parts.push(this.bytes(done, field.at), new BinaryWriter().tag(field.number, field.wire).bytes(body).finish());
      done = field.to;
    }
    return [...parts, this.bytes(done, end)];
  }

  private tensor(start: number, end: number): Uint8Array[] {
    const fields = this.fields(start, end);
    const type = fields.findLast((f) => f.number === DATA_TYPE);
    const typed = type ? TYPED[this.bytes(type.from, type.to)[0]!] : undefined;
    const content = fields.filter(
      (f) => f.wire === WireType.LengthDelimited && (f.number === RAW_DATA || f.number === typed) && f.to > f.from,
    );
    const [field] = content;
    const odd = content.length !== 1 || fields.some((f) => f.number === EXTERNAL_DATA);
    if (!field || odd || field.to - field.from < INLINE_BYTES) return [this.bytes(start, end)];
    const refer = (key: string, value: string) => create(StringStringEntryProtoSchema, { key, value });
    const where = create(TensorProtoSchema, {
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: [refer('location', this.location), refer('offset', String(field.from)), refer('length', String(field.to - field.from))],
    });
    // Encoded messages one after the other are one message with the fields of both.
    return [this.bytes(start, field.at), this.bytes(field.to, end), toBinary(TensorProtoSchema, where)];
  }

  private fields(start: number, end: number): Field[] {
    const fields: Field[] = [];
    for (let at = start; at < end;) {
      const head = new BinaryReader(this.look(at));
      const [number, wire] = head.tag();
      if (wire === WireType.StartGroup || wire === WireType.EndGroup) throw new RangeError('groups are not used in ONNX');
      const before = head.pos;
      const length = wire === WireType.LengthDelimited ? head.uint32() : 0;
      const from = at + (wire === WireType.LengthDelimited ? head.pos : before);
      if (wire !== WireType.LengthDelimited) head.skip(wire);
      const to = wire === WireType.LengthDelimited ? from + length : at + head.pos;
      if (to > end) throw new RangeError('a field reaches over the end of its message');
      fields.push({ number, wire, at, from, to });
      at = to;
    }
    return fields;
  }

  /** The next few bytes: enough for a field's key and length. */
  private look(at: number): Uint8Array {
    if (at < this.start || Math.min(at + HEAD, this.size) > this.start + this.window.length) {
      this.window = this.bytes(at, Math.min(at + WINDOW, this.size));
      this.start = at;
    }
    return this.window.subarray(at - this.start, at - this.start + HEAD);
  }

  private bytes(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(to - from);
    for (let done = 0; done < bytes.length;) {
      const count = readSync(this.file, bytes, done, bytes.length - done, from + done);
      if (count === 0) throw new RangeError('the file ends before its message does');
      done += count;
    }
    return bytes;
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
