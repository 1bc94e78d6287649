import { create } from '@bufbuild/protobuf';
import { AttributeProtoSchema, AttributeProto_AttributeType as Kind } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from 'onnx-buf';

const text = new TextDecoder();
const bytes = new TextEncoder();

function find(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((a) => a.name === name);
}

/** Integer attribute, or the default where the node has none. */
export function int(node: NodeProto, name: string, fallback: number): number;
export function int(node: NodeProto, name: string): number | undefined;
export function int(node: NodeProto, name: string, fallback?: number): number | undefined {
  const a = find(node, name);
  return a ? Number(a.i) : fallback;
}

export function float(node: NodeProto, name: string, fallback: number): number {
  const a = find(node, name);
  return a ? a.f : fallback;
}

export function string(node: NodeProto, name: string, fallback: string): string {
  const a = find(node, name);
  return a ? text.decode(a.s) : fallback;
}

export function ints(node: NodeProto, name: string, fallback: number[]): number[];
export function ints(node: NodeProto, name: string): number[] | undefined;
export function ints(node: NodeProto, name: string, fallback?: number[]): number[] | undefined {
  const a = find(node, name);
  return a ? a.ints.map(Number) : fallback;
}

export function floats(node: NodeProto, name: string): number[] | undefined {
  return find(node, name)?.floats;
}

export function strings(node: NodeProto, name: string): string[] | undefined {
  return find(node, name)?.strings.map((s) => text.decode(s));
}

export function tensor(node: NodeProto, name: string): TensorProto | undefined {
  return find(node, name)?.t;
}

/** The body of an If, Loop or Scan. */
export function body(node: NodeProto, name: string): GraphProto | undefined {
  return find(node, name)?.g;
}

export function hasAttribute(node: NodeProto, name: string): boolean {
  return find(node, name) !== undefined;
}

/** A whole number as given in code becomes an INT attribute; wrap a float that may be whole in `asFloat`. */
export type AttributeValue =
  number | string | readonly number[] | { float: number } | { floats: number[] } | { tensor: TensorProto } | readonly string[];

export const asFloat = (value: number): { float: number } => ({ float: value });

/** @throws UserError for what is no whole number: something was computed from shapes that do not fit each other. */
function whole(value: number, name: string): bigint {
  if (!Number.isSafeInteger(value))
    throw new UserError(
      `The shapes of the model's values do not fit its operators (${name} would be ${value}): check that the model runs elsewhere.`,
    );
  return BigInt(value);
}

/** An attribute message from a plain value. Numbers must be whole (INT); for FLOAT use `asFloat`. */
export function attribute(name: string, value: AttributeValue): AttributeProto {
  const a = create(AttributeProtoSchema, { name });
  if (typeof value === 'number') {
    a.type = Kind.INT;
    a.i = whole(value, name);
  } else if (typeof value === 'string') {
    a.type = Kind.STRING;
    a.s = bytes.encode(value);
  } else if (Array.isArray(value)) {
    if (value.length > 0 && typeof value[0] === 'string') {
      a.type = Kind.STRINGS;
      a.strings = (value as string[]).map((s) => bytes.encode(s));
    } else {
      a.type = Kind.INTS;
      a.ints = (value as number[]).map((n) => whole(n, name));
    }
  } else if ('float' in value) {
    a.type = Kind.FLOAT;
    a.f = value.float;
  } else if ('floats' in value) {
    a.type = Kind.FLOATS;
    a.floats = value.floats;
  } else if ('tensor' in value) {
    a.type = Kind.TENSOR;
    a.t = value.tensor;
  }
  return a;
}
