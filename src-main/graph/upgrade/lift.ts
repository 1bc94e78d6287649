import { clone } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import type { NodeProto } from 'onnx-buf';
import { UserError } from '../../../shared/errors.ts';
import { attribute } from '../attributes.ts';
import type { AttributeValue } from '../attributes.ts';
import type { GraphBuilder } from '../builder.ts';
import { nodeLabel, operatorName } from '../ir.ts';
import type { ValueFacts } from '../ir.ts';

/** Rewrites one node of an older operator set into the form of opset 18. */
export interface Lifter {
  /** Version that brought the new form; nodes written in it or a later one are kept. */
  since: number;
  lift: (lift: Lift) => void;
}
export type Lifters = Record<string, Lifter>;

/** One node on its way to opset 18: what it was, and the pen that writes what it becomes. */
export class Lift {
  readonly node: NodeProto;
  /** Operator set version that the node is written in. */
  readonly version: number;
  readonly builder: GraphBuilder;
  private readonly facts: ReadonlyMap<string, ValueFacts>;

  constructor(node: NodeProto, version: number, builder: GraphBuilder, facts: ReadonlyMap<string, ValueFacts>) {
    this.node = node;
    this.version = version;
    this.builder = builder;
    this.facts = facts;
  }

  x(i: number): string {
    return this.node.input[i] ?? '';
  }
  /** Whether output i is there at all. */
  has(i: number): boolean {
    return (this.node.output[i] ?? '') !== '';
  }
  dims(value: string): number[] {
    return this.known(value).dims;
  }
  type(value: string): number {
    return this.known(value).type;
  }
  /** Content of input i, which must be constant. */
  data(i: number): number[] {
    return this.content(this.x(i)) ?? this.refuse(`input ${i} is not constant`);
  }
  /** Content of a small constant; null for any other value. */
  content(value: string): number[] | null {
    const { data } = this.known(value);
    return data ? Array.from(data) : null;
  }
  private known(value: string): ValueFacts {
    const facts = this.facts.get(value);
    if (!facts) return this.refuse('the shape of what it reads is not known');
    return facts;
  }

  /** The node as it is. */
  keep(): void {
    this.builder.append(this.node);
  }
  /** The node with other inputs, fewer attributes and new ones; its outputs keep their names. */
  rewrite(change: { inputs?: string[]; drop?: string[]; set?: Record<string, AttributeValue>; outputs?: number; op?: string }): void {
    const node = clone(NodeProtoSchema, this.node);
    if (change.op) node.opType = change.op;
    if (change.inputs) node.input = change.inputs;
    if (change.outputs !== undefined) node.output = node.output.slice(0, change.outputs);
    const gone = new Set([...(change.drop ?? []), ...Object.keys(change.set ?? {})]);
    node.attribute = node.attribute.filter((a) => !gone.has(a.name));
    for (const [name, value] of Object.entries(change.set ?? {})) node.attribute.push(attribute(name, value));
    this.builder.append(node);
  }
  emit(op: string, inputs: string[], attributes: Record<string, AttributeValue> = {}): string {
    return this.builder.node(op, inputs, attributes);
  }
  /** A last node that writes the lifted node's own first output. */
  finish(op: string, inputs: string[], attributes: Record<string, AttributeValue> = {}): void {
    this.builder.node(op, inputs, attributes, { outputs: [this.node.output[0]!] });
  }
  /** A scalar of the element type of a value. */
  scalar(value: number, like: string): string {
    const type = this.type(like);
    if (type === 10 || type === 16) return this.emit('Cast', [this.builder.scalar(value)], { to: type });
    return this.builder.scalar(value, type as 1);
  }

  /** @throws UserError naming operator and node. */
  refuse(reason: string): never {
    throw new UserError(
      `${operatorName(this.node)} at node ${nodeLabel(this.node)} (operator set ${this.version}) cannot be written in operators that have a gradient: ${reason}.`,
    );
  }
}
